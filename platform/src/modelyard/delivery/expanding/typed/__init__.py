"""The typed pipeline out of its final YAML: every key known, every name in place."""
