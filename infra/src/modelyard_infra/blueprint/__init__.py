"""Blueprints: every decision about an environment, made once, before anything exists. Pure: no Pulumi, no I/O."""
