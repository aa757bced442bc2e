"""Training: from a model's declaration and a CURATED table to a registered version."""
