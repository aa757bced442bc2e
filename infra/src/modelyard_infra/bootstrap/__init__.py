"""The little that must exist before Pulumi can provision an environment in Azure: its state, its key, its identity."""
