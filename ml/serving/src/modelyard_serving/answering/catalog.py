"""What is served now, and what was refused. Replacing a model is one assignment, so a request sees one version."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from modelyard_bundle.rollout import Rollout
from modelyard_serving.loading.served import ServedModel
from modelyard_serving.observing.counters import Area
from modelyard_serving.refusals import RequestRefusedError

NO_MODEL = "not ready, no production model"


@dataclass(frozen=True, slots=True, kw_only=True)
class Refusal:
    """A bundle that did not pass the gate."""

    version: str | None
    """The version that the pointer names; none where the pointer itself is broken."""
    digest: str | None
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Beside:
    """A version that is tried beside the one that is deployed."""

    candidate: ServedModel
    rollout: Rollout

    @property
    def counts(self) -> Area:
        """Where its workers count."""
        return ("rollout", self.rollout.id)

    @property
    def weight(self) -> Area:
        """Where its workers read the share that it has now."""
        return ("weight", self.rollout.id)


class Catalog:
    """The models of this process by name."""

    def __init__(self) -> None:
        self._served: dict[str, ServedModel] = {}
        self._beside: dict[str, Beside] = {}
        self._refused: dict[str, Refusal] = {}
        self._loading: str | None = None
        self.draining = False
        """The process was told to stop."""
        self.stamp = 0
        """Changes whenever anything else does."""

    @property
    def served(self) -> dict[str, ServedModel]:
        """The served models by name. Never changed in place: a change makes a new one."""
        return self._served

    @property
    def tried(self) -> dict[str, Beside]:
        """The versions that are tried, by name. Never changed in place either."""
        return self._beside

    @property
    def versions(self) -> list[ServedModel]:
        """All versions in memory."""
        return [*self._served.values(), *(beside.candidate for beside in self._beside.values())]

    def load(self, name: str, version: str) -> None:
        """Say that a version is on its way."""
        self.stamp += 1
        self._loading = f"{name} {version}"

    def serve(self, model: ServedModel) -> None:
        """Answer with this version from now on; requests under way finish on theirs."""
        self.stamp += 1
        self._served = dict(sorted({**self._served, model.name: model}.items()))
        self._refused.pop(model.name, None)
        self._loading = None

    def try_out(self, name: str, beside: Beside | None) -> None:
        """Try a version beside the served one; with nothing, try none any more."""
        found = {key: other for key, other in self._beside.items() if key != name}
        found |= {} if beside is None else {name: beside}
        if found != self._beside:
            self.stamp += 1
            self._beside = found

    def keep(self, name: str) -> None:
        """The served version is the deployed one again; a refusal of another is over."""
        self.stamp += 1
        self._refused.pop(name, None)

    def refuse(self, name: str, refusal: Refusal) -> None:
        """Remember why a bundle is not served. An older version goes on."""
        self.stamp += 1
        self._refused[name] = refusal
        self._loading = None

    def remove(self, name: str) -> None:
        """Serve this model no more."""
        self.stamp += 1
        self._served = {key: model for key, model in self._served.items() if key != name}
        self.try_out(name, None)
        self._refused.pop(name, None)

    def condition(self) -> dict[str, Any]:
        """What is not a model: the refusals, and what is on its way."""
        return {"refused": {name: asdict(refusal) for name, refusal in self._refused.items()}, "loading": self._loading}

    def learn(self, condition: Mapping[str, Any]) -> None:
        """Take over another catalog's `condition`."""
        self._refused = {name: Refusal(**refusal) for name, refusal in condition["refused"].items()}
        self._loading = condition["loading"]

    def refused(self) -> list[str]:
        """The models whose newest bundle was refused."""
        return sorted(self._refused)

    def refusal(self, name: str) -> Refusal | None:
        """Why the newest bundle of a model is not served, if it is not."""
        return self._refused.get(name)

    def readiness(self) -> str | None:
        """Why this process is not ready; nothing when it is."""
        if self.draining:
            return "not ready, stopping"
        if self._served:
            return None
        if self._loading is not None:
            return f"not ready, loading {self._loading}"
        if self._refused:
            reasons = "; ".join(f"{name}: {refusal.reason}" for name, refusal in sorted(self._refused.items()))
            return f"not ready, no model passed the checks: {reasons}"
        return NO_MODEL

    def find(self, name: str, version: str | None = None) -> ServedModel:
        """The served version of a model, or the version that is asked for.

        Raises:
            RequestRefusedError: No such model or version (404), or its only bundle was refused (503).
        """
        if (model := self._served.get(name)) is not None:
            return model if version is None or version == model.version else self._other(model, version)
        if (refusal := self._refused.get(name)) is not None:
            version = f"{refusal.version} ({(refusal.digest or '')[:12]})"
            message = f"model {name} is deployed as version {version} but was refused: {refusal.reason}"
            raise RequestRefusedError("model_not_ready", message, status=503, headers={"retry-after": "5"})
        known = ", ".join(self._served) or "none"
        raise RequestRefusedError("unknown_model", f"no model {name[:60]!r} is served; served: {known}", status=404)

    def _other(self, model: ServedModel, version: str) -> ServedModel:
        beside = self._beside.get(model.name)
        if beside is not None and beside.candidate.version == version:
            return beside.candidate
        served = model.version if beside is None else f"{model.version} and {beside.candidate.version}"
        message = f"version {version[:40]} is not served; served is {served}"
        raise RequestRefusedError("unknown_version", message, status=404)

    def only(self) -> ServedModel:
        """The model that a request without a name means.

        Raises:
            RequestRefusedError: There is none (503), or more than one (400).
        """
        if len(self._served) == 1:
            return next(iter(self._served.values()))
        if not self._served:
            reason = self.readiness() or NO_MODEL
            raise RequestRefusedError("not_ready", reason, status=503, headers={"retry-after": "5"})
        paths = ", ".join(f"/models/{name}/invocations" for name in self._served)
        raise RequestRefusedError("ambiguous_model", f"several models are served; ask one of {paths}")
