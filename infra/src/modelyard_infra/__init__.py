"""Modelyard's infrastructure: an environment becomes a blueprint, and a renderer makes the blueprint exist."""
