"""Fakes and faults for tests, shipped because every room needs them. Nothing in the product imports them."""
