"""Azure Pipelines' expression language: `${{ }}`, `$[ ]` and conditions."""
