"""From the values of a request to what a model takes, by a decoder compiled from its signature."""
