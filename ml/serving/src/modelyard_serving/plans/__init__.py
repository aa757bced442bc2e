"""Fitted pipelines compiled into fast predictors, and the proof that both say the same."""
