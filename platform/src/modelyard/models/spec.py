"""The declaration of a model: what it predicts, from what, how it learns, and when it is good enough."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Literal

from modelyard.errors import InvalidModelError
from modelyard.models.searching import Search
from modelyard.models.splitting import Split
from modelyard_bundle.documents import FEATURE_NAME, MODEL_NAME
from modelyard_bundle.signature import TASKS, Feature, Output, Task

if TYPE_CHECKING:
    import polars as pl

RiskClass = Literal["minimal", "limited", "high"]
Flavour = Literal["sklearn", "spark"]
FLAVOURS: tuple[Flavour, ...] = ("sklearn", "spark")
Build = Callable[[Mapping[str, Any]], Any]
"""Parameters, `seed` among them, to an unfitted pipeline with the estimator as its last step."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Threshold:
    """What a metric must reach before a version may be staged."""

    metric: str
    at_least: float | None = None
    at_most: float | None = None

    def __post_init__(self) -> None:
        _check_bounds(f"the threshold on {self.metric}", self.at_least, self.at_most)


@dataclass(frozen=True, slots=True, kw_only=True)
class Floor:
    """What a metric must reach within every value of a column: nobody pays for what others gain."""

    column: str
    """One of the declared slices."""
    metric: str
    at_least: float | None = None
    at_most: float | None = None
    fewest: int = 50
    """A slice with fewer rows is not judged: its metric would be noise."""

    def __post_init__(self) -> None:
        _check_bounds(f"the floor on {self.metric} within {self.column}", self.at_least, self.at_most)


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
    split: Split
    """By time where there is time, else by a hash of what names an entity."""
    build: Build
    """Parameters to an unfitted pipeline of the declared flavour."""
    search: Search
    thresholds: tuple[Threshold, ...]
    metric: str
    """The metric by which candidates are ranked and compared."""
    owner: str
    risk: RiskClass
    task: Task = "binary"
    flavour: Flavour = "sklearn"
    """What `build` gives. Only scikit-learn is released to the model API; Spark ML is scored in batch."""
    by: tuple[str, ...] = ()
    """Features by whose values there is one pipeline each, and a pooled one for what is too small or unseen."""
    fewest: int = 50
    """Grouped: a group with fewer training rows is left to the pooled pipeline, as is one with one label only, or
    without any value of a feature."""
    variants: Mapping[str, Build] = field(default_factory=dict)
    """Other ways to build it. Each gives a candidate of its own; together they compete for staging."""
    slices: tuple[str, ...] = ()
    """Columns by whose values the metrics are reported apart."""
    cluster: str = ""
    """Column of what several rows belong to, such as a customer or a day: these rows hang together, and a comparison
    counts them as one witness. Empty where each row stands for itself."""
    floors: tuple[Floor, ...] = ()
    """What staging and comparison hold within every slice."""
    forbidden: tuple[str, ...] = ()
    """Columns that are not known when the prediction is made."""
    margin: float = 0.0
    """How much worse by `metric` a candidate may be and still count as not worse; 0 asks for a gain."""
    believable: float = 0.97
    """An AUC, or a correlation, above this is taken for a leak and not for skill."""
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
        together = [self.cluster] if self.cluster else []
        wanted = (*self.feature_names, *self.split.columns, *self.slices, *together, *self.target_columns)
        return tuple(dict.fromkeys(wanted))

    def variant(self, name: str) -> ModelSpec:
        """The same declaration, built the way that the variant `name` is; as it is where no name is given.

        Raises:
            InvalidModelError: no variant has this name.
        """
        if not name:
            return replace(self, variants={})
        if name not in self.variants:
            raise InvalidModelError(
                f"model {self.name} has no variant {name!r}; found {', '.join(self.variants) or 'none'}",
                hint=f"modelyard model train {self.name}",
            )
        return replace(self, build=self.variants[name], variants={})


def _check_bounds(what: str, at_least: float | None, at_most: float | None) -> None:
    if (at_least is None) == (at_most is None):
        raise InvalidModelError(f"{what} takes either at_least or at_most")


def _problems(spec: ModelSpec) -> list[str]:
    """Why the declaration does not hold together."""
    found = {**_problems_of_features(spec), **_problems_of_words(spec), **_problems_of_learning(spec)}
    return [problem for problem, holds in found.items() if holds]


def _problems_of_words(spec: ModelSpec) -> dict[str, bool]:
    wanted = "binary" if spec.output.kind == "probability" else "regression"
    return {
        f"a name has the form {MODEL_NAME.pattern}": MODEL_NAME.fullmatch(spec.name) is None,
        f"a purpose has the form {FEATURE_NAME.pattern}": FEATURE_NAME.fullmatch(spec.purpose) is None,
        f"task is {spec.task!r}, allowed is one of {', '.join(TASKS)}": spec.task not in TASKS,
        f"flavour is {spec.flavour!r}, allowed is one of {', '.join(FLAVOURS)}": spec.flavour not in FLAVOURS,
        f"an output of kind {spec.output.kind} is for a {wanted} task": spec.task in TASKS and spec.task != wanted,
        "it has no owner": not spec.owner.strip(),
        f"a variant's name has the form {MODEL_NAME.pattern}": not all(map(MODEL_NAME.fullmatch, spec.variants)),
    }


def _problems_of_features(spec: ModelSpec) -> dict[str, bool]:
    names = spec.feature_names
    hidden = {*spec.forbidden, *spec.target_columns}
    strangers = set(spec.by) - set(names)
    return {
        "it has no feature": not names,
        f"features named twice: {_listed(n for n in names if names.count(n) > 1)}": len(set(names)) != len(names),
        f"features that are not known in time: {_listed(hidden.intersection(names))}": bool(hidden & set(names)),
        f"it is grouped by what is no feature: {_listed(strangers)}": bool(strangers),
        "the label is computed from no column": not spec.target_columns,
    }


def _problems_of_learning(spec: ModelSpec) -> dict[str, bool]:
    loose = {floor.column for floor in spec.floors} - set(spec.slices)
    return {
        "it has no threshold, so nothing could be staged": not spec.thresholds,
        "it searches with no trial": spec.search.trials < 1,
        f"margin is {spec.margin:g}, allowed is 0 or more": spec.margin < 0,
        f"floors on columns that are no slices: {_listed(loose)}": bool(loose),
        spec.split.problem: bool(spec.split.problem),
        "a grouped model is built of scikit-learn": bool(spec.by) and spec.flavour != "sklearn",
    }


def _listed(names: Any) -> str:  # noqa: ANN401
    return ", ".join(sorted(set(names)))
