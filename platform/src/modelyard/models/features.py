"""A declared feature, and the frame of features as a pipeline takes it."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import TYPE_CHECKING

from modelyard.errors import InvalidModelError
from modelyard_bundle.signature import Feature, FeatureKind

if TYPE_CHECKING:
    import polars as pl

MOST_CATEGORIES = 500
"""A signature lists the values of a category up to this many."""


def number(name: str, description: str = "", *, optional: bool = False) -> Feature:
    """A feature that is a real number; `optional` if it may be missing."""
    return Feature(name=name, kind="number", nullable=optional, description=description)


def integer(name: str, description: str = "", *, optional: bool = False) -> Feature:
    """A feature that is a whole number; `optional` if it may be missing."""
    return Feature(name=name, kind="integer", nullable=optional, description=description)


def category(name: str, description: str = "", *, optional: bool = False) -> Feature:
    """A feature that is one of several words; `optional` if it may be missing."""
    return Feature(name=name, kind="category", nullable=optional, description=description)


def boolean(name: str, description: str = "", *, optional: bool = False) -> Feature:
    """A feature that is true or false; `optional` if it may be missing."""
    return Feature(name=name, kind="boolean", nullable=optional, description=description)


def named_features(
    *,
    numbers: Sequence[str] = (),
    integers: Sequence[str] = (),
    categories: Sequence[str] = (),
    booleans: Sequence[str] = (),
    optional: Collection[str] = (),
) -> tuple[Feature, ...]:
    """Features by kind; those in `optional` may be missing.

    Raises:
        InvalidModelError: `optional` names what is no feature.
    """
    made: dict[FeatureKind, Sequence[str]] = {
        "number": numbers,
        "integer": integers,
        "category": categories,
        "boolean": booleans,
    }
    named = tuple(
        Feature(name=name, kind=kind, nullable=name in optional) for kind, names in made.items() for name in names
    )
    strangers = sorted(set(optional) - {feature.name for feature in named})
    if strangers:
        raise InvalidModelError(
            f"optional names what is no feature: {', '.join(strangers)}",
            hint="name it among the features, or leave it out",
        )
    return named


def feature_frame(frame: pl.DataFrame, features: Sequence[Feature]) -> pl.DataFrame:
    """The features by name and in order, in the types that training and serving share.

    Numbers become Float64, integers Int64, categories String, booleans Boolean. NaN counts as missing.
    """
    import polars as pl

    types = {"number": pl.Float64, "integer": pl.Int64, "category": pl.String, "boolean": pl.Boolean}
    chosen = frame.select(pl.col(feature.name).cast(types[feature.kind]) for feature in features)
    return chosen.fill_nan(None)


def seen_features(frame: pl.DataFrame, features: Sequence[Feature]) -> tuple[Feature, ...]:
    """The features with the categories and the range that the rows of `frame` hold."""
    return tuple(_seen(frame.get_column(feature.name), feature) for feature in features)


def _seen(values: pl.Series, feature: Feature) -> Feature:
    from dataclasses import replace

    present = values.drop_nulls()
    if feature.kind == "category":
        words = sorted(present.unique().to_list())
        return replace(feature, categories=tuple(words) if 0 < len(words) <= MOST_CATEGORIES else None)
    if feature.kind == "boolean" or present.is_empty():
        return feature
    low, high = present.min(), present.max()
    return replace(feature, minimum=float(str(low)), maximum=float(str(high)))
