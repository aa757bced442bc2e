"""checkov's opinion of an environment, over both of its renderings, and why we differ where we differ."""
