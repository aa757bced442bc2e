"""What the model API says about itself: metrics and the log."""
