"""What floors are held to: metrics within every slice of the validation rows, by the model that had not seen them.

The registered pipeline may have learned from these rows later, so nobody can measure this again after training.
"""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from modelyard.evaluation.floors import check_floors
from modelyard.models.preparing import label_values
from modelyard_training.fitting import TrainedModel

_KEPT = ("column", "value", "rows", "metric", "found")


def slices_of(trained: TrainedModel) -> tuple[dict[str, Any], ...]:
    """One record for each slice of each declared floor; `found` is none where the metric is not defined."""
    spec, rows = trained.spec, trained.parts.validation
    held = check_floors(
        label_values(rows),
        trained.validation_scores,
        spec.floors,
        columns={floor.column: rows.get_column(floor.column).to_list() for floor in spec.floors},
        threshold=0.5 if spec.output.threshold is None else spec.output.threshold,
    )
    return tuple({name: value for name, value in asdict(one).items() if name in _KEPT} for one in held)
