"""Outliers: values beyond what the training data held are pulled back to its edge."""

# mypy: disable-error-code="import-untyped,misc"
from __future__ import annotations

from typing import Self

import numpy as np
from numpy.typing import NDArray
from sklearn.base import BaseEstimator, OneToOneFeatureMixin, TransformerMixin
from sklearn.utils import Tags
from sklearn.utils.validation import check_is_fitted, validate_data


class OutlierClipper(OneToOneFeatureMixin, TransformerMixin, BaseEstimator):
    """Clips each column to the quantiles that the training data had.

    A missing value stays missing: what to do with it is the estimator's or an imputer's business.

    Args:
        lower: The quantile below which a value counts as an outlier, in [0, 1).
        upper: The quantile above which a value counts as an outlier, in (0, 1].
    """

    def __init__(self, lower: float = 0.001, upper: float = 0.999) -> None:
        self.lower = lower
        self.upper = upper

    def fit(self, X: object, y: object = None) -> Self:  # noqa: ARG002, N803 (scikit-learn's names)
        """Learn the bounds of each column.

        Raises:
            ValueError: the quantiles are not `0 <= lower < upper <= 1`.
        """
        if not 0 <= self.lower < self.upper <= 1:
            raise ValueError(f"quantiles must be 0 <= lower < upper <= 1; found {self.lower} and {self.upper}")
        values = self._numbers(X, reset=True)
        self.lower_bounds_, self.upper_bounds_ = _quantiles(values, self.lower), _quantiles(values, self.upper)
        return self

    def transform(self, X: object) -> NDArray[np.float64]:  # noqa: N803
        """The same columns with outliers at the learned bounds."""
        check_is_fitted(self)
        clipped: NDArray[np.float64] = np.clip(self._numbers(X, reset=False), self.lower_bounds_, self.upper_bounds_)
        return clipped

    def _numbers(self, rows: object, *, reset: bool) -> NDArray[np.float64]:
        numbers: NDArray[np.float64] = validate_data(
            self, rows, reset=reset, dtype=np.float64, ensure_all_finite="allow-nan"
        )
        return numbers

    def __sklearn_tags__(self) -> Tags:
        tags: Tags = super().__sklearn_tags__()
        tags.input_tags.allow_nan = True
        return tags


def _quantiles(values: NDArray[np.float64], quantile: float) -> NDArray[np.float64]:
    """One quantile per column over what is present; a column without any value is not clipped (NaN bound)."""
    return np.array(
        [np.quantile(present, quantile) if present.size else np.nan for present in (c[~np.isnan(c)] for c in values.T)]
    )
