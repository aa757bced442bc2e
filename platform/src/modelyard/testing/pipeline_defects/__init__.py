"""A small correct pipeline, and the mistakes that people make in one: lint must find each and nothing else."""
