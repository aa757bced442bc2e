"""What runs, in which order, how often and with which variables."""
