"""Versions of models and their stages, and the ledger that remembers every promotion."""
