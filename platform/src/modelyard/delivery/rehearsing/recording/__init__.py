"""What is kept of a rehearsal, and how people read it."""
