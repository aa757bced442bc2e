"""A local rollout as the lines of an environment in Azure, where the same is done by weights of revisions."""

from __future__ import annotations

from modelyard.errors import ReleaseRefusedError
from modelyard_bundle.pointer import Pointer

_WHOLE_PERCENT = 1.0


def environment_lines(pointer: Pointer, *, revision: str) -> str:
    """What stands at `azure.container_apps.models.<model>.rollout` for the rollout in `pointer`.

    Args:
        pointer: What is deployed here, with or without a rollout.
        revision: The revision of the deployed version in Azure, as Container Apps names it after the app.

    Raises:
        ReleaseRefusedError: Container Apps cannot do it.
    """
    rollout = pointer.rollout
    if rollout is None:
        return "rollout: null"
    if rollout.key is not None:
        raise ReleaseRefusedError(
            f"callers cannot be assigned by the {rollout.key.source} {rollout.key.name!r} in Azure: the ingress of "
            "Container Apps splits by weight only",
            hint=f"a canary or a shadow can be carried over: modelyard release canary {pointer.model}",
        )
    percent = rollout.percent if rollout.mode != "shadow" else 0.0
    if percent % _WHOLE_PERCENT:
        raise ReleaseRefusedError(
            f"{percent:g}% cannot be carried over to Azure: the ingress of Container Apps takes whole percents",
            hint=f"modelyard release {rollout.mode} {pointer.model} --percent {max(1, round(percent))}",
        )
    return (
        "rollout:\n"
        f"  mode: {rollout.mode}\n"
        f"  percent: {percent:.0f}\n"
        f"  beside: {{version: {pointer.version}, revision: {revision}}}"
    )
