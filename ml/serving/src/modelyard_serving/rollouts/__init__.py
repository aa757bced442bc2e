"""Rollouts: which version answers, what is counted, and when a candidate is taken back. Pure, but for one file."""
