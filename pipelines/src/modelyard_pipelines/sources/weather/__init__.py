"""Hourly weather at New York City's airports, one file per month."""
