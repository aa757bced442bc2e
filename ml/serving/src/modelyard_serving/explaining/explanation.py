"""An explanation: what each feature added to each prediction."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

Method = Literal["exact", "sampled"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Explanation:
    """Shapley values: base and contributions of a row add up to its prediction, as the model API gives it."""

    features: tuple[str, ...]
    output: str
    """What they add up to: probability, or the name of the number."""
    base: float
    """The mean prediction of the background."""
    contributions: NDArray[np.float64]
    """Rows by features, in the unit of the output."""
    method: Method
    """Exact: over all subsets of the features. Sampled: over random orders of them."""
    background: int
    """Rows of the stored example that stand for what is usual."""

    def summary(self) -> dict[str, Any]:
        """What there is to know about it beside the contributions."""
        return {
            "output": self.output,
            "features": list(self.features),
            "method": self.method,
            "background_rows": self.background,
        }

    def document(self) -> dict[str, Any]:
        """The explanation as JSON values: one object of contributions a row."""
        rows = [dict(zip(self.features, row, strict=True)) for row in self.contributions.tolist()]
        return {
            "output": self.output,
            "base_value": self.base,
            "contributions": rows,
            "method": self.method,
            "background_rows": self.background,
        }
