"""Explains the predictions of a served model: its original features, whatever its pipeline makes of them.

shap's own explainers are not used here: importing shap takes pandas and numba, four seconds and 300 MB, and they
explain the columns after encoding. What is computed is the same quantity; the tests hold it to shap's.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np
import polars as pl
from numpy.typing import NDArray

from modelyard_serving.decoding.columns import Values
from modelyard_serving.explaining.explanation import Explanation
from modelyard_serving.explaining.shapley import EXACT_FEATURES, Floats, Masks, shapley_values
from modelyard_serving.loading.served import ServedModel
from modelyard_serving.refusals import PredictionFailedError, RequestRefusedError

MAX_ROWS = 64
"""Rows that are explained at once; each costs a thousand predictions and more."""
BACKGROUND_ROWS = 32
"""At most so many rows of the stored example are the background."""
_BATCH = 65_536
"""Predictions asked of the model in one call."""
Mix = Callable[[NDArray[np.intp]], Floats]
"""Predicts rows put together from others: for each, which row each feature comes from (predictions x features)."""


def explain(model: ServedModel, columns: Mapping[str, Values], *, max_rows: int = MAX_ROWS) -> Explanation:
    """What each feature contributed to the prediction of each row.

    Args:
        model: The version that predicts.
        columns: The rows of a request, by feature.
        max_rows: How many rows may be explained at once.

    Raises:
        RequestRefusedError: The rows are too many to explain (413), or not what the model takes.
        PredictionFailedError: The model gave a number that is not finite.
    """
    rows = len(next(iter(columns.values()), ()))
    if rows > max_rows:
        message = f"{rows} rows, at most {max_rows} are explained at once; send fewer, or leave out explain"
        raise RequestRefusedError("too_many_rows_to_explain", message, status=413)
    usual = {name: [row[name] for row in model.example.rows[:BACKGROUND_ROWS]] for name in model.signature.names}
    background = len(usual[model.signature.names[0]])
    mix = _mixer(model, columns, usual)
    features = len(model.signature.names)
    found = [shapley_values(_evaluator(mix, row, first=rows, background=background), features) for row in range(rows)]
    return Explanation(
        features=model.signature.names,
        output="probability" if model.signature.task == "binary" else model.signature.output.name,
        base=found[0].base,
        contributions=np.array([values.contributions for values in found]),
        method="exact" if features <= EXACT_FEATURES else "sampled",
        background=background,
    )


def _evaluator(mix: Mix, row: int, *, first: int, background: int) -> Callable[[Masks], Floats]:
    """The mean prediction over the background, when the features of a set come from `row`.

    Args:
        mix: Predicts mixed rows.
        row: The row to explain.
        first: Where the rows of the background begin.
        background: How many there are.
    """
    usual = np.arange(first, first + background)
    at_once = max(1, _BATCH // background)

    def evaluate(masks: Masks) -> Floats:
        values = []
        for start in range(0, len(masks), at_once):
            part = masks[start : start + at_once]
            sources = np.where(part[:, None, :], row, usual[None, :, None])
            predicted = mix(sources.reshape(-1, masks.shape[1]))
            values.append(predicted.reshape(len(part), background).mean(axis=1))
        return np.concatenate(values)

    return evaluate


def _mixer(model: ServedModel, columns: Mapping[str, Values], usual: Mapping[str, Values]) -> Mix:
    """Predicts rows put together from those of the request and, after them, those of the background."""
    if model.compiled is not None:
        encoding, plan = model.compiled.encoding, model.compiled.plan
        both = [encoding.matrix(rows, max_rows=_BATCH) for rows in (columns, usual)]
        matrix = np.concatenate(both)
        return lambda sources: _finite(plan.predict(np.take_along_axis(matrix, sources, axis=0)))
    frames = [model.decoder.frame(rows, max_rows=_BATCH) for rows in (columns, usual)]
    frame = pl.concat(frames)
    predict = model.predict_values
    return lambda sources: _finite(
        predict(pl.DataFrame([series.gather(sources[:, place]) for place, series in enumerate(frame)]))
    )


def _finite(values: Floats) -> Floats:
    if not np.isfinite(values).all():
        raise PredictionFailedError("a prediction that the explanation needs is not a finite number")
    return values
