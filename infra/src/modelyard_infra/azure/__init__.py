"""The Pulumi renderer of environments in Azure: it registers what the blueprint declares, and decides nothing."""
