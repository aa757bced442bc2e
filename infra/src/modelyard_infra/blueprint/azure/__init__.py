"""Draws an environment in Azure: every name, size, role, address and firewall is decided here, without Pulumi."""
