"""What is demanded of every model, one function each: what is wrong, or nothing."""

from __future__ import annotations

import tempfile
import time
import warnings
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from modelyard.errors import DataNotReadyError
from modelyard.models.explaining import score_movements
from modelyard.models.leakage import auc, too_good_features
from modelyard.models.learned import Learned
from modelyard.models.preparing import LABEL, label_values, labelled_parts, labelled_rows, signature_of
from modelyard.models.storage import open_model, write_model

if TYPE_CHECKING:
    import polars as pl
    from numpy.typing import NDArray

UNSEEN = "never seen before"
SCORED = 200
"""Rows that are scored where a demand needs no more."""
ANSWERS = 30
"""One-row predictions that are timed."""
ROUNDS = 3
"""How often they are timed before a model is too slow."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Allowance:
    """How much a model may ask of whoever serves it."""

    milliseconds: float = 250.0
    """For one row, 95th percentile."""
    megabytes: float = 100.0
    """For the files of one version."""


def gives_scores(learned: Learned, _: Allowance) -> str | None:
    """One finite score a row; a probability where the task is binary."""
    scores = np.asarray(learned.model.predict(learned.later))
    if scores.shape != (learned.later.height,):
        return f"{learned.later.height} rows gave scores of shape {scores.shape}"
    if not np.isfinite(scores).all():
        return "a score is not finite"
    if learned.spec.task == "binary" and (scores.min() < 0 or scores.max() > 1):
        return f"probabilities reach from {scores.min()} to {scores.max()}"
    return None


def is_deterministic(learned: Learned, _: Allowance) -> str | None:
    """The same seed and rows give the same model."""
    same = np.array_equal(learned.again(learned.train).predict(learned.later), learned.model.predict(learned.later))
    return None if same else f"two fits with seed {learned.spec.seed} give different scores"


def rows_are_independent(learned: Learned, _: Allowance) -> str | None:
    """A row's score must not depend on the rows that happen to be scored with it."""
    few = learned.later.head(20)
    alone = np.concatenate([learned.model.predict(few.slice(index, 1)) for index in range(few.height)])
    together = learned.model.predict(learned.later)[: few.height]
    return None if np.allclose(alone, together, rtol=0, atol=1e-9) else "rows scored one by one get other scores"


def has_signature(learned: Learned, _: Allowance) -> str | None:
    """Every feature says something."""
    signature = signature_of(learned.spec, learned.train)
    empty = [feature.name for feature in signature.features if _says_nothing(learned.train, feature.name)]
    return f"no value but one, or none, in {', '.join(empty)}" if empty else None


def _says_nothing(rows: pl.DataFrame, name: str) -> bool:
    values = rows.get_column(name)
    return values.null_count() == len(values) or values.n_unique() < 2  # noqa: PLR2004 - one value is none to learn from


def survives_gaps(learned: Learned, _: Allowance) -> str | None:
    """Each optional feature may be missing."""
    import polars as pl

    few = learned.later.head(10)
    for feature in learned.spec.features:
        if feature.nullable:
            gap = few.with_columns(pl.lit(None, dtype=few.schema[feature.name]).alias(feature.name))
            if not np.isfinite(learned.model.predict(gap)).all():
                return f"no finite score where {feature.name} is missing"
    return None


def survives_the_unseen(learned: Learned, _: Allowance) -> str | None:
    """Words and numbers that training never saw are answered."""
    import polars as pl

    few = learned.later.head(10)
    strange = {"category": UNSEEN, "number": 1e12, "integer": 10**9, "boolean": True}
    for feature in learned.spec.features:
        odd = few.with_columns(pl.lit(strange[feature.kind]).cast(few.schema[feature.name]).alias(feature.name))
        if not np.isfinite(learned.model.predict(odd)).all():
            return f"no finite score where {feature.name} has a value that training never saw"
    return None


def no_feature_knows(learned: Learned, _: Allowance) -> str | None:
    """No feature nearly tells the label on its own."""
    found = too_good_features(learned.spec, learned.everything)
    said = ", ".join(f"{name} ({skill:.3f})" for name, skill in found.items())
    believable = learned.spec.believable
    return f"each of these alone nearly tells the label: {said}; believable is {believable}" if said else None


def is_believable(learned: Learned, _: Allowance) -> str | None:
    """Neither on later rows nor on rows shuffled over time may the model be nearly perfect."""
    if learned.spec.task != "binary":
        return None
    later = auc(label_values(learned.later), learned.model.predict(learned.later))
    mixed = learned.everything.sample(fraction=1.0, shuffle=True, seed=learned.spec.seed)
    half = mixed.height // 2
    shuffled = auc(label_values(mixed.tail(half)), learned.again(mixed.head(half)).predict(mixed.tail(half)))
    worst, believable = max(later, shuffled), learned.spec.believable
    return f"AUC {worst:.3f} is above the believable {believable}" if worst > believable else None


def explains_itself(learned: Learned, _: Allowance) -> str | None:
    """What moves the scores can be measured, and something does."""
    few = learned.later.head(SCORED)
    moved = score_movements(learned.model, few, learned.spec.feature_names, seed=learned.spec.seed)
    if not np.isfinite(list(moved.values())).all():
        return "shuffling a feature gives scores that are not finite"
    return None if any(moved.values()) else "no feature moves the scores: the model says the same of every row"


