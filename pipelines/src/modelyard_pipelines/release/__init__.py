"""The release workflow: production version → bundle → rehearsal → live."""
