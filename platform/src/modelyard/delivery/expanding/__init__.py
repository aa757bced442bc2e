"""Templates become one pipeline, as the service would expand them."""
