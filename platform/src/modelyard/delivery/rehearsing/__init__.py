"""A pipeline runs on this machine, in a clean checkout."""
