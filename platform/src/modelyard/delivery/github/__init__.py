"""The same pipelines for GitHub Actions: workflows are written from the typed pipelines, so that they cannot differ."""
