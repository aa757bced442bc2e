"""A model that has learned from the older rows of a sample, and the rows that it has not seen."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from modelyard.models.features import feature_frame
from modelyard.models.interface import Model, new_model
from modelyard.models.preparing import label_values, labelled_parts, labelled_rows
from modelyard.models.spec import ModelSpec

if TYPE_CHECKING:
    import polars as pl


@dataclass(frozen=True, slots=True, kw_only=True)
class Learned:
    """A model, what it has learned from, and what came later."""

    spec: ModelSpec
    parameters: Mapping[str, Any]
    train: pl.DataFrame
    later: pl.DataFrame
    """The validation rows: after the training rows in time, or other entities."""
    everything: pl.DataFrame
    model: Model

    def again(self, rows: pl.DataFrame) -> Model:
        """Another model of the same declaration, seed and parameters, that has learned from these rows."""
        return new_model(self.spec, self.parameters).fit(rows, label_values(rows))


def learn(spec: ModelSpec, frame: pl.DataFrame, *, parameters: Mapping[str, Any] | None = None) -> Learned:
    """Learn from rows of the CURATED table, with no column in reach but features and label.

    Args:
        spec: The declaration.
        frame: Rows of the table, enough to be split.
        parameters: With which to build; none by default, so that the estimator's own defaults count.

    Raises:
        InvalidModelError: the declaration does not fit the table.
        DataNotReadyError: the table holds too little.
    """
    parts = labelled_parts(spec, frame, data_versions={})
    chosen = {**(parameters or {}), "seed": spec.seed}
    model = new_model(spec, chosen)
    model.fit(feature_frame(parts.train, spec.features), label_values(parts.train))
    return Learned(
        spec=spec,
        parameters=chosen,
        train=parts.train,
        later=parts.validation,
        everything=labelled_rows(spec, frame),
        model=model,
    )
