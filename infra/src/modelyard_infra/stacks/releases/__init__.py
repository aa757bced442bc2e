"""Releases without a commit: what a folder of them says, and what becomes of what was released before."""
