"""What the compiler knows about the request: the features, and the words of each category."""

from __future__ import annotations

import warnings
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import polars as pl

from modelyard_bundle import Feature, Signature
from modelyard_serving.plans.columns import Column, Number, Table, Word
from modelyard_serving.plans.plan import NotUnderstoodError, Vector, type_name, understand

SEPARATOR = "\x1f"
"""Between the values of several columns in a group's key, as ByGroup writes it."""
_MOST = 1 << 22
"""How many numbers the tables of one encoder may hold. One-hot they grow with the square of the words."""
_NOT_FIRST = "an encoder that is not the first step of its columns"


@dataclass(frozen=True, slots=True)
class Features:
    """The features of a signature, with the words that the steps of one pipeline know."""

    features: tuple[Feature, ...]
    vocabularies: Mapping[str, tuple[str, ...]]

    @classmethod
    def of(cls, signature: Signature, pipeline: object) -> Features:
        """The features, and every word that any encoder or group in `pipeline` knows."""
        words: dict[str, set[str]] = {feature.name: set() for feature in signature.features}
        for name, found in _words(pipeline):
            words.setdefault(name, set()).update(found)
        wanted = [feature.name for feature in signature.features if feature.kind == "category"]
        return cls(signature.features, {name: tuple(sorted(words[name])) for name in wanted})

    def position(self, name: object) -> int:
        """The column of a feature in the plan's input."""
        for position, feature in enumerate(self.features):
            if feature.name == name:
                return position
        raise NotUnderstoodError(f"the column {name} is not in the signature")

    def column(self, name: object) -> Column:
        """A feature as it comes."""
        position = self.position(name)
        return Word(position) if self.features[position].kind == "category" else Number(position)

    def domain(self, source: int) -> list[str | bool | None]:
        """The values that a category or boolean can have, in the order of a table; null only where it may be."""
        feature = self.features[source]
        known: list[str | bool | None] = [None] if feature.nullable else []
        if feature.kind == "boolean":
            return [False, False, True, *known]
        understand(feature.kind == "category", f"an encoder over the {feature.kind} {feature.name}")
        vocabulary = self.vocabularies[feature.name]
        unseen = "?" * (1 + max(map(len, vocabulary), default=0))
        return [unseen, *vocabulary, *known]

    def tables(self, encoder: Any, columns: Sequence[Column], widths: Sequence[int]) -> list[Column]:  # noqa: ANN401 - scikit-learn has no types
        """What a fitted encoder makes of `columns`, by asking it about every value that each can have.

        Args:
            encoder: It treats each column alone.
            columns: Features as they come.
            widths: How many columns it makes of each.
        """
        sources = [column.source for column in columns]
        understand(all(column in (Word(column.source), Number(column.source)) for column in columns), _NOT_FIRST)
        names = [self.features[source].name for source in sources]
        understand(list(getattr(encoder, "feature_names_in_", ())) == names, "an encoder that was fitted without names")
        domains = [self.domain(source) for source in sources]
        understand(max(map(len, domains), default=0) * sum(widths) <= _MOST, f"{type_name(encoder)} of too many words")
        answers = _ask(encoder, dict(zip(names, domains, strict=True)))
        understand(answers.shape[1] == sum(widths), f"{type_name(encoder)} makes another number of columns")
        owners = np.repeat(np.arange(len(sources)), widths)
        return [
            Table(sources[owner], _padded(answers[: len(domains[owner]), place], self.features[sources[owner]]))
            for place, owner in enumerate(owners.tolist())
        ]


def _ask(encoder: Any, domains: Mapping[str, list[str | bool | None]]) -> Any:  # noqa: ANN401 - scikit-learn has no types
    rows = max(map(len, domains.values()), default=0)
    frame = pl.DataFrame(
        [
            pl.Series(name, values + values[:1] * (rows - len(values)), dtype=_kind(values))
            for name, values in domains.items()
        ]
    )
    with warnings.catch_warnings():
        # Some encoders warn about values that they do not know, and one is among these.
        warnings.simplefilter("ignore")
        try:
            answers = encoder.transform(frame)
        except ValueError as error:
            raise NotUnderstoodError(f"{type_name(encoder)} refuses a value that may come: {error}") from error
    answers = answers.toarray() if hasattr(answers, "toarray") else answers
    understand(getattr(answers, "dtype", None) == np.float64, f"{type_name(encoder)} does not give 64-bit numbers")
    return answers


def _kind(values: list[str | bool | None]) -> pl.DataType:
    return pl.String() if isinstance(values[0], str) else pl.Boolean()


def _padded(values: Vector, feature: Feature) -> Vector:
    """With a last value for null: one that no estimator takes for a number, where null is refused before."""
    return np.array(values) if feature.nullable else np.append(values, np.nan)


def _words(part: Any) -> Iterator[tuple[str, list[str]]]:  # noqa: ANN401 - scikit-learn has no types
    """The words that the encoders and groups in `part` know, by feature."""
    for inner in _inside(part):
        yield from _words(inner)
    if hasattr(part, "categories_"):
        for name, known in zip(getattr(part, "feature_names_in_", ()), part.categories_, strict=False):
            yield str(name), [str(value) for value in known if isinstance(value, str)]
    if type_name(part) == "modelyard_steps.groups.ByGroup":
        for key in part.groups_:
            yield from ((name, [word]) for name, word in zip(part.by, key.split(SEPARATOR), strict=False))


def _inside(part: Any) -> list[Any]:  # noqa: ANN401 - scikit-learn has no types
    kind = type_name(part)
    if kind == "sklearn.pipeline.Pipeline":
        return [step for _, step in part.steps]
    if kind == "sklearn.compose._column_transformer.ColumnTransformer":
        return [step for _, step, _ in part.transformers_]
    if kind == "modelyard_steps.groups.ByGroup":
        return [part.pool_, *part.groups_.values()]
    return []
