"""How a rollout goes: the pointer, the model API's verdict on it, and what the live API has counted."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from modelyard.errors import ModelApiUnreachableError
from modelyard.release.calling import ModelApi
from modelyard.release.credential import Credential
from modelyard_bundle import BundleError, read_pointer
from modelyard_bundle.rollout import Rollout
from modelyard_bundle.rollout_state import RolloutState, read_rollout_state

Progress = Literal["none", "waiting", "running", "passed", "returned"]


@dataclass(frozen=True, slots=True, kw_only=True)
class RolloutStatus:
    """What is tried of one model."""

    model: str
    beside: str | None
    """The version that is deployed; none if nothing is."""
    rollout: Rollout | None
    state: Progress
    """none: nothing is tried. waiting: the model API has not taken it up. Then as the model API says."""
    reason: str
    since: str | None
    """When this state began."""
    reachable: bool
    """Whether the live API answered. If not, the state is the one that it wrote down last."""
    weight: float | None
    """The candidate's share at this moment, 0 to 1; none where the live API does not say."""
    result: dict[str, Any] | None
    """What the live API has counted: both sides of a canary or an A/B test, or how a shadow differs."""

    def to_document(self) -> dict[str, Any]:
        """The status as JSON values."""
        return {
            "model": self.model,
            "beside": self.beside,
            "id": self.rollout.id if self.rollout else None,
            "rollout": self.rollout.to_document() if self.rollout else None,
            "state": self.state,
            "reason": self.reason,
            "since": self.since,
            "reachable": self.reachable,
            "weight": self.weight,
            "result": self.result,
        }


def read_rollout(model: str, *, deployments: Path, live: str, credential: Credential | None = None) -> RolloutStatus:
    """How the rollout of `model` goes.

    Args:
        model: The model.
        deployments: The folder of deployment pointers.
        live: Address of the live model API.
        credential: What lets the caller in there; none where everybody may ask.

    Raises:
        BundleError: The deployment pointer cannot be read.
    """
    pointer = read_pointer(deployments, model)
    if pointer is None or pointer.rollout is None:
        reason = "nothing is deployed" if pointer is None else f"version {pointer.version} answers everything"
        return _status(model, pointer.version if pointer else None, None, {"state": "none", "reason": reason})
    said, reachable = _asked(model, ModelApi(live, credential=credential))
    if said.get("id") != pointer.rollout.id:
        said = _written(deployments, model, pointer.rollout)
    return _status(model, pointer.version, pointer.rollout, said, reachable=reachable)


def state_of(deployments: Path, model: str, rollout: Rollout) -> RolloutState | None:
    """What the model API wrote down about this very rollout; none if it wrote nothing, or nothing that can be read."""
    try:
        found = read_rollout_state(deployments, model)
    except BundleError:
        return None
    return found if found is not None and found.rollout == rollout.id else None


def _asked(model: str, live: ModelApi) -> tuple[dict[str, Any], bool]:
    try:
        document = live.get(f"/v2/models/{model}").json() or {}
    except ModelApiUnreachableError:
        return {}, False
    return document.get("parameters", {}).get("rollout") or {}, True


def _written(deployments: Path, model: str, rollout: Rollout) -> dict[str, Any]:
    state = state_of(deployments, model, rollout)
    if state is None:
        return {"state": "waiting", "reason": "the model API has not taken it up"}
    return {"state": state.state, "reason": state.reason, "at": state.at}


def _status(
    model: str, beside: str | None, rollout: Rollout | None, said: dict[str, Any], *, reachable: bool = True
) -> RolloutStatus:
    return RolloutStatus(
        model=model,
        beside=beside,
        rollout=rollout,
        state=said["state"],
        reason=str(said["reason"]),
        since=said.get("at"),
        reachable=reachable,
        weight=said.get("weight"),
        result=said.get("result"),
    )
