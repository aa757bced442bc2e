"""From a bundle on disk to a model in memory: every check in order, and nothing that failed one."""
