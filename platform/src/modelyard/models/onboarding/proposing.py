"""A declaration proposed from a table: target, task, features with their kinds, split; likely leaks are left out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from textwrap import wrap
from typing import TYPE_CHECKING

from modelyard.errors import InvalidModelError
from modelyard.models.features import MOST_CATEGORIES
from modelyard.models.leakage import single_skill
from modelyard.models.onboarding.splits import SplitProposal, find_split, propose_split
from modelyard.models.onboarding.targets import Target, find_target, propose_target
from modelyard.models.preparing import LABEL
from modelyard_bundle.documents import FEATURE_NAME
from modelyard_bundle.signature import FeatureKind

if TYPE_CHECKING:
    import polars as pl

BELIEVABLE = 0.97
"""As `ModelSpec.believable`: a column that predicts better all on its own is taken for a leak."""
MOST_HAVE_GAPS = 0.5
NEARLY_ALL = 0.5
"""Share of different words from which on a column names rows, and says nothing about others."""
WIDTH, MOST_LINES = 100, 8
"""Letters in a line and lines that the names of features may take, so that a declaration stays under 40 lines."""
SLICE_VALUES = range(2, 7)
PROTECTED = frozenset({"sex", "gender", "female", "male", "age", "senior", "ethnicity", "race", "nationality"})
MOST_SLICES = 2
SAMPLED = 20_000


@dataclass(frozen=True, slots=True)
class Known:
    """What is known of a table beside its rows."""

    key: tuple[str, ...] = ()
    naming: tuple[str, ...] = ()
    """Columns that name an entity, the likeliest first; none of them is a feature."""
    personal: bool = False
    """Whether it comes from data about persons."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a person has said about a new model, in place of what its table suggests."""

    target: str | None = None
    split: tuple[str, ...] | None = None
    unknown: tuple[str, ...] | None = None
    """Columns that are not known when the prediction is made."""


@dataclass(frozen=True, slots=True)
class Proposal:
    """What a model of a table may look like."""

    target: Target
    split: SplitProposal
    features: Mapping[FeatureKind, tuple[str, ...]]
    optional: tuple[str, ...]
    unknown: tuple[str, ...]
    """Columns that are not known when the prediction is made."""
    left_out: Mapping[str, str]
    """Column to the reason why it is no feature."""
    slices: tuple[str, ...]
    rows: int
    risk: str


def propose(frame: pl.DataFrame, *, known: Known | None = None, wanted: Wanted | None = None) -> Proposal:
    """What a model of this table may look like.

    Args:
        frame: The table.
        known: What is known beside its rows.
        wanted: What somebody wants; it goes before what the table suggests.

    Raises:
        InvalidModelError: a column that somebody named is none, or nothing can be predicted, or from nothing.
        DataNotReadyError: there are too few rows to learn from and to judge by.
    """
    known, wanted = known or Known(), wanted or Wanted()
    _check_unknown(frame, wanted)
    names = (*known.key, *known.naming)
    target = find_target(frame, wanted.target) if wanted.target else propose_target(frame, leave=names)
    labelled = frame.with_columns(target.of(frame).alias(LABEL)).drop_nulls(LABEL)
    rows = labelled.drop(LABEL)
    if wanted.split is None:
        split = propose_split(rows, target, key=_without(known.key, target), naming=_without(known.naming, target))
    else:
        split = find_split(rows, target, wanted.split)
    reasons, skills = _sorted_out(labelled, target, split, naming=names, unknown=wanted.unknown or ())
    usable = [name for name in frame.columns if name in skills and name not in reasons]
    chosen = _with_room(frame, usable, skills)
    reasons |= {name: f"others predict more on their own ({skills[name]:.3f})" for name in usable if name not in chosen}
    leaks = tuple(name for name, why in reasons.items() if why.startswith(LEAK)) if wanted.unknown is None else ()
    return Proposal(
        target=target,
        split=split,
        features=_kinds(frame, chosen),
        optional=_optional(frame, chosen),
        unknown=tuple(dict.fromkeys((*(wanted.unknown or ()), *leaks))),
        left_out=reasons,
        slices=_slices(frame, _kinds(frame, chosen)),
        rows=rows.height,
        risk="limited" if known.personal else "minimal",
    )


LEAK = "it nearly tells the answer"


def _without(columns: tuple[str, ...], target: Target) -> tuple[str, ...]:
    return tuple(name for name in columns if name != target.column)


def _check_unknown(frame: pl.DataFrame, wanted: Wanted) -> None:
    strangers = [name for name in wanted.unknown or () if name not in frame.columns]
    if strangers:
        raise InvalidModelError(
            f"the table has no column {', '.join(map(repr, strangers))} that could be unknown in time; "
            f"found {', '.join(frame.columns)}",
            hint="modelyard model new NAME --unknown COLUMN,COLUMN",
        )


