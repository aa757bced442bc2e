"""What Azure DevOps should have before a pipeline can run: looked for, compared, made."""
