"""Pulumi's engine: where stacks live, what the CLI must know, and how a program of ours is run on them."""
