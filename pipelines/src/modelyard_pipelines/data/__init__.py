"""The data workflow: source → gates → RAW → CLEAN → CURATED."""
