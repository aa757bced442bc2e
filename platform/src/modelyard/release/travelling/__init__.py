"""Releases that travel: built once in a folder, signed, and taken into every environment as they are."""
