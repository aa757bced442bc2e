"""What is wrong with a pipeline, found before it runs."""
