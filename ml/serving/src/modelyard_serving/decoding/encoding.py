"""From columns to the matrix that a compiled plan takes: one check and one array for all numbers at once.

A value becomes a 64-bit float: a number itself, false 0 and true 1, a category its position in the vocabulary that the
plan names, or -1 if it is not there. Missing is NaN. Whatever the quick way does not take goes the way of the plain
decoder, column by column, which either takes it after all or says exactly what is wrong.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from itertools import chain
from operator import itemgetter
from struct import error as StructError  # noqa: N812 - it is an exception class
from struct import pack
from types import NoneType
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray

from modelyard_bundle import Signature
from modelyard_serving.decoding.columns import ColumnDecoder, Values
from modelyard_serving.decoding.decoder import Decoder
from modelyard_serving.decoding.table import Table

Matrix = NDArray[np.float64]
UNSEEN = -1.0
_LONG = 128
_EXACT = 2.0**53
"""Up to here every whole number is a float. Beyond, the slower way looks at the whole number itself."""
_ANY = -1
"""So many values are missing as are NaN."""
_NUMERIC = frozenset({int, float})
_BOOLEAN = frozenset({bool})


@dataclass(frozen=True, slots=True)
class _Block:
    """Features of one sort, decoded together."""

    positions: Any
    """Where they are in the matrix: a slice if they are all of it, an array of places otherwise."""
    pick: Callable[[Mapping[str, Values]], tuple[Values, ...]]
    types: frozenset[type]
    array_kinds: frozenset[str]
    required: NDArray[np.intp] | None
    """Places in the block where nothing may be missing; none where that holds for all."""
    whole: NDArray[np.intp] | None
    """Places in the block where only whole numbers may be; none where there are none."""

    @classmethod
    def compile(cls, columns: Sequence[ColumnDecoder], kinds: frozenset[str], types: frozenset[type]) -> _Block | None:
        """The block for the features of some kinds; none where there are none."""
        places = [place for place, column in enumerate(columns) if column.feature.kind in kinds]
        features = [columns[place].feature for place in places]
        if not features:
            return None
        nullable = any(feature.nullable for feature in features)
        whole = [place for place, feature in enumerate(features) if feature.kind == "integer"]
        required = [place for place, feature in enumerate(features) if not feature.nullable]
        return cls(
            positions=slice(None) if len(places) == len(columns) else np.array(places),
            pick=_picker([feature.name for feature in features]),
            types=types | {NoneType} if nullable else types,
            array_kinds=frozenset("b") if types == _BOOLEAN else frozenset("fiu"),
            required=np.array(required, dtype=np.intp) if nullable else None,
            whole=np.array(whole, dtype=np.intp) if whole else None,
        )

    def encode(self, columns: Mapping[str, Values], rows: int) -> Matrix | None:
        """The block's columns, one row of the result each row; nothing if they deserve a closer look."""
        picked = self.pick(columns)
        if type(picked[0]) is np.ndarray:
            return self._checked(self._joined(picked), shape=(len(picked), rows))
        values = [column[0] for column in picked] if rows == 1 else list(chain.from_iterable(picked))
        return self._values(values, shape=(len(picked), rows))

    def encode_table(self, table: Table) -> Matrix | None:
        """The same for all features at once, if the block is all of them."""
        shape = (table.rows, len(table.names))
        if isinstance(table.flat, list):
            return self._values(table.flat, shape=shape, by_row=True)
        joined = self._joined((table.flat,))
        return self._checked(joined, shape=shape, by_row=True)

    def _values(self, values: list[object], *, shape: tuple[int, int], by_row: bool = False) -> Matrix | None:
        types = set(map(type, values))
        if not types <= self.types:
            return None
        missing = values.count(None) if NoneType in types else 0
        return self._checked(_floats(values), shape=shape, missing=missing, by_row=by_row)

    def _checked(
        self, flat: Matrix | None, *, shape: tuple[int, int], missing: int = _ANY, by_row: bool = False
    ) -> Matrix | None:
        if flat is None:
            return None
        block = flat.reshape(shape) if by_row else flat.reshape(shape).T
        return block if self._is_plain(block, missing=missing) else None

    def _joined(self, picked: tuple[Values, ...]) -> Matrix | None:
        if not all(type(column) is np.ndarray and column.dtype.kind in self.array_kinds for column in picked):
            return None
        return np.concatenate(cast("tuple[Matrix, ...]", picked), dtype=np.float64)

    def _is_plain(self, block: Matrix, *, missing: int) -> bool:
        """Whether nothing in the block could be wrong; a no means to look closer.

        Args:
            block: The values.
            missing: How many of them are missing.
        """
        if np.count_nonzero(np.isfinite(block)) != block.size and not self._may_miss(block, missing=missing):
            return False
        if self.whole is None:
            return True
        numbers = block[:, self.whole]
        right = (np.trunc(numbers) == numbers) & (np.abs(numbers) < _EXACT)
        if missing:
            right |= np.isnan(numbers)
        return bool(np.count_nonzero(right) == right.size)

    def _may_miss(self, block: Matrix, *, missing: int) -> bool:
        absent = np.isnan(block)
        if self.required is None or np.count_nonzero(np.isinf(block)):
            return False
        # A NaN among plain values is not a missing value: nothing that is JSON makes one.
        if missing not in (_ANY, np.count_nonzero(absent)):
            return False
        return not np.count_nonzero(absent[:, self.required])


