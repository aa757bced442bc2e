"""The declaration of a model: what it predicts, from what, how it learns, and when it is good enough."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

from modelyard.errors import InvalidModelError
from modelyard.models.searching import Search
from modelyard.models.splitting import TimeSplit
from modelyard_bundle.documents import FEATURE_NAME, MODEL_NAME
from modelyard_bundle.signature import TASKS, Feature, Output, Task

if TYPE_CHECKING:
    import polars as pl

RiskClass = Literal["minimal", "limited", "high"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Threshold:
    """What a metric must reach before a version may be staged."""

    metric: str
    at_least: float | None = None
    at_most: float | None = None

    def __post_init__(self) -> None:
        if (self.at_least is None) == (self.at_most is None):
            raise InvalidModelError(f"the threshold on {self.metric} takes either at_least or at_most")


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelSpec:
    """A model's declaration; `MODEL` in `ml/models/<name>/model.py`."""

    name: str
    purpose: str
    """The CURATED table it learns from."""
    description: str
    """One sentence for people."""
    target: pl.Expr
    """The label, computed from the table's columns. A row where it is null has no label and is left out."""
    output: Output
    """What a prediction is called, its labels and the probability from which on the second is given."""
    features: tuple[Feature, ...]
    split: TimeSplit
    build: Callable[[Mapping[str, Any]], Any]
    """Parameters to an unfitted scikit-learn pipeline, the estimator as its last step."""
    search: Search
    thresholds: tuple[Threshold, ...]
    metric: str
    """The metric by which candidates are ranked and compared."""
    owner: str
    risk: RiskClass
    task: Task = "binary"
    slices: tuple[str, ...] = ()
    """Columns by whose values the metrics are reported apart."""
    forbidden: tuple[str, ...] = ()
    """Columns that are not known when the prediction is made."""
    believable: float = 0.97
    """An AUC above this is taken for a leak, not for skill."""
    seed: int = 20130101
    refit: Literal["train", "train+validation"] = "train+validation"
    """What the released pipeline has learned from, after the search."""
    defaults: Mapping[str, Any] = field(default_factory=dict)
    """Parameters of the first trial."""

    def __post_init__(self) -> None:
        for problem in _problems(self):
            raise InvalidModelError(
                f"model {self.name!r}: {problem}", hint=f"change MODEL in ml/models/{self.name}/model.py"
            )

    @property
    def feature_names(self) -> tuple[str, ...]:
        """The names of the features, in order."""
        return tuple(feature.name for feature in self.features)

    @property
    def target_columns(self) -> tuple[str, ...]:
        """The columns that the label is computed from."""
        return tuple(sorted(set(self.target.meta.root_names())))

    @property
    def columns(self) -> tuple[str, ...]:
        """Every column that training reads."""
        wanted = (*self.feature_names, self.split.column, *self.slices, *self.target_columns)
        return tuple(dict.fromkeys(wanted))


def _problems(spec: ModelSpec) -> list[str]:
    """Why the declaration does not hold together."""
    names = spec.feature_names
    hidden = {*spec.forbidden, *spec.target_columns}
    wanted = "binary" if spec.output.kind == "probability" else "regression"
    found = {
        f"a name has the form {MODEL_NAME.pattern}": MODEL_NAME.fullmatch(spec.name) is None,
        f"a purpose has the form {FEATURE_NAME.pattern}": FEATURE_NAME.fullmatch(spec.purpose) is None,
        f"task is {spec.task!r}, allowed is one of {', '.join(TASKS)}": spec.task not in TASKS,
        f"an output of kind {spec.output.kind} is for a {wanted} task": spec.task in TASKS and spec.task != wanted,
        "it has no feature": not names,
        f"features named twice: {_listed(n for n in names if names.count(n) > 1)}": len(set(names)) != len(names),
        f"features that are not known in time: {_listed(hidden.intersection(names))}": bool(hidden & set(names)),
        "it has no threshold, so nothing could be staged": not spec.thresholds,
        "it has no owner": not spec.owner.strip(),
        "it searches with no trial": spec.search.trials < 1,
        "it splits off no validation or no test period": min(spec.split.validation, spec.split.test) < 1,
        "the label is computed from no column": not spec.target_columns,
    }
    return [problem for problem, holds in found.items() if holds]


def _listed(names: Any) -> str:  # noqa: ANN401
    return ", ".join(sorted(set(names)))
