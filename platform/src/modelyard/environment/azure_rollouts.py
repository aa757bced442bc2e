"""A rollout in Azure: the same three modes as on one machine, as far as revisions of Container Apps can do them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal

from pydantic import Field, model_validator

from modelyard.environment.settings import Problem, Section, refuse

WHOLE_TRAFFIC = 100


class Beside(Section):
    """The version that goes on answering what the newest does not."""

    version: int = Field(ge=1)
    """Version of the model in the registry."""
    revision: str = Field(pattern=r"^v\d+-[0-9a-f]{8}$")
    """Its revision, as Container Apps names it after the app: v1-3fa9c2d1."""


class RevisionRollout(Section):
    """The newest version is tried beside an older one. Container Apps only weighs: taking back is an edit here."""

    mode: Literal["canary", "shadow", "ab"]
    """canary, ab: the newest version answers its share. shadow: it answers nothing, and is reached by its label."""
    percent: int = Field(ge=0, lt=WHOLE_TRAFFIC)
    """Share of the requests that the newest version answers, in whole percents; 0 for a shadow."""
    beside: Beside
    """The version that answers the rest."""
    key: str | None = None
    """Not in Azure: the ingress of Container Apps cannot assign callers."""

    @model_validator(mode="after")
    def _is_possible(self) -> RevisionRollout:
        refuse(_problems(self))
        return self


def rollout_problems(version: int, rollout: RevisionRollout | None) -> Iterator[Problem]:
    """What does not fit between a released model's newest version and its rollout."""
    if rollout is None:
        return
    beside = rollout.beside
    if beside.version == version:
        yield Problem("rollout.beside.version", str(beside.version), f"another version than the newest, {version}")


def _problems(rollout: RevisionRollout) -> Iterator[Problem]:
    if rollout.mode == "shadow" and rollout.percent:
        yield Problem("percent", str(rollout.percent), "0 for a shadow: it answers nothing")
    if rollout.mode != "shadow" and not rollout.percent:
        yield Problem("percent", "0", f"1 to {WHOLE_TRAFFIC - 1}; or mode: shadow, which answers nothing")
    if rollout.key is not None:
        allowed = (
            "nothing: the ingress of Container Apps splits by weight only, each request anew (sticky sessions need "
            "single revision mode); A/B by caller runs where the model API's own host assigns, in the environment local"
        )
        yield Problem("key", rollout.key, allowed)
    if not rollout.beside.revision.startswith(f"v{rollout.beside.version}-"):
        yield Problem("beside.revision", rollout.beside.revision, f"a revision of version {rollout.beside.version}")
