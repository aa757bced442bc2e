"""The carriers, as a snapshot."""
