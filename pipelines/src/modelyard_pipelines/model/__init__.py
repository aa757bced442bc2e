"""The model workflow: train, stage, compare, promote."""
