"""Flights with the weather at their origin and the age of their aircraft."""
