"""The page that a person decides from: drawn as text, so that it needs nothing from outside and reads well aloud."""
