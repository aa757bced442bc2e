"""The nouns of the command line that run pipelines."""
