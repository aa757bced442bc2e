"""One request to a service over HTTP: where, by whom, how often, and what a no means."""