@dataclass(frozen=True, slots=True)
class Encoding:
    """How the rows of one model become numbers for one plan. Compiled once, when the model is loaded."""

    decoder: Decoder
    codes: Mapping[str, Mapping[object, float]]
    """A number for each known category, by feature; NaN for null."""
    blocks: tuple[_Block, ...]
    categories: tuple[tuple[int, ColumnDecoder], ...]
    """The categories with their place in the matrix."""
    low: Matrix | None
    """The smallest values seen in training, one a feature; none where no feature has bounds."""
    high: Matrix | None

    @classmethod
    def compile(cls, signature: Signature, vocabularies: Mapping[str, Sequence[str]]) -> Encoding:
        """The encoding of `signature`'s features with the vocabularies that a plan names, one a category."""
        decoder = Decoder.compile(signature)
        blocks = (
            _Block.compile(decoder.columns, frozenset({"number", "integer"}), _NUMERIC),
            _Block.compile(decoder.columns, frozenset({"boolean"}), _BOOLEAN),
        )
        places = [(place, column) for place, column in enumerate(decoder.columns) if column.feature.kind == "category"]
        low = [-np.inf if feature.minimum is None else feature.minimum for feature in signature.features]
        high = [np.inf if feature.maximum is None else feature.maximum for feature in signature.features]
        bounded = bool(np.isfinite(low).any() or np.isfinite(high).any())
        return cls(
            decoder=decoder,
            codes={column.feature.name: _codes(vocabularies.get(column.feature.name, ())) for _, column in places},
            blocks=tuple(block for block in blocks if block is not None),
            categories=tuple(places),
            low=np.array(low) if bounded else None,
            high=np.array(high) if bounded else None,
        )

    def matrix(self, columns: Mapping[str, Values], *, max_rows: int) -> Matrix:
        """Rows by features in signature order, as 64-bit floats in C order.

        Raises:
            RequestRefusedError: Features are missing or extra, columns are empty, ragged or too long, or a value is
                not what its feature takes.
        """
        if type(columns) is Table:
            rows = self.decoder.check_rows(columns.rows, max_rows=max_rows)
        else:
            rows = self.decoder.count_rows(columns, max_rows=max_rows)
        if len(self.blocks) == 1 and not self.categories:
            block = self.blocks[0]
            matrix = block.encode_table(columns) if type(columns) is Table else block.encode(columns, rows)
            return self._closely(columns, rows) if matrix is None else np.ascontiguousarray(matrix)
        matrix = np.empty((rows, len(self.decoder.columns)))
        for block in self.blocks:
            part = block.encode(columns, rows)
            if part is None:
                return self._closely(columns, rows)
            matrix[:, block.positions] = part
        for place, column in self.categories:
            matrix[:, place] = self._coded(column, columns[column.feature.name])
        return matrix

    def _coded(self, column: ColumnDecoder, values: Values) -> list[float]:
        # Text and null are all that may be here; anything else is not a category, whatever the dictionary says.
        checked = values if set(map(type, values)) <= column.types else column.check(values)
        code = self.codes[column.feature.name].get
        return [code(value, UNSEEN) for value in checked]

    def _closely(self, columns: Mapping[str, Values], rows: int) -> Matrix:
        matrix = np.empty((rows, len(self.decoder.columns)))
        for place, column in enumerate(self.decoder.columns):
            values = column.check(columns[column.feature.name])
            if column.feature.kind == "category":
                matrix[:, place] = self._coded(column, values)
            else:
                matrix[:, place] = np.array(values, dtype=np.float64)
        return matrix

    def warnings(self, matrix: Matrix, columns: Mapping[str, Values]) -> list[str]:
        """One sentence a feature whose values training never saw, in the order of the features.

        Args:
            matrix: What `matrix` made of these columns.
            columns: Where the unseen categories are still texts.
        """
        found: dict[int, str | None] = {}
        if self.low is not None and self.high is not None:
            outside = (matrix < self.low) | (matrix > self.high)
            if np.count_nonzero(outside):
                counts = np.count_nonzero(outside, axis=0)
                for place in np.flatnonzero(counts).tolist():
                    found[place] = self.decoder.columns[place].outside(int(counts[place]), len(matrix))
        for place, column in self.categories:
            values = columns[column.feature.name]
            if column.seen is not None and not column.seen.issuperset(cast("Sequence[str]", values)):
                found[place] = column.unseen(values)
        return [sentence for _, sentence in sorted(found.items()) if sentence]


def _picker(names: list[str]) -> Callable[[Mapping[str, Values]], tuple[Values, ...]]:
    if len(names) > 1:
        return itemgetter(*names)
    (name,) = names
    return lambda columns: (columns[name],)


def _floats(values: list[object]) -> Matrix | None:
    """The values as an array that nobody writes to; nothing where one is larger than any float."""
    try:
        if len(values) >= _LONG:
            # Takes numbers and nothing else, in a quarter of the time; a null among them goes the other way.
            with suppress(StructError):
                return np.frombuffer(pack(f"{len(values)}d", *values), dtype=np.float64)
        return np.array(values, dtype=np.float64)
    except OverflowError:
        return None


def _codes(vocabulary: Sequence[str]) -> Mapping[object, float]:
    return {None: float("nan"), **{category: float(code) for code, category in enumerate(vocabulary)}}
