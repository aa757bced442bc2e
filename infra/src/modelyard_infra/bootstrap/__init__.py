"""The little that must exist before Pulumi can provision an environment in Azure: its state, its key, its identity."""

from modelyard_infra.bootstrap.state import StateHome, state_home

__all__ = ["StateHome", "state_home"]
