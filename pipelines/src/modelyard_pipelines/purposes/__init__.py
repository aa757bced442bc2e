"""What CURATED holds: one folder per purpose, each a join of CLEAN tables."""
