"""One agent: its folders and sources, its processes, what steps tell it, and what it keeps from them."""
