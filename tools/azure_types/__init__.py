"""Makes the catalogue's tables of Azure resource types."""
