"""Rows with what a version says of them, and where that comes from."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from modelyard.errors import InvalidModelError
from modelyard.models.interface import Model
from modelyard.registry.versions import ModelVersion
from modelyard_bundle.signature import Output

if TYPE_CHECKING:
    import polars as pl


@dataclass(frozen=True, slots=True, kw_only=True)
class Scorer:
    """A version, opened, and what is written beside every score."""

    version: ModelVersion
    model: Model
    output: Output
    kept: Sequence[str]
    """The columns that name a row; they are carried over."""
    data_version: int
    """Of the table that is scored."""

    def score(self, rows: pl.DataFrame, *, at: str) -> pl.DataFrame:
        """One row for each row; a row that lacks what the model needs has no score, and says why.

        Raises:
            InvalidModelError: the table does not have a column that the model needs, or in another type.
        """
        import polars as pl

        marked = rows.select(*self.kept, self._problem(rows).alias("_problem")).with_row_index("_row")
        whole = marked.filter(pl.col("_problem").is_null()).get_column("_row")
        scores = pl.Series("_score", self._predicted(rows[whole]), dtype=pl.Float64)
        found = pl.DataFrame([whole, scores])
        scored = marked.join(found, on="_row", how="left", maintain_order="left").drop("_row")
        return scored.with_columns(
            self._label().alias("_label"),
            pl.lit(self.version.version, pl.Int64).alias("_model_version"),
            pl.lit(self.version.digest).alias("_model_digest"),
            pl.lit(self.data_version, pl.Int64).alias("_data_version"),
            pl.lit(at).alias("_scored_at"),
        )

    def _predicted(self, rows: pl.DataFrame) -> Sequence[float]:
        import polars as pl

        if rows.is_empty():
            return []
        try:
            return self.model.predict(rows).tolist()  # type: ignore[no-any-return]
        except pl.exceptions.PolarsError as error:
            raise InvalidModelError(
                f"the rows do not fit {self.version.model} version {self.version.version}: {error}",
                hint=f"modelyard model check {self.version.model}",
            ) from error

    def _problem(self, rows: pl.DataFrame) -> pl.Expr:
        """The first feature that a row lacks and the model needs; null where there is none."""
        import polars as pl

        needed = [feature for feature in self.model.features if not feature.nullable]
        absent = [feature.name for feature in self.model.features if feature.name not in rows.columns]
        if absent:
            raise InvalidModelError(
                f"{self.version.model} version {self.version.version} needs {', '.join(absent)}, "
                "which the table does not have any more",
                hint=f"modelyard model train {self.version.model}",
            )
        gaps = [
            pl.when(_is_missing(rows, feature.name)).then(pl.lit(f"{feature.name} is missing")) for feature in needed
        ]
        return pl.coalesce([*gaps, pl.lit(None, pl.String)])

    def _label(self) -> pl.Expr:
        """What the score means, in the declaration's words; null where it is a number and nothing else."""
        import polars as pl

        if self.output.kind != "probability" or self.output.labels is None:
            return pl.lit(None, pl.String)
        negative, positive = self.output.labels
        threshold = 0.5 if self.output.threshold is None else self.output.threshold
        return (
            pl.when(pl.col("_score") >= threshold)
            .then(pl.lit(positive))
            .when(pl.col("_score").is_not_null())
            .then(pl.lit(negative))
        )


def _is_missing(rows: pl.DataFrame, name: str) -> pl.Expr:
    import polars as pl

    column = pl.col(name)
    return column.is_null() | column.is_nan() if rows.schema[name].is_float() else column.is_null()