def learns_from_constants(learned: Learned, _: Allowance) -> str | None:
    """A feature that happens not to vary is no reason to stop."""
    import polars as pl

    few = _few(learned.train, SCORED)
    # A fit on Spark takes seconds: there, one feature stands for all.
    features = learned.spec.features if learned.spec.flavour == "sklearn" else learned.spec.features[:1]
    for feature in features:
        usual = few.get_column(feature.name).drop_nulls()
        constant = pl.lit(usual[0] if len(usual) else None, dtype=few.schema[feature.name])
        problem = _learns(learned, few.with_columns(constant.alias(feature.name)))
        if problem:
            return f"cannot learn where {feature.name} never varies: {problem}"
    return None


def refuses_what_was_lost(learned: Learned, _: Allowance) -> str | None:
    """An optional feature that is missing in every row is refused by its name, before anything is fitted."""
    import polars as pl

    rows = learned.everything.drop(LABEL)
    for feature in learned.spec.features[:1]:
        lost = rows.with_columns(pl.lit(None, dtype=rows.schema[feature.name]).alias(feature.name))
        try:
            labelled_parts(learned.spec, lost, data_versions={})
        except DataNotReadyError as error:
            return None if feature.name in error.message else f"{feature.name} is not named: {error.message}"
    return "a feature without any value is not refused"


def learns_from_few_rows(learned: Learned, _: Allowance) -> str | None:
    """With fewer rows than folds it learns, or says why not; it does not end in scores that are no numbers."""
    few = _few(learned.train, 4)
    try:
        scores = _quietly(learned, few)
    except ValueError as error:
        return None if str(error) else "stops without a reason"
    return None if np.isfinite(scores).all() else f"{few.height} rows give scores that are not finite"


def refuses_one_class(learned: Learned, _: Allowance) -> str | None:
    """Rows of one class teach nothing, and are refused before anything is fitted."""
    import polars as pl

    if learned.spec.task != "binary":
        return None
    spec = learned.spec
    rows = learned.everything.filter(pl.col(LABEL) == 0)
    try:
        labelled_rows(spec, rows.head(SCORED))
    except DataNotReadyError:
        return None
    return "rows of one class are not refused"


def _few(rows: pl.DataFrame, count: int) -> pl.DataFrame:
    """A few rows, spread over labels so that both classes are among them."""
    ordered = rows.sort(LABEL, maintain_order=True)
    picked = np.unique(np.linspace(0, ordered.height - 1, count).round().astype(int))
    return ordered[picked]


def _learns(learned: Learned, rows: pl.DataFrame) -> str:
    """Why rows can't be learned from; empty where they can."""
    try:
        scores = _quietly(learned, rows)
    except Exception as error:
        return f"{type(error).__name__}: {error}"
    return "" if np.isfinite(scores).all() else "scores are not finite"


def _quietly(learned: Learned, rows: pl.DataFrame) -> NDArray[np.float64]:
    """Scores of rows by a model that has learned from them. Estimators may warn of poor rows, and rightly so."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return learned.again(rows).predict(rows)


def answers_in_time(learned: Learned, allowance: Allowance) -> str | None:
    """One row is scored within the serving budget."""
    if learned.spec.flavour != "sklearn":
        return None  # it is scored in batch, where a row's own time does not count
    row = learned.later.head(1)
    learned.model.predict(row)
    slow = float("inf")
    # Other work on the machine can only make a round slower, so the fastest one says most about the model.
    for _ in range(ROUNDS):
        slow = min(slow, _slow_answer(learned, row))
        if slow <= allowance.milliseconds:
            return None
    return f"one row takes {slow:.0f} ms; allowed are {allowance.milliseconds:g}"


def _slow_answer(learned: Learned, row: pl.DataFrame) -> float:
    """Milliseconds that 95 of 100 answers do not exceed."""
    taken = []
    for _ in range(ANSWERS):
        begun = time.perf_counter()
        learned.model.predict(row)
        taken.append(time.perf_counter() - begun)
    return float(np.quantile(taken, 0.95)) * 1000


def travels(learned: Learned, allowance: Allowance) -> str | None:
    """Written and read again, it says the same; and it is no burden."""
    with tempfile.TemporaryDirectory(prefix="modelyard-") as place:
        folder = Path(place)
        digest = write_model(learned.model, folder)
        size = sum(file.stat().st_size for file in folder.rglob("*") if file.is_file()) / 1e6
        if size > allowance.megabytes:
            return f"its files hold {size:.1f} MB; allowed are {allowance.megabytes:g}"
        (folder / "signature.json").write_bytes(signature_of(learned.spec, learned.train).to_json())
        loaded = open_model(folder, digest=digest)
        same = np.array_equal(loaded.predict(learned.later), learned.model.predict(learned.later))
    return None if same else "the loaded model gives other scores"


Demand = Callable[[Learned, Allowance], str | None]
DEMANDS: Mapping[str, Demand] = {
    "gives one finite score a row": gives_scores,
    "learns the same from the same seed": is_deterministic,
    "scores a row the same alone and among others": rows_are_independent,
    "every feature varies": has_signature,
    "scores rows with missing values": survives_gaps,
    "scores rows with values never seen": survives_the_unseen,
    "no single feature knows the label": no_feature_knows,
    "is not too good to be true": is_believable,
    "explains what moves its scores": explains_itself,
    "learns although a feature is constant": learns_from_constants,
    "a feature without any value is refused": refuses_what_was_lost,
    "learns from very few rows, or says why not": learns_from_few_rows,
    "rows of one class are refused": refuses_one_class,
    "answers in time": answers_in_time,
    "travels as files of trusted types and predicts the same": travels,
}
"""Name to demand, in the order in which they are reported."""
