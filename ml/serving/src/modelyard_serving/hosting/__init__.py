"""The process: it listens, follows the deployment pointers, and stops without losing an accepted request."""
