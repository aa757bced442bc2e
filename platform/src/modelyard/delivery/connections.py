"""Which service connection a step signs in with."""

from __future__ import annotations

from modelyard.delivery.pipeline import Step

INPUTS = ("azureSubscription", "connectedServiceName", "connectedServiceNameARM", "azureResourceManagerConnection")
"""What tasks call the input that names one, in any case."""


def connection_of(step: Step) -> str:
    """The service connection of a task; empty without one."""
    lowered = {key.lower(): str(value) for key, value in step.inputs.items()}
    return next((lowered[name.lower()] for name in INPUTS if lowered.get(name.lower())), "")
