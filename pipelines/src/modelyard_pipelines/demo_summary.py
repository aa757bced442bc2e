"""What `make demo` ends with: what exists, what the data and the model are, where to look, and one prediction."""

from __future__ import annotations

import json
import shlex
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from modelyard.cli.output import table
from modelyard.composition import Platform
from modelyard.errors import ReleaseRefusedError
from modelyard.registry.entries import LedgerEntry
from modelyard.registry.versions import ModelVersion
from modelyard.release.calling import ModelApi
from modelyard.release.expectation import Expectation
from modelyard_bundle import bundle_folder, read_bundle, read_pointer
from modelyard_pipelines.data import overview
from modelyard_pipelines.model.evidence import read_evidence
from modelyard_pipelines.release.smoking import smoke

HEADLINES = ("roc_auc", "pr_auc", "brier", "log_loss")


@dataclass(frozen=True, slots=True)
class Prediction:
    """One question to the model API, and its answer."""

    curl: str
    body: Mapping[str, Any]
    answer: Mapping[str, Any]
    version: str


@dataclass(frozen=True, slots=True)
class Summary:
    """The state that the demo leaves behind."""

    changed: bool
    """False if everything was as it should be already."""
    connections: Mapping[str, Any]
    tables: list[dict[str, Any]]
    versions: list[dict[str, Any]]
    promotions: list[dict[str, Any]]
    comparison: list[str]
    """What the last promotion rests on."""
    prediction: Prediction
    seconds: Mapping[str, float]

    def to_json(self) -> dict[str, Any]:
        """The summary for machines."""
        return asdict(self)

    def text(self) -> str:
        """The summary for people."""
        layers = [(one["layer"], one["name"], one["version"], one["rows"]) for one in self.tables]
        names = [name for name in HEADLINES if any(name in one["metrics"] for one in self.versions)]
        models = [
            (one["version"], one["stage"], one["data"], *(one["metrics"].get(name) for name in names), one["by"])
            for one in self.versions
        ]
        last = self.promotions[-1]
        return "\n".join(
            [
                "",
                f"provisioned   {self.connections['environment']}: lake {self.connections['lake']}",
                f"MLflow        {self.connections['tracking']}",
                f"model API     {self.connections['model_api']}",
                f"its page      {self.connections['model_api']}/docs",
                "",
                table(["layer", "table", "version", "rows"], layers),
                "",
                table(["version", "stage", "data", *names, "promoted by"], models),
                "",
                f"production    version {last['version']}, by {last['by']}: {last['reason']}",
                *(f"              {reason}" for reason in self.comparison),
                "",
                "one prediction:",
                f"  {self.prediction.curl}",
                f"  {json.dumps(self.prediction.answer)}",
                "",
                "took          " + ", ".join(f"{name} {spent:.1f} s" for name, spent in self.seconds.items()),
                "nothing had to be changed" if not self.changed else "make down stops everything and keeps the lake",
            ]
        )


def summarise(platform: Platform, name: str, seconds: Mapping[str, float], *, changed: bool) -> Summary:
    """Looks at what is there, checks the model API, and asks it for one prediction.

    Raises:
        ReleaseRefusedError: the model API does not answer as it should.
    """
    report = smoke(platform, name)
    if not report.passed:
        raise ReleaseRefusedError(report.sentence(), hint="modelyard serve smoke")
    registry = platform.registry()
    return Summary(
        changed=changed,
        connections=platform.connections.model_dump(),
        tables=overview.tables(platform),
        versions=[_version(one) for one in registry.versions(name)],
        promotions=[asdict(entry.decision) for entry in registry.history(name)],
        comparison=_reasons(platform, registry.history(name)),
        prediction=_predict(platform, name),
        seconds=dict(seconds),
    )


def _version(one: ModelVersion) -> dict[str, Any]:
    data = ", ".join(f"{name}@{version}" for name, version in one.data_versions.items())
    return {
        "version": one.version,
        "stage": one.stage,
        "data": data,
        "metrics": dict(one.metrics),
        "by": one.promoted_by,
        "run": one.run_id,
        "digest": one.digest,
    }


def _reasons(platform: Platform, entries: Sequence[LedgerEntry]) -> list[str]:
    """The reasons in the comparison that the last promotion names as its evidence."""
    last = next(entry.decision for entry in reversed(entries) if entry.decision.action == "promotion")
    return list(read_evidence(platform, last.model, last.evidence).reasons)


def _predict(platform: Platform, name: str) -> Prediction:
    connections = platform.connections
    pointer = read_pointer(Path(connections.deployments), name)
    if pointer is None:
        raise ReleaseRefusedError(f"nothing of {name} is deployed", hint=f"modelyard release deploy {name}")
    content = read_bundle(bundle_folder(Path(connections.bundles), pointer.bundle))
    body = {"dataframe_records": Expectation.of(content).rows[:1]}
    address = f"{connections.model_api}/invocations"
    answer = ModelApi(connections.model_api).post("/invocations", body)
    said = shlex.quote(json.dumps(body))
    curl = f"curl -s {address} -H 'Content-Type: application/json' -d {said}"
    return Prediction(curl, body, answer.json() or {}, answer.headers.get("x-model-version", ""))
