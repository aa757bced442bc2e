"""The contract that every model passes, checked on a sample of its data."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from modelyard.errors import ModelyardError
from modelyard.models.features import feature_frame
from modelyard.models.interface import SklearnModel
from modelyard.models.leakage import auc, too_good_features
from modelyard.models.preparing import label_values, labelled_parts, labelled_rows, signature_of
from modelyard.models.spec import ModelSpec
from modelyard.models.storage import dump_pipeline, load_model
from modelyard_bundle.documents import sha256_of

if TYPE_CHECKING:
    import polars as pl

UNSEEN = "never seen before"


@dataclass(frozen=True, slots=True)
class Check:
    """One demand of the contract."""

    name: str
    passed: bool
    detail: str = ""
    """What was found where it does not pass."""


@dataclass(frozen=True, slots=True)
class ConformanceReport:
    """What the contract suite says about a model."""

    model: str
    checks: tuple[Check, ...]

    @property
    def passed(self) -> bool:
        """Whether every check passed."""
        return all(check.passed for check in self.checks)

    @property
    def failures(self) -> tuple[Check, ...]:
        """The checks that did not pass."""
        return tuple(check for check in self.checks if not check.passed)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Sample:
    """A model that has learned from the older rows, and the newer rows."""

    spec: ModelSpec
    parameters: Mapping[str, Any]
    train: pl.DataFrame
    later: pl.DataFrame
    everything: pl.DataFrame
    model: SklearnModel


def check_model(
    spec: ModelSpec, frame: pl.DataFrame, *, parameters: Mapping[str, Any] | None = None
) -> ConformanceReport:
    """Check a model on rows of its CURATED table, which must span enough periods to be split.

    Args:
        spec: The declaration.
        frame: Rows of the table; a few thousand are enough.
        parameters: With which to build; none by default, so that the estimator's own defaults are checked.
    """
    built: list[_Sample] = []
    checks = [
        _checked("learns from its declared features alone", lambda: built.append(_learn(spec, frame, parameters)))
    ]
    if built:
        checks += [_checked(name, _bound(check, built[0])) for name, check in _CHECKS.items()]
    return ConformanceReport(model=spec.name, checks=tuple(checks))


def _checked(name: str, check: Callable[[], str | None]) -> Check:
    """A check passes if it has nothing to say; whatever a model's own code raises is what it has to say."""
    try:
        problem = check()
    except ModelyardError as error:
        problem = error.message
    except Exception as error:
        problem = f"{type(error).__name__}: {error}"
    return Check(name, passed=not problem, detail=problem or "")


def _bound(check: Callable[[_Sample], str | None], sample: _Sample) -> Callable[[], str | None]:
    return lambda: check(sample)


def _learn(spec: ModelSpec, frame: pl.DataFrame, parameters: Mapping[str, Any] | None) -> _Sample:
    """Learn, with no column in reach but features and label."""
    parts = labelled_parts(spec, frame, data_versions={})
    chosen = {**(parameters or {}), "seed": spec.seed}
    model = SklearnModel(spec.build(chosen), task=spec.task, features=spec.features)
    model.fit(feature_frame(parts.train, spec.features), label_values(parts.train))
    return _Sample(
        spec=spec,
        parameters=chosen,
        train=parts.train,
        later=parts.validation,
        everything=labelled_rows(spec, frame),
        model=model,
    )


def _gives_scores(sample: _Sample) -> str | None:
    scores = np.asarray(sample.model.predict(sample.later))
    if scores.shape != (sample.later.height,):
        return f"{sample.later.height} rows gave scores of shape {scores.shape}"
    if not np.isfinite(scores).all():
        return "a score is not finite"
    if sample.spec.task == "binary" and (scores.min() < 0 or scores.max() > 1):
        return f"probabilities reach from {scores.min()} to {scores.max()}"
    return None


def _is_deterministic(sample: _Sample) -> str | None:
    again = _fit_again(sample, sample.train)
    same = np.array_equal(again.predict(sample.later), sample.model.predict(sample.later))
    return None if same else f"two fits with seed {sample.spec.seed} give different scores"


