"""The aircraft, as a snapshot."""