def _sorted_out(
    labelled: pl.DataFrame, target: Target, split: SplitProposal, *, naming: tuple[str, ...], unknown: tuple[str, ...]
) -> tuple[dict[str, str], dict[str, float]]:
    """Why columns are no features, and how well the others predict on their own."""
    sample = labelled.gather_every(max(1, labelled.height // SAMPLED))
    reasons: dict[str, str] = {}
    skills: dict[str, float] = {}
    for name in labelled.columns:
        if name in (LABEL, target.column) or name.startswith("_"):
            continue
        why = "it names an entity" if name in naming else _unusable(labelled.get_column(name), split, unknown)
        if not why:
            skill = single_skill(sample, name, task=target.task)
            skills[name] = skill
            why = f"{LEAK} on its own ({skill:.3f})" if skill > BELIEVABLE else ""
        if why:
            reasons[name] = why
    if not set(skills) - set(reasons):
        raise InvalidModelError(
            "no column is left to learn from: " + "; ".join(f"{name}: {why}" for name, why in reasons.items()),
            hint="name another target, or add columns to the source",
        )
    return reasons, skills


def _unusable(values: pl.Series, split: SplitProposal, unknown: tuple[str, ...]) -> str:
    """Why a column cannot be a feature; empty where it can."""
    import polars as pl

    present = values.drop_nulls()
    distinct = present.n_unique()
    words = values.dtype == pl.String
    found = {
        "it is not known when the prediction is made": values.name in unknown,
        "it is split by": values.name in split.split.columns and len(split.split.columns) == 1,
        "a point in time is no feature; derive one from it": values.dtype.is_temporal(),
        "it has no value": not distinct,
        "it never varies": distinct == 1,
        "nearly every value is different": words and distinct > NEARLY_ALL * max(len(present), 1),
        f"it has {distinct:,} words": words and distinct > MOST_CATEGORIES,
        f"it holds {values.dtype}": not (words or values.dtype.is_numeric() or values.dtype == pl.Boolean)
        and not values.dtype.is_temporal(),
        "its name is none that a model may take": FEATURE_NAME.fullmatch(values.name) is None,
    }
    return next((why for why, holds in found.items() if holds), "")


def _with_room(frame: pl.DataFrame, names: list[str], skills: Mapping[str, float]) -> list[str]:
    """The features for which a page has room; those that predict least on their own go first."""
    kinds = _kinds(frame, names)
    gaps = {name for name in names if frame.get_column(name).null_count()}
    kept = list(names)
    for name in sorted(names, key=lambda name: (skills[name], name)):
        lists = [[one for one in listed if one in kept] for listed in kinds.values()]
        lists.append(["all"] if _mostly(gaps, kept) else [one for one in kept if one in gaps])
        if sum(map(_lines, lists)) <= MOST_LINES:
            break
        kept.remove(name)
    return kept


def _lines(names: Sequence[str]) -> int:
    """How many lines of a declaration a list of names takes."""
    return len(wrap(" ".join(f'"{name}",' for name in names), WIDTH))


def _mostly(gaps: set[str], names: Sequence[str]) -> bool:
    return len(gaps.intersection(names)) > MOST_HAVE_GAPS * len(names)


def _optional(frame: pl.DataFrame, names: list[str]) -> tuple[str, ...]:
    """The features with gaps; all of them where most have some, since the rest may have one tomorrow."""
    gaps = {name for name in names if frame.get_column(name).null_count()}
    return tuple(name for name in names if name in gaps or _mostly(gaps, names))


def _kinds(frame: pl.DataFrame, names: list[str]) -> dict[FeatureKind, tuple[str, ...]]:
    import polars as pl

    schema = frame.schema

    def kind(name: str) -> FeatureKind:
        dtype = schema[name]
        if dtype == pl.Boolean:
            return "boolean"
        if dtype == pl.String:
            return "category"
        return "integer" if dtype.is_integer() else "number"

    kinds: tuple[FeatureKind, ...] = ("number", "integer", "category", "boolean")
    return {one: tuple(name for name in names if kind(name) == one) for one in kinds}


def _slices(frame: pl.DataFrame, kinds: Mapping[FeatureKind, tuple[str, ...]]) -> tuple[str, ...]:
    """Features of few values by which the metrics are worth seeing apart: groups of persons first."""
    groups = [
        name
        for kind in ("category", "boolean", "integer")
        for name in kinds[kind]
        if frame.get_column(name).drop_nulls().n_unique() in SLICE_VALUES
    ]
    groups.sort(key=lambda name: not set(name.lower().split("_")) & PROTECTED)
    return tuple(groups[:MOST_SLICES])
