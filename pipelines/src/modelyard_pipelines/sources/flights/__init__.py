"""Departures from New York City, one file per month."""
