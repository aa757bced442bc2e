"""Tells people what happened: an outbox file that keeps everything, and Teams."""
