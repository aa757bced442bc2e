"""A new model from a table that nobody has modelled yet: proposed from the data, written from a template, upgraded."""
