"""A first contract for a source that nobody has described yet, drafted from a sample for a person to review."""
