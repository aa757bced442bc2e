"""Customers of a telephone company: what they have booked, what they pay, and whether they left."""
