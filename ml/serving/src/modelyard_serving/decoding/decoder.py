"""The decoder of one model: columns by name, whatever format they came in, to the frame that its pipeline takes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import polars as pl

from modelyard_bundle import Signature
from modelyard_bundle.signature import FeatureKind
from modelyard_serving.decoding.columns import ColumnDecoder, Values
from modelyard_serving.refusals import RequestRefusedError

_NAMED = 5


@dataclass(frozen=True, slots=True)
class Decoder:
    """Compiled from a signature once, when its model is loaded."""

    columns: tuple[ColumnDecoder, ...]
    names: tuple[str, ...]
    expected: frozenset[str]
    kinds: Mapping[str, FeatureKind]
    """By the feature's name."""
    is_numeric: bool
    """Whether every feature is a number, so that rows may be decoded in one piece."""

    @classmethod
    def compile(cls, signature: Signature) -> Decoder:
        """The decoder for `signature`."""
        return cls(
            columns=tuple(ColumnDecoder.compile(feature) for feature in signature.features),
            names=signature.names,
            expected=frozenset(signature.names),
            kinds={feature.name: feature.kind for feature in signature.features},
            is_numeric=all(feature.kind in ("number", "integer") for feature in signature.features),
        )

    def frame(self, values: Mapping[str, Values], *, max_rows: int) -> pl.DataFrame:
        """The frame that the pipeline takes.

        Raises:
            RequestRefusedError: Features are missing or extra, columns are empty, ragged or too long, or a value is
                not what its feature takes.
        """
        self.count_rows(values, max_rows=max_rows)
        return pl.DataFrame([column.decode(values[column.feature.name]) for column in self.columns])

    def count_rows(self, values: Mapping[str, Values], *, max_rows: int) -> int:
        """How many rows the columns have.

        Raises:
            RequestRefusedError: Features are missing or extra, or columns are empty, ragged or too long.
        """
        if values.keys() != self.expected:
            self.check_names(values.keys())
        lengths = set(map(len, values.values()))
        if len(lengths) != 1:
            by_name = ", ".join(f"{name} {len(values[name])}" for name in self.names[:_NAMED])
            raise RequestRefusedError("ragged", f"columns have different numbers of rows: {by_name}")
        return self.check_rows(lengths.pop(), max_rows=max_rows)

    def check_rows(self, rows: int, *, max_rows: int) -> int:
        """The number of rows, if there may be so many.

        Raises:
            RequestRefusedError: There are none, or too many.
        """
        if rows == 0:
            raise RequestRefusedError("no_rows", "there are no rows to predict")
        if rows > max_rows:
            raise RequestRefusedError("too_many_rows", f"{rows} rows, allowed are {max_rows} a request", status=413)
        return rows

    def warnings(self, values: Mapping[str, Values]) -> list[str]:
        """One sentence a feature whose values training never saw."""
        found = (column.unseen(values[column.feature.name]) for column in self.columns)
        return [sentence for sentence in found if sentence]

    def check_names(self, names: object) -> None:
        """Refuse anything but exactly the model's features.

        Raises:
            RequestRefusedError: A feature is missing, or one is not the model's.
        """
        found = frozenset(names) if not isinstance(names, frozenset) else names  # type: ignore[call-overload]
        if found == self.expected:
            return
        if missing := [name for name in self.names if name not in found]:
            raise RequestRefusedError("missing_feature", f"missing: {_some(missing)}; the model takes all its features")
        raise RequestRefusedError(
            "unknown_feature", f"unknown: {_some(sorted(map(str, found - self.expected)))}; the model does not take it"
        )


def _some(names: list[str]) -> str:
    quoted = ", ".join(name[: _NAMED * 10] for name in names[:_NAMED])
    return quoted if len(names) <= _NAMED else f"{quoted} and {len(names) - _NAMED} more"
