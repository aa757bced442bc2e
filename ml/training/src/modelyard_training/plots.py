"""The plots of a training, by file name, all on rows that the plotted model had not learned from."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

import numpy as np

from modelyard.evaluation.plots import calibration_plot, importance_plot, residual_plot, roc_plot
from modelyard.models.preparing import label_values
from modelyard_training.fitting import TrainedModel
from modelyard_training.importance import importances

if TYPE_CHECKING:
    import polars as pl
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from numpy.typing import NDArray

_MOST_COLUMNS = 20
"""A heatmap of more columns cannot be read."""
_STEEP = 0.5
"""A correlation beyond this is written in white on its dark field."""


def plots_of(trained: TrainedModel, *, seed: int) -> dict[str, bytes]:
    """PNGs by file name: importance for every model, and what its task is judged by."""
    rows, metric = trained.parts.validation, trained.spec.metric
    labels, scores = label_values(rows), {"validation": trained.validation_scores}
    important = importances(trained.model, rows, metric=metric, seed=seed)
    found = {"importance.png": importance_plot(important, metric=metric)}
    if trained.spec.task == "regression":
        return {
            "residuals.png": residual_plot(labels, scores),
            "correlation.png": correlation_heatmap(_numbers(trained)),
            "regression.png": regression_plot(trained, leading=_leading(trained)),
            **found,
        }
    return {"roc.png": roc_plot(labels, scores), "calibration.png": calibration_plot(labels, scores), **found}


def correlation_heatmap(columns: dict[str, NDArray[np.float64]]) -> bytes:
    """Pearson's correlation of every two columns, as a square of colours with numbers in them."""
    names = list(columns)
    with np.errstate(invalid="ignore", divide="ignore"):
        matrix = np.atleast_2d(np.corrcoef(np.array(list(columns.values()))))
    size = 2.5 + 0.6 * len(names)
    figure, axes = _figure("Correlation", size=(size, size))
    axes.imshow(matrix, cmap="YlGnBu", vmin=-1, vmax=1)
    axes.set_xticks(range(len(names)), names, rotation=45, ha="right")
    axes.set_yticks(range(len(names)), names)
    for (row, column), value in np.ndenumerate(matrix):
        colour = "white" if abs(value) > _STEEP else "black"
        axes.text(column, row, f"{value:.2f}", ha="center", va="center", color=colour, fontsize=8)
    return _png(figure)


def regression_plot(trained: TrainedModel, *, leading: str) -> bytes:
    """Labels and predictions over the feature that goes most with the label, and the straight line through them."""
    rows = trained.parts.validation
    x, labels = rows.get_column(leading).cast(float).to_numpy(), label_values(rows)
    present = ~np.isnan(x)
    figure, axes = _figure("Regression", size=(5, 4))
    axes.set_xlabel(leading)
    axes.set_ylabel(trained.spec.output.name)
    axes.plot(x, labels, marker=".", linestyle="", color="tab:red", label="label")
    axes.plot(x, trained.validation_scores, marker="x", linestyle="", color="tab:blue", label="prediction")
    if np.ptp(x[present]) > 0:
        slope, start = np.polyfit(x[present], labels[present], 1)
        ends = np.array([x[present].min(), x[present].max()])
        axes.plot(ends, slope * ends + start, color="tab:green", label="straight line")
    axes.legend(loc="upper left")
    return _png(figure)


def _numbers(trained: TrainedModel) -> dict[str, NDArray[np.float64]]:
    """The label and the numeric features on all rows that were learned from or validated on."""
    import polars as pl

    rows = pl.concat([trained.parts.train, trained.parts.validation])
    features = [one.name for one in trained.spec.features if one.kind in ("number", "integer")]
    whole = rows.drop_nulls(features) if rows.drop_nulls(features).height > 1 else rows
    columns = {name: _column(whole, name) for name in features[: _MOST_COLUMNS - 1]}
    return {trained.spec.output.name: label_values(whole), **columns}


def _leading(trained: TrainedModel) -> str:
    """The numeric feature whose correlation with the label is largest; any feature where none has one."""
    columns = _numbers(trained)
    label = columns.pop(trained.spec.output.name)
    with np.errstate(invalid="ignore", divide="ignore"):
        strength = {name: abs(np.nan_to_num(np.corrcoef(label, values)[0, 1])) for name, values in columns.items()}
    return max(strength, key=lambda name: float(strength[name]), default=trained.spec.feature_names[0])


def _column(rows: pl.DataFrame, name: str) -> NDArray[np.float64]:
    import polars as pl

    values: NDArray[np.float64] = rows.get_column(name).cast(pl.Float64).to_numpy()
    return values


def _figure(title: str, *, size: tuple[float, float]) -> tuple[Figure, Axes]:
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=size, dpi=100, layout="tight")
    FigureCanvasAgg(figure)
    axes = figure.add_subplot()
    axes.set_title(title)
    return figure, axes


def _png(figure: Figure) -> bytes:
    content = io.BytesIO()
    # Without the library's version in it, the same figure is the same bytes.
    figure.savefig(content, format="png", metadata={"Software": None})
    return content.getvalue()
