"""Metrics, comparison and the decisions that rest on them. It knows labels and scores, and nothing of models."""
