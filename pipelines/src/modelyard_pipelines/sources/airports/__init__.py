"""The airports, as a snapshot."""
