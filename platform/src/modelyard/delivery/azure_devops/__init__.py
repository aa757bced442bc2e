"""Azure DevOps over REST: what it needs before a pipeline can run, and what pipelines tell it."""
