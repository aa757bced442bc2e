"""Where data comes from: one folder per source, with its contract, its landing and its cleaning."""
