"""All features of some rows in one piece: for models whose features are all numbers, sent in the signature's order."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from modelyard_serving.decoding.columns import Array, Values


@dataclass(frozen=True, slots=True)
class Table(Mapping[str, Values]):
    """Numbers row after row, as they came; column by column for whoever asks for a feature."""

    names: tuple[str, ...]
    rows: int
    flat: list[object] | Array
    """Row after row: plain values, or a one-dimensional array. There are rows times features of them."""

    def __getitem__(self, name: str) -> Values:
        try:
            place = self.names.index(name)
        except ValueError as error:
            raise KeyError(name) from error
        return self.flat[place :: len(self.names)]

    def __iter__(self) -> Iterator[str]:
        return iter(self.names)

    def __len__(self) -> int:
        return len(self.names)
