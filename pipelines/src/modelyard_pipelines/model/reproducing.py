"""A version held against itself: trained again from what was recorded of it, it must say the same."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from modelyard.composition import Platform
from modelyard.errors import NotReproducibleError
from modelyard.lake.layers import Layer, Table
from modelyard.models.digests import state_digest
from modelyard.models.frozen import FrozenRows
from modelyard.models.interface import Model
from modelyard.models.storage import SKOPS_FILE, open_model
from modelyard.registry.versions import EXAMPLE_FILE, ModelVersion
from modelyard_bundle.example import Example
from modelyard_pipelines.model.checkouts import Code, code_of
from modelyard_pipelines.model.jobs import Note, run_job

if TYPE_CHECKING:
    import polars as pl

TOLERANCE = 1e-9
"""How far two predictions may lie apart: another order of additions, and no other model."""
ENTRY = Path("ml/training/src/modelyard_training/reproducing.py")

Again = Callable[[ModelVersion, Code, Path], Mapping[str, Any]]
"""Trains a version again with some code, writes the model into a folder, and says what it was made of."""


@dataclass(frozen=True, slots=True)
class Line:
    """One thing that was recorded, and what it is now."""

    what: str
    recorded: str
    found: str
    same: bool | None
    """None: it need not be the same, or could not be compared."""


@dataclass(frozen=True, slots=True)
class Reproduction:
    """A version, and the same trained again."""

    model: str
    version: int
    lines: tuple[Line, ...]
    identical: bool
    """What was learned is the same to the last bit."""
    difference: float
    """The largest between two predictions, on the stored example and on the test rows."""

    @property
    def reproduced(self) -> bool:
        """Whether it says the same."""
        return self.identical or self.difference <= TOLERANCE

    @property
    def sentence(self) -> str:
        """What came of it."""
        if self.identical:
            return "reproduced: what was learned is the same to the last bit"
        if self.reproduced:
            return f"reproduced: predictions differ by {self.difference:.1e} at most"
        reasons = [line.what for line in self.lines if line.same is False and not line.what.startswith("predictions")]
        return f"not reproduced: predictions differ by up to {self.difference:.3g}; other than recorded: " + (
            ", ".join(reasons) or "nothing that was recorded"
        )

    def to_json(self) -> dict[str, Any]:
        """The result for machines."""
        return {**asdict(self), "reproduced": self.reproduced, "sentence": self.sentence}


def reproduce(
    platform: Platform, name: str, version: int, *, search: bool = True, note: Note, again: Again | None = None
) -> Reproduction:
    """Trains a version again and compares: what was learned, and what it says on the example and the test rows.

    Args:
        platform: The environment.
        name: The model.
        version: Of the model.
        search: Whether to look for the best parameters again, or to take those that were recorded.
        note: Told what is done next.
        again: Trains it; a job of its own if none is given.

    Raises:
        ModelNotFoundError: there is no such version.
        NotReproducibleError: its code or its data is not there any more.
        InvalidModelError: what is registered is not what was registered.
        TrainingFailedError: the training failed.
    """
    registry = platform.registry()
    recorded = registry.version(name, version)
    trained = again or _job(platform, search=search, note=note)
    with tempfile.TemporaryDirectory(prefix="modelyard-again-") as folder:
        old, new = Path(folder) / "recorded", Path(folder) / "again"
        new.mkdir()
        registry.download(name, version, old)
        with code_of(platform.workspace, recorded.commit) as code:
            note(f"training again from {code.said}")
            found = trained(recorded, code, new)
        note("comparing")
        return _compared(platform, recorded, code, found, old=old, new=new)


def _job(platform: Platform, *, search: bool, note: Note) -> Again:
    def again(version: ModelVersion, code: Code, into: Path) -> Mapping[str, Any]:
        if not (code.root / ENTRY).is_file():
            raise NotReproducibleError(
                f"commit {version.commit} knows no way to train a version again",
                hint=f"git worktree add ../again {version.commit}, and train there",
            )
        words = ["modelyard_training.reproducing", version.model, str(version.version), "--into", str(into)]
        words += ["--env", platform.environment.name, *([] if search else ["--no-search"])]
        surroundings = code.environment(platform.workspace)
        printed = run_job(version.model, words, root=code.root, note=note, environment=surroundings)
        found: dict[str, Any] = json.loads(printed)
        return found

    return again


def _compared(
    platform: Platform, recorded: ModelVersion, code: Code, found: Mapping[str, Any], *, old: Path, new: Path
) -> Reproduction:
    first, second = open_model(old, digest=recorded.digest), open_model(new, digest=str(found["digest"]))
    learned = _learned_line(old, new, same_bytes=found["digest"] == recorded.digest)
    apart = {
        f"predictions on {what} ({rows.height:,} rows)": _difference(first, second, rows)
        for what, rows in _rows(platform, recorded, first, old)
    }
    said = [Line(what, "", f"differ by {gap:.3g} at most", gap <= TOLERANCE) for what, gap in apart.items()]
    lines = (*_made_of(recorded, code, found), learned, *said)
    return Reproduction(
        recorded.model, recorded.version, lines, identical=learned.same is True, difference=max(apart.values())
    )


def _made_of(recorded: ModelVersion, code: Code, found: Mapping[str, Any]) -> Iterator[Line]:
    yield Line("code", recorded.commit[:18], code.said, code.exact)
    yield _line("fingerprint", recorded.fingerprint[:12], str(found["fingerprint"])[:12])
    yield _line("lock", recorded.lock[:12] or None, str(found["lock"])[:12])
    yield _line("libraries", _listed(recorded.libraries), _listed(found["libraries"]))
    yield _line("data", _listed(recorded.data_versions, "@"), _listed(recorded.data_versions, "@"))
    yield _line("seed", None if recorded.seed is None else str(recorded.seed), str(found["seed"]))
    searched = "" if found["searched"] else " (not searched again)"
    best = found["recorded_parameters"]
    yield _line("parameters", _listed(best, "=") if best else None, _listed(found["parameters"], "="), searched)


def _line(what: str, recorded: str | None, found: str, remark: str = "") -> Line:
    if recorded is None:
        return Line(what, "not recorded", found + remark, None)
    return Line(what, recorded, ("the same" if found == recorded else found) + remark, found == recorded)


def _learned_line(old: Path, new: Path, *, same_bytes: bool) -> Line:
    """The bytes of a file differ each time it is written; what they hold must not."""
    first, second = _learned(old), _learned(new)
    if first is None or second is None:
        same = True if same_bytes else None
        return Line("what was learned", "Spark's own files", "the same" if same else "other bytes", same)
    same = same_bytes or first == second
    return Line("what was learned", first[:12], "the same" if same else second[:12], same)


def _learned(folder: Path) -> str | None:
    file = folder / SKOPS_FILE
    return state_digest(file.read_bytes()) if file.is_file() else None


def _rows(platform: Platform, recorded: ModelVersion, model: Model, folder: Path) -> Iterator[tuple[str, pl.DataFrame]]:
    """The stored example, and the test rows as far as they have what the model needs, with a label or without."""
    import polars as pl

    example = Example.from_json((folder / EXAMPLE_FILE).read_bytes())
    yield "the stored example", pl.DataFrame(example.columns(), strict=False, infer_schema_length=None)
    frozen = FrozenRows.from_document(recorded.test_rows)
    (table, version), *_ = frozen.data_versions.items()
    layer, _, name = table.partition("/")
    held: pl.DataFrame = platform.engine.scan(Table(Layer(layer), name), version=version).collect().to_polars()
    needed = [feature.name for feature in model.features if not feature.nullable]
    yield "the test rows", frozen.select(held).drop_nulls(needed)


def _difference(first: Model, second: Model, rows: pl.DataFrame) -> float:
    import numpy as np

    apart = np.abs(first.predict(rows) - second.predict(rows))
    return float(np.nan_to_num(apart, nan=np.inf).max()) if apart.size else 0.0


def _listed(values: Mapping[str, Any], sign: str = " ") -> str:
    return ", ".join(f"{name}{sign}{value}" for name, value in sorted(values.items()))
