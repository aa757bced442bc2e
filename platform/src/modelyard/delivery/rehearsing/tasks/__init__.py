"""What tasks of the marketplace do on this machine. A task without a part here is named as skipped."""
