"""One pipeline per group of rows, and a pooled one for groups that are too small or were never seen."""

# mypy: disable-error-code="import-untyped,misc"
from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray
from sklearn.base import BaseEstimator, clone
from sklearn.utils.validation import check_is_fitted

Values = NDArray[np.float64]
Rows = NDArray[np.int64]

SEPARATOR = "\x1f"
"""Between the values of several columns in a group's key. It is in no text that people write."""


class ByGroup(BaseEstimator):
    """Many small models behind the face of one: each row is answered by its group's pipeline.

    Args:
        pipeline: Unfitted; each group and the pool get a copy. It takes a Polars frame.
        by: The columns whose values make a group.
        fewest: A group with fewer rows is left to the pooled pipeline.
    """

    def __init__(self, pipeline: Any = None, by: Sequence[str] = (), fewest: int = 50) -> None:  # noqa: ANN401 - an estimator of any kind
        self.pipeline = pipeline
        self.by = by
        self.fewest = fewest

    def fit(self, X: Any, y: Values) -> Self:  # noqa: ANN401, N803 - scikit-learn's names
        """Fit the pool, then every group that is large enough."""
        fitted = {key: self.fit_group(X, y, rows) for key, rows in self.ready(X, y).items()}
        return self.take(self.fit_pool(X, y), fitted)

    def fit_pool(self, X: Any, y: Values) -> Any:  # noqa: ANN401, N803 - scikit-learn's names
        """The pooled pipeline, fitted on all rows."""
        return clone(self.pipeline).fit(X, y)

    def fit_group(self, X: Any, y: Values, rows: Rows) -> Any:  # noqa: ANN401, N803 - scikit-learn's names
        """One group's pipeline, fitted on its rows."""
        return clone(self.pipeline).fit(X[rows], y[rows])

    def take(self, pool: Any, groups: Mapping[str, Any]) -> Self:  # noqa: ANN401 - a frame of any library
        """Become the model that these fitted pipelines are, whoever fitted them."""
        self.pool_ = pool
        self.groups_ = {key: groups[key] for key in sorted(groups)}
        return self

    @property
    def classes_(self) -> NDArray[Any]:
        """The classes that the pool knows, and with it every group; whoever serves the model asks for them."""
        classes: NDArray[Any] = self.pool_.classes_
        return classes

    def ready(self, X: Any, y: Values) -> dict[str, Rows]:  # noqa: ANN401, N803 - scikit-learn's names
        """The groups that get a pipeline of their own, with their rows."""
        reasons = self.pooled(X, y)
        return {key: rows for key, rows in group_rows(X, self.by).items() if key not in reasons}

    def pooled(self, X: Any, y: Values) -> dict[str, str]:  # noqa: ANN401, N803 - scikit-learn's names
        """The groups that are left to the pool, each with the reason.

        A group without any value of a feature is one of them: what its own pipeline would make of the values that come
        later, nobody could say. A feature with one value only does no harm, it just tells nothing.
        """
        gaps = _gaps(X)
        reasons = ((key, self._reason(y, rows, gaps)) for key, rows in group_rows(X, self.by).items())
        return {key: reason for key, reason in reasons if reason}

    def _reason(self, y: Values, rows: Rows, gaps: Mapping[str, NDArray[np.bool_]]) -> str:
        if len(rows) < self.fewest:
            return f"fewer than {self.fewest} rows"
        if np.ptp(y[rows]) == 0:
            return "one label only"
        empty = [name for name, missing in gaps.items() if missing[rows].all()]
        return f"no value of {' and '.join(empty)}" if empty else ""

    def predict(self, X: Any) -> Values:  # noqa: ANN401, N803 - scikit-learn's names
        """The number, one a row."""
        return self._answered(X, "predict")

    def predict_proba(self, X: Any) -> Values:  # noqa: ANN401, N803 - scikit-learn's names
        """The probability of every class, one row a row."""
        return self._answered(X, "predict_proba")

    def _answered(self, frame: Any, question: str) -> Values:  # noqa: ANN401 - a frame of any library
        check_is_fitted(self, "pool_")
        parts = list(self._parts(frame))
        if len(parts) == 1:
            alone: Values = getattr(parts[0][0], question)(frame)
            return alone
        answers = [getattr(pipeline, question)(frame[rows]) for pipeline, rows in parts]
        order = np.argsort(np.concatenate([rows for _, rows in parts]), kind="stable")
        together: Values = np.concatenate(answers)[order]
        return together

    def _parts(self, frame: Any) -> Iterator[tuple[Any, Rows]]:  # noqa: ANN401 - a frame of any library
        """Pipelines with the rows that they answer; the pool answers for all groups without one at once."""
        strangers: list[Rows] = []
        for key, rows in group_rows(frame, self.by).items():
            if key in self.groups_:
                yield self.groups_[key], rows
            else:
                strangers.append(rows)
        if strangers:
            yield self.pool_, np.sort(np.concatenate(strangers))


def group_rows(frame: Any, by: Sequence[str]) -> dict[str, Rows]:  # noqa: ANN401 - a frame of any library
    """The rows of each group, in one pass: every column as whole numbers, then one sort.

    A group's key is the text of its values; a missing value is the empty text.
    """
    codes, keys = np.zeros(len(frame), dtype=np.int64), [""]
    for place, column in enumerate(by):
        words, found = np.unique(_texts(frame[column]), return_inverse=True)
        codes, keys = _merged(codes, keys, found.astype(np.int64), words.tolist(), first=place == 0)
    order = np.argsort(codes, kind="stable")
    cuts = np.flatnonzero(np.diff(codes[order])) + 1
    return {keys[codes[rows[0]]]: rows for rows in np.split(order, cuts) if len(rows)}


def _gaps(frame: Any) -> dict[str, NDArray[np.bool_]]:  # noqa: ANN401 - a frame of any library
    """Of every column that has gaps, where they are."""
    found = {}
    for name in frame.columns:
        column = frame[name]
        missing = column.is_null() | column.is_nan().fill_null(value=True) if _is_float(column) else column.is_null()
        if missing.any():
            found[name] = missing.to_numpy()
    return found


def _is_float(column: Any) -> bool:  # noqa: ANN401 - a Polars series, which this package does not import
    return bool(column.dtype.is_float())


def _merged(codes: Rows, keys: list[str], found: Rows, words: list[str], *, first: bool) -> tuple[Rows, list[str]]:
    """The codes of one more column, merged; only the pairs that occur get a key."""
    pairs, merged = np.unique(codes * len(words) + found, return_inverse=True)
    texts = [
        words[pair % len(words)] if first else keys[pair // len(words)] + SEPARATOR + words[pair % len(words)]
        for pair in pairs.tolist()
    ]
    return merged.astype(np.int64), texts


def _texts(column: Any) -> NDArray[np.str_]:  # noqa: ANN401 - a Polars series, which this package does not import
    return np.array(["" if value is None else str(value) for value in column.to_list()], dtype=np.str_)
