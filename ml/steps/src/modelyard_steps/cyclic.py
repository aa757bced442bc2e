"""Time of day, month, weekday: numbers that start again, so that December lies next to January."""

# mypy: disable-error-code="import-untyped,misc"
from __future__ import annotations

from typing import Self

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.utils import Tags
from sklearn.utils.validation import _check_feature_names_in as names_in
from sklearn.utils.validation import check_is_fitted, validate_data


class CyclicEncoder(TransformerMixin, BaseEstimator):
    """Turns each column into the sine and the cosine of its place in a period.

    Args:
        period: The length of one turn in the column's unit: 24 for hours, 12 for months, 7 for weekdays.
    """

    def __init__(self, period: float = 24) -> None:
        self.period = period

    def fit(self, X: object, y: object = None) -> Self:  # noqa: ARG002, N803 (scikit-learn's names)
        """Check the columns; there is nothing to learn but their names.

        Raises:
            ValueError: the period is not above zero.
        """
        if not self.period > 0:
            raise ValueError(f"a period must be above 0; found {self.period}")
        self._numbers(X, reset=True)
        return self

    def transform(self, X: object) -> NDArray[np.float64]:  # noqa: N803
        """Sine and cosine of every column, side by side. A missing value gives two missing values."""
        check_is_fitted(self, "n_features_in_")
        turns = self._numbers(X, reset=False) * (2 * np.pi / self.period)
        return np.stack([np.sin(turns), np.cos(turns)], axis=2).reshape(len(turns), -1)

    def get_feature_names_out(self, input_features: ArrayLike | None = None) -> NDArray[np.object_]:
        """`hour` becomes `hour_sin` and `hour_cos`."""
        check_is_fitted(self, "n_features_in_")
        names = names_in(self, input_features)
        return np.array([f"{name}_{wave}" for name in names for wave in ("sin", "cos")], dtype=object)

    def _numbers(self, rows: object, *, reset: bool) -> NDArray[np.float64]:
        numbers: NDArray[np.float64] = validate_data(
            self, rows, reset=reset, dtype=np.float64, ensure_all_finite="allow-nan"
        )
        return numbers

    def __sklearn_tags__(self) -> Tags:
        tags: Tags = super().__sklearn_tags__()
        tags.input_tags.allow_nan = True
        return tags
