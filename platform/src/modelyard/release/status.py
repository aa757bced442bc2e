"""What is deployed, and what is served: the pointer against the live model API."""

from __future__ import annotations

from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any, Literal

from modelyard.errors import ModelApiUnreachableError
from modelyard.release.calling import ModelApi
from modelyard.release.credential import Credential
from modelyard.release.journal import Journal
from modelyard_bundle import BundleError, Pointer, read_pointer

State = Literal["served", "not deployed", "differs", "refused", "unconfirmed", "unreachable", "broken pointer"]


@dataclass(frozen=True, slots=True, kw_only=True)
class ReleaseStatus:
    """One model, as deployed and as served."""

    model: str
    state: State
    """served: the live API answers with what is deployed."""
    deployed_version: str | None
    deployed_digest: str | None
    served_version: str | None
    served_digest: str | None
    detail: str
    rollout: str | None = None
    """What is tried beside the deployed version, in a few words."""

    def to_document(self) -> dict[str, Any]:
        """The status as JSON values."""
        return asdict(self)


@dataclass(frozen=True, slots=True)
class _Served:
    version: str | None
    digest: str | None
    detail: str
    reachable: bool = True
    refused: str | None = None
    """The digest of a bundle that the live API refused."""


def read_status(model: str, *, deployments: Path, live: str, credential: Credential | None = None) -> ReleaseStatus:
    """What is deployed of `model`, and whether the live API serves it.

    Args:
        model: The model.
        deployments: The folder of deployment pointers.
        live: Address of the live model API.
        credential: What lets the caller in there; none where everybody may ask.
    """
    served = _served(model, ModelApi(live, credential=credential))
    try:
        pointer = read_pointer(deployments, model)
    except BundleError as error:
        return _status(model, "broken pointer", (None, None), served, detail=str(error))
    if pointer is None:
        return _status(model, "not deployed", (None, None), served, detail=f"no version of {model} is deployed")
    found = _compared(pointer, served, deployments)
    return found if pointer.rollout is None else replace(found, rollout=pointer.rollout.title)


def _compared(pointer: Pointer, served: _Served, deployments: Path) -> ReleaseStatus:
    model, deployed = pointer.model, (pointer.version, pointer.digest)
    if not served.reachable or served.refused == pointer.digest:
        return _status(model, "refused" if served.reachable else "unreachable", deployed, served)
    if (served.version, served.digest) != deployed:
        return _status(model, "differs", deployed, served, detail=served.detail or "another version is served")
    if Journal(deployments, model).is_open():
        what, again = ("deployment", "deploy") if pointer.rollout is None else ("rollout", "begin it")
        detail = f"a {what} was interrupted before it was confirmed; {again} again"
        return _status(model, "unconfirmed", deployed, served, detail=detail)
    return _status(model, "served", deployed, served)


def _status(
    model: str, state: State, deployed: tuple[str | None, str | None], served: _Served, *, detail: str = ""
) -> ReleaseStatus:
    return ReleaseStatus(
        model=model,
        state=state,
        deployed_version=deployed[0],
        deployed_digest=deployed[1],
        served_version=served.version,
        served_digest=served.digest,
        detail=detail or served.detail,
    )


def _served(model: str, live: ModelApi) -> _Served:
    try:
        answer = live.get(f"/v2/models/{model}")
    except ModelApiUnreachableError as error:
        return _Served(None, None, error.message, reachable=False)
    document = answer.json() or {}
    if answer.status != 200:  # noqa: PLR2004 - OK
        return _Served(None, None, f"status {answer.status}" if answer.fault is None else answer.fault.message)
    refused = document.get("parameters", {}).get("refused") or {}
    return _Served(
        answer.headers.get("x-model-version"),
        answer.headers.get("x-model-digest"),
        str(refused.get("reason", "")),
        refused=refused.get("digest"),
    )
