"""What a new model predicts: a column, said as people say it, and the label that follows from it."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from modelyard.errors import InvalidModelError
from modelyard_bundle.signature import Task

if TYPE_CHECKING:
    import polars as pl

SAID = re.compile(r"(?P<column>[A-Za-z_]\w*)\s*(?:(?P<sign>[=>])\s*(?P<value>.+))?")
FORMS = "COLUMN, COLUMN=VALUE or COLUMN>NUMBER"
USUAL: tuple[str, ...] = (
    "target",
    "label",
    "outcome",
    "churn",
    "churned",
    "default",
    "defaulted",
    "fraud",
    "response",
    "converted",
)
USUAL += ("survived", "readmitted", "cancelled", "failed", "failure", "late", "bought", "clicked", "class", "y")
USUAL += ("price", "sales", "revenue", "demand", "amount")
"""Names that targets usually have, the likeliest first."""
POSITIVE = frozenset({"yes", "y", "true", "t", "1", "positive", "late", "bad", "failed", "default", "churned", "fraud"})
MOST_LISTED = 8
TWO = 2


@dataclass(frozen=True, slots=True)
class Target:
    """A label as an expression over one column."""

    column: str
    task: Task
    method: str = ""
    """The Polars method that makes a label of the column, such as `eq`; none where the column is the label."""
    value: str | int | float | None = None
    """What the method takes."""
    labels: tuple[str, ...] = ()
    """Binary: what 0 and 1 are called."""

    @property
    def code(self) -> str:
        """The expression as Python."""
        call = f".{self.method}({json.dumps(self.value, ensure_ascii=False)})" if self.method else ""
        return f'pl.col("{self.column}"){call}'

    @property
    def said(self) -> str:
        """The target as people say it, in one of the forms that `find_target` takes."""
        sign = {"eq": "=", "gt": ">"}.get(self.method, "")
        return f"{self.column}{sign}{self.value}" if sign else self.column

    def of(self, frame: pl.DataFrame) -> pl.Series:
        """The labels of the rows, as numbers."""
        import polars as pl

        column = pl.col(self.column)
        expression = getattr(column, self.method)(self.value) if self.method else column
        return frame.select(expression.cast(pl.Float64)).to_series()


def find_target(frame: pl.DataFrame, said: str) -> Target:
    """The target that somebody named.

    Raises:
        InvalidModelError: there is no such column or value, or the column can't be predicted as it is.
    """
    matched = SAID.fullmatch(said.strip())
    if matched is None:
        raise InvalidModelError(f"target {said!r} is not understood; allowed: {FORMS}", hint=_hint("COLUMN"))
    column, sign, value = matched["column"], matched["sign"], matched["value"]
    if column not in frame.columns:
        raise InvalidModelError(
            f"the table has no column {column!r} to predict; found {', '.join(frame.columns)}", hint=_hint("COLUMN")
        )
    values = frame.get_column(column).drop_nulls()
    if values.n_unique() < TWO:
        found = f"one value, {values[0]!r}" if len(values) else "no value"
        raise InvalidModelError(
            f"every row of {column} has {found}: there is nothing to tell apart; allowed: at least two values",
            hint="ingest rows with other outcomes, or name another: modelyard model new NAME --target COLUMN",
        )
    if sign == "=":
        return _one_value(values, value)
    return _above(values, value) if sign == ">" else _whole(values)


def propose_target(frame: pl.DataFrame, *, leave: tuple[str, ...] = ()) -> Target:
    """The likeliest target: a column that is called like one, else the last one that has two values, else a number.

    Raises:
        InvalidModelError: nothing in the table can be predicted.
    """
    candidates = [name for name in frame.columns if name not in leave and not name.startswith("_")]
    named = [name for usual in USUAL for name in candidates if name.lower() == usual]
    named += [name for usual in USUAL for name in candidates if usual in name.lower().split("_") and name not in named]
    twofold = [name for name in reversed(candidates) if frame.get_column(name).drop_nulls().n_unique() == TWO]
    numbers = [name for name in reversed(candidates) if frame.schema[name].is_float()]
    for name in (*named, *twofold, *numbers):
        try:
            return find_target(frame, name)
        except InvalidModelError:
            continue
    raise InvalidModelError(
        f"no column suggests itself as what is to be predicted; found {', '.join(candidates)}", hint=_hint("COLUMN")
    )


def _whole(values: pl.Series) -> Target:
    """The column as it is: true or false, one of two values, or a number."""
    import polars as pl

    name, distinct = values.name, values.unique().sort()
    if values.dtype == pl.Boolean:
        return Target(name, "binary", labels=(f"not {_words(name)}", _words(name)))
    if len(distinct) == TWO and (values.dtype == pl.String or values.dtype.is_integer()):
        return _one_value(values, str(_positive(values, distinct)))
    if values.dtype.is_numeric():
        return Target(name, "regression")
    if values.dtype == pl.String:
        shown = ", ".join(distinct.head(MOST_LISTED).to_list()) + (" …" if len(distinct) > MOST_LISTED else "")
        raise InvalidModelError(
            f"{name} has {len(distinct)} values ({shown}): allowed are two, or one of them against the others",
            hint=_hint(f"{name}={distinct[0]}"),
        )
    raise InvalidModelError(
        f"{name} holds {values.dtype}, which cannot be predicted; allowed: true or false, words, numbers",
        hint=_hint("COLUMN"),
    )


def _positive(values: pl.Series, distinct: pl.Series) -> object:
    """Which of two values is the event: the larger number, else the word that says yes, else the rarer word."""
    if values.dtype.is_integer():
        return distinct[1]
    for value in distinct:
        if str(value).lower() in POSITIVE:
            return value
    return distinct[0] if int((values == distinct[0]).sum()) * 2 < len(values) else distinct[1]


def _one_value(values: pl.Series, said: str) -> Target:
    import polars as pl

    wanted: str | int = said
    if values.dtype.is_integer() and re.fullmatch(r"-?\d+", said):
        wanted = int(said)
    if values.dtype == pl.Boolean or values.dtype.is_float() or wanted not in values.unique().to_list():
        known = ", ".join(map(str, values.unique().sort().head(MOST_LISTED).to_list()))
        raise InvalidModelError(
            f"{values.name} is never {said!r}; among its values are {known}", hint=_hint(f"{values.name}=VALUE")
        )
    others = [str(value) for value in values.unique().sort() if value != wanted]
    if isinstance(wanted, int):
        labels = (f"not {_words(values.name)}", _words(values.name))
    else:
        labels = (others[0] if len(others) == 1 else f"not {wanted}", wanted)
    return Target(values.name, "binary", "eq", wanted, labels)


def _above(values: pl.Series, said: str) -> Target:
    name = values.name
    try:
        limit = float(said)
    except ValueError:
        limit = float("nan")
    if not values.dtype.is_numeric() or limit != limit:  # noqa: PLR0124 - NaN
        raise InvalidModelError(f"{name}>{said} compares no number with a number", hint=_hint(f"{name}>NUMBER"))
    above = int((values > limit).sum())
    if above in (0, len(values)):
        raise InvalidModelError(
            f"{name} is above {limit:g} in {above} of {len(values)} rows; "
            f"it ranges from {values.min()!s} to {values.max()!s}",
            hint=_hint(f"{name}>NUMBER"),
        )
    plain = int(limit) if limit == int(limit) else limit
    return Target(name, "binary", "gt", plain, (f"at most {plain}", f"above {plain}"))


def _words(name: str) -> str:
    return name.replace("_", " ").strip()


def _hint(target: str) -> str:
    return (
        f"modelyard model new NAME --target {target!r}"
        if "=" in target
        else f"modelyard model new NAME --target {target}"
    )
