"""Pulumi's entry: the stack's name is the environment's."""

from modelyard_infra.program import provision

provision()
