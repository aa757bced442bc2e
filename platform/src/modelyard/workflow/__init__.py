"""Workflows: named steps that may be run again at any time, and the graph that schedulers are rendered from."""
