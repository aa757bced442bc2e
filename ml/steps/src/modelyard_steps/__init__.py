"""The preprocessing steps that training and serving share: what scikit-learn lacks, and nothing else.

Every step is a plain scikit-learn transformer over numbers. It takes a Polars frame or a NumPy array, never
imports pandas, and travels as skops. `ByGroup` is no step but holds many pipelines behind the face of one.
"""

from modelyard_steps.cyclic import CyclicEncoder
from modelyard_steps.groups import ByGroup
from modelyard_steps.outliers import OutlierClipper

__all__ = ["ByGroup", "CyclicEncoder", "OutlierClipper"]
