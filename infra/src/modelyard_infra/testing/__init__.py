"""Stand-ins for tests of the local renderer: light services, and a blueprint that uses them."""