def _rows_are_independent(sample: _Sample) -> str | None:
    """A row's score must not depend on the rows that happen to be scored with it."""
    few = sample.later.head(20)
    alone = np.concatenate([sample.model.predict(few.slice(index, 1)) for index in range(few.height)])
    together = sample.model.predict(sample.later)[: few.height]
    return None if np.allclose(alone, together, rtol=0, atol=1e-9) else "rows scored one by one get other scores"


def _has_signature(sample: _Sample) -> str | None:
    signature = signature_of(sample.spec, sample.train)
    empty = [feature.name for feature in signature.features if _says_nothing(sample.train, feature.name)]
    return f"no value but one, or none, in {', '.join(empty)}" if empty else None


def _says_nothing(rows: pl.DataFrame, name: str) -> bool:
    values = rows.get_column(name)
    return values.null_count() == len(values) or values.n_unique() < 2  # noqa: PLR2004


def _survives_gaps(sample: _Sample) -> str | None:
    import polars as pl

    few = sample.later.head(10)
    for feature in sample.spec.features:
        if feature.nullable:
            gap = few.with_columns(pl.lit(None, dtype=few.schema[feature.name]).alias(feature.name))
            if not np.isfinite(sample.model.predict(gap)).all():
                return f"no finite score where {feature.name} is missing"
    return None


def _survives_the_unseen(sample: _Sample) -> str | None:
    import polars as pl

    few = sample.later.head(10)
    strange = {"category": UNSEEN, "number": 1e12, "integer": 10**9, "boolean": True}
    for feature in sample.spec.features:
        odd = few.with_columns(pl.lit(strange[feature.kind]).cast(few.schema[feature.name]).alias(feature.name))
        if not np.isfinite(sample.model.predict(odd)).all():
            return f"no finite score where {feature.name} has a value that training never saw"
    return None


def _no_feature_knows(sample: _Sample) -> str | None:
    found = too_good_features(sample.spec, sample.everything)
    said = ", ".join(f"{name} ({skill:.3f})" for name, skill in found.items())
    return (
        f"each of these alone nearly tells the label: {said}; believable is {sample.spec.believable}" if said else None
    )


def _is_believable(sample: _Sample) -> str | None:
    """Neither on later rows nor on rows shuffled over time may the model be nearly perfect."""
    if sample.spec.task != "binary":
        return None
    later = auc(label_values(sample.later), sample.model.predict(sample.later))
    mixed = sample.everything.sample(fraction=1.0, shuffle=True, seed=sample.spec.seed)
    half = mixed.height // 2
    shuffled = auc(label_values(mixed.tail(half)), _fit_again(sample, mixed.head(half)).predict(mixed.tail(half)))
    worst = max(later, shuffled)
    return (
        f"AUC {worst:.3f} is above the believable {sample.spec.believable}" if worst > sample.spec.believable else None
    )


def _travels(sample: _Sample) -> str | None:
    content = dump_pipeline(sample.model.pipeline)
    signature = signature_of(sample.spec, sample.train)
    loaded = load_model(content, signature, digest=sha256_of(content))
    same = np.array_equal(loaded.predict(sample.later), sample.model.predict(sample.later))
    return None if same else "the loaded model gives other scores"


def _fit_again(sample: _Sample, rows: pl.DataFrame) -> SklearnModel:
    spec = sample.spec
    return SklearnModel(spec.build(sample.parameters), task=spec.task, features=spec.features).fit(
        rows, label_values(rows)
    )


_CHECKS: dict[str, Callable[[_Sample], str | None]] = {
    "gives one finite score a row": _gives_scores,
    "learns the same from the same seed": _is_deterministic,
    "scores a row the same alone and among others": _rows_are_independent,
    "every feature varies": _has_signature,
    "scores rows with missing values": _survives_gaps,
    "scores rows with values never seen": _survives_the_unseen,
    "no single feature knows the label": _no_feature_knows,
    "is not too good to be true": _is_believable,
    "travels as skops of trusted types and predicts the same": _travels,
}
