"""A registered version of a model, and what it takes to register one."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

Stage = Literal["candidate", "staging", "production", "archived"]

MODEL_FILE = "model.skops"
SIGNATURE_FILE = "signature.json"
EXAMPLE_FILE = "example.json"
ARTIFACTS = (MODEL_FILE, SIGNATURE_FILE, EXAMPLE_FILE)
"""What a scikit-learn version is downloaded as."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Registration:
    """What is known of a trained model when it is registered."""

    model: str
    run_id: str
    """The tracking run that trained it."""
    source: str
    """Where the tracking server keeps the model."""
    digest: str
    """SHA-256 of what holds the pipeline: of the file, or over all files of the folder."""
    fingerprint: str
    """What the training was made of. The same fingerprint is the same model."""
    task: str
    commit: str
    """The code it was trained with."""
    data_versions: Mapping[str, int]
    """Table to Delta version."""
    metrics: Mapping[str, float]
    """On the validation rows."""
    validation_rows: Mapping[str, Any]
    test_rows: Mapping[str, Any]
    """The frozen rows that it never learned from."""
    learned_until: str
    """The time before which all rows lie that it learned from, ISO 8601."""
    libraries: Mapping[str, str] = field(default_factory=dict)
    """Library to version at training."""
    holder: str = MODEL_FILE
    """The file or folder that holds the pipeline."""
    seed: int | None = None
    """Of search and estimator."""
    lock: str = ""
    """Digest of the locked libraries."""
    variant: str = ""
    """Which of the declared ways to build it; empty for `build` itself."""
    slices: tuple[Mapping[str, Any], ...] = ()
    """On the validation rows, within every slice that has a floor: column, value, rows, metric, found."""

    def to_tags(self) -> dict[str, str]:
        """The registration as tags of a version: text as it is, everything else as JSON."""
        return {
            "run_id": self.run_id,
            "digest": self.digest,
            "fingerprint": self.fingerprint,
            "task": self.task,
            "commit": self.commit,
            "learned_until": self.learned_until,
            "holder": self.holder,
            **{name: found for name in ("lock", "variant") if (found := getattr(self, name))},
            **{name: json.dumps(getattr(self, name), sort_keys=True, default=dict) for name in _DOCUMENTS},
        }


_DOCUMENTS = ("data_versions", "metrics", "validation_rows", "test_rows", "libraries", "seed", "slices")


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelVersion:
    """A registered version, and the stage it is in."""

    model: str
    version: int
    stage: Stage
    created_at: str
    """When it was registered, ISO 8601 in UTC."""
    run_id: str
    digest: str
    fingerprint: str
    task: str
    commit: str
    data_versions: Mapping[str, int]
    metrics: Mapping[str, float]
    validation_rows: Mapping[str, Any]
    test_rows: Mapping[str, Any]
    learned_until: str
    libraries: Mapping[str, str]
    holder: str = MODEL_FILE
    seed: int | None = None
    lock: str = ""
    variant: str = ""
    slices: tuple[Mapping[str, Any], ...] = ()
    promoted_by: str = ""
    """Who made it production; empty if nobody ever did."""

    @classmethod
    def from_tags(
        cls, tags: Mapping[str, str], *, model: str, version: int, stage: Stage, created_at: str
    ) -> ModelVersion:
        """The version that these tags describe. What older registrations did not say has its default."""
        documents = {name: json.loads(tags[name]) for name in _DOCUMENTS if name in tags}
        return cls(
            model=model,
            version=version,
            stage=stage,
            created_at=created_at,
            run_id=tags["run_id"],
            digest=tags["digest"],
            fingerprint=tags["fingerprint"],
            task=tags["task"],
            commit=tags["commit"],
            learned_until=tags["learned_until"],
            promoted_by=tags.get("promoted_by", ""),
            holder=tags.get("holder", MODEL_FILE),
            lock=tags.get("lock", ""),
            variant=tags.get("variant", ""),
            **{**documents, "slices": tuple(documents.get("slices", ()))},
        )
