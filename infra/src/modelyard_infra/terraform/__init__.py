"""Says a blueprint in Terraform's words: JSON for the azurerm provider, written by CDK Terrain's core."""
