"""What the API test suite tries, one module a topic."""
