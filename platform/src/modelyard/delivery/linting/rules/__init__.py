"""The rules, by what they are about. Each module names its own in RULES."""
