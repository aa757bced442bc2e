"""What is served now, and what was refused. Replacing a model is one assignment, so a request sees one version."""

from __future__ import annotations

from dataclasses import dataclass

from modelyard_serving.loading.served import ServedModel
from modelyard_serving.refusals import RequestRefusedError

NO_MODEL = "not ready, no production model"


@dataclass(frozen=True, slots=True, kw_only=True)
class Refusal:
    """A bundle that did not pass the gate."""

    version: str | None
    """The version that the pointer names; none where the pointer itself is broken."""
    digest: str | None
    reason: str


class Catalog:
    """The models of this process by name."""

    def __init__(self) -> None:
        self._served: dict[str, ServedModel] = {}
        self._refused: dict[str, Refusal] = {}
        self._loading: str | None = None
        self.draining = False
        """The process was told to stop."""

    @property
    def served(self) -> dict[str, ServedModel]:
        """The served models by name. Never changed in place: a change makes a new one."""
        return self._served

    def load(self, name: str, version: str) -> None:
        """Say that a version is on its way."""
        self._loading = f"{name} {version}"

    def serve(self, model: ServedModel) -> None:
        """Answer with this version from now on; requests under way finish on theirs."""
        self._served = dict(sorted({**self._served, model.name: model}.items()))
        self._refused.pop(model.name, None)
        self._loading = None

    def keep(self, name: str) -> None:
        """The served version is the deployed one again; a refusal of another is over."""
        self._refused.pop(name, None)

    def refuse(self, name: str, refusal: Refusal) -> None:
        """Remember why a bundle is not served. An older version goes on."""
        self._refused[name] = refusal
        self._loading = None

    def remove(self, name: str) -> None:
        """Serve this model no more."""
        self._served = {key: model for key, model in self._served.items() if key != name}
        self._refused.pop(name, None)

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

    def find(self, name: str) -> ServedModel:
        """The served version of a model.

        Raises:
            RequestRefusedError: No such model (404), or its only bundle was refused (503).
        """
        if (model := self._served.get(name)) is not None:
            return model
        if (refusal := self._refused.get(name)) is not None:
            version = f"{refusal.version} ({(refusal.digest or '')[:12]})"
            message = f"model {name} is deployed as version {version} but was refused: {refusal.reason}"
            raise RequestRefusedError("model_not_ready", message, status=503, headers={"retry-after": "5"})
        known = ", ".join(self._served) or "none"
        raise RequestRefusedError("unknown_model", f"no model {name[:60]!r} is served; served: {known}", status=404)

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
