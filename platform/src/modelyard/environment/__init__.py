"""Environments: what a person writes in environments/*.yaml, and what a stack gives back as connections."""

from modelyard.environment.loading import environment_names, load_environment
from modelyard.environment.models import Environment
from modelyard.environment.workspace import Workspace

__all__ = ["Environment", "Workspace", "environment_names", "load_environment"]
