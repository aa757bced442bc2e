"""Explanations of served models, on both ways of predicting, held to shap's exact explainer."""

from __future__ import annotations

import subprocess
import sys
import warnings
from dataclasses import replace

import numpy as np
import polars as pl
import pytest

from modelyard_bundle import Example, Feature, Output, Signature
from modelyard_serving.decoding.decoder import Decoder
from modelyard_serving.decoding.encoding import Encoding
from modelyard_serving.explaining.explainer import MAX_ROWS, explain
from modelyard_serving.loading.served import Compiled
from modelyard_serving.refusals import PredictionFailedError, RequestRefusedError

KINDS = [("binary", "linear"), ("binary", "boosting"), ("binary", "forest"), ("regression", "linear")]
ROWS = {
    "distance": [120.0, None, 4000.0],
    "hour": [3, 22, 12],
    "carrier": ["UA", "ZZ", "AA"],
    "weekend": [True, False, True],
}


@pytest.fixture(scope="module")
def shap():
    """shap without its compiler, which would take longer than all that is asked of it here."""
    with pytest.MonkeyPatch.context() as patch, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        patch.setenv("NUMBA_DISABLE_JIT", "1")
        import shap

        yield shap


def predictions(model, columns=ROWS):
    return model.predict(model.decoder.frame(columns, max_rows=100)).values


@pytest.mark.parametrize("kind", KINDS)
def test_base_and_contributions_add_up_to_each_prediction(load, kind):
    task, estimator = kind
    model = load(task=task, estimator=estimator)
    found = explain(model, ROWS)
    np.testing.assert_allclose(found.base + found.contributions.sum(axis=1), predictions(model), atol=1e-9)
    assert found.base == pytest.approx(np.mean(model.example.predictions))
    assert (found.method, found.background) == ("exact", 3)
    assert found.output == ("probability" if task == "binary" else "delay")
    assert found.features == model.signature.names


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("kind", KINDS)
def test_contributions_are_those_of_shap(load, shap, kind):
    """shap sees the features as numbers; its masker is the same background."""
    task, estimator = kind
    model = load(task=task, estimator=estimator)
    encoding = Encoding.compile(model.signature, {"carrier": ("AA", "DL", "UA", "ZZ")})
    carriers = np.array(["AA", "DL", "UA", "ZZ"])

    def predict(matrix):
        frame = pl.DataFrame(
            {
                "distance": pl.Series(matrix[:, 0], nan_to_null=True),
                "hour": matrix[:, 1].astype(np.int64),
                "carrier": carriers[matrix[:, 2].astype(int)].tolist(),
                "weekend": matrix[:, 3] == 1,
            }
        )
        return model.predict_values(frame)

    background = encoding.matrix(model.example.columns(), max_rows=100)
    explainer = shap.explainers.Exact(predict, shap.maskers.Independent(background, max_samples=100))
    theirs = explainer(encoding.matrix(ROWS, max_rows=100))
    ours = explain(model, ROWS)
    np.testing.assert_allclose(ours.contributions, theirs.values, atol=1e-9)
    np.testing.assert_allclose(ours.base, theirs.base_values, atol=1e-9)


class Weighted:
    """A plan: the weighted sum of the columns, bent."""

    def __init__(self, weights):
        self.weights = weights

    def predict(self, matrix):
        return np.tanh(np.nan_to_num(matrix) @ self.weights)


def wide_model(model, features, rows=4, plan=None):
    """A served model of that many numbers, which predicts by plan."""
    names = [f"f{place}" for place in range(features)]
    random = np.random.default_rng(1)
    values = random.normal(size=(rows, features))
    signature = Signature(
        model="wide",
        task="regression",
        features=tuple(Feature(name=name, kind="number") for name in names),
        output=Output(name="y", kind="number"),
    )
    plan = plan or Weighted(random.normal(size=features) / 4)
    return replace(
        model,
        signature=signature,
        decoder=Decoder.compile(signature),
        example=Example(
            rows=tuple(dict(zip(names, row, strict=True)) for row in values.tolist()),
            predictions=tuple(plan.predict(values).tolist()),
        ),
        compiled=Compiled(plan=plan, encoding=Encoding.compile(signature, {}), cheap=True),
    )


@pytest.mark.filterwarnings("ignore")
def test_many_features_are_close_to_shap_and_still_add_up(load, shap):
    model = wide_model(load(), 24)
    columns = {name: [0.5 + place / 20] for place, name in enumerate(model.signature.names)}
    matrix = model.compiled.encoding.matrix(columns, max_rows=1)
    ours = explain(model, columns)
    assert ours.method == "sampled"
    assert ours.base + ours.contributions.sum() == pytest.approx(model.compiled.plan.predict(matrix)[0], abs=1e-9)
    background = model.compiled.encoding.matrix(model.example.columns(), max_rows=100)
    masker = shap.maskers.Independent(background, max_samples=100)
    theirs = shap.explainers.Permutation(model.compiled.plan.predict, masker, seed=0)(matrix, max_evals=20_000)
    np.testing.assert_allclose(ours.contributions, theirs.values, atol=0.03)


def test_the_compiled_way_and_the_plain_one_explain_alike(load):
    """A plan that predicts as the pipeline does gives the same contributions."""
    model = load(estimator="boosting")
    encoding = Encoding.compile(model.signature, {"carrier": ("AA", "DL", "UA")})
    texts = np.array(["AA", "DL", "UA", "ZZ"])

    class Plan:
        def predict(self, matrix):
            columns = {
                "distance": [None if np.isnan(value) else value for value in matrix[:, 0].tolist()],
                "hour": matrix[:, 1].astype(int).tolist(),
                "carrier": texts[matrix[:, 2].astype(int)].tolist(),
                "weekend": (matrix[:, 3] == 1).tolist(),
            }
            return model.predict_values(model.decoder.frame(columns, max_rows=10**6))

    compiled = replace(model, compiled=Compiled(plan=Plan(), encoding=encoding, cheap=True))
    np.testing.assert_allclose(explain(compiled, ROWS).contributions, explain(model, ROWS).contributions, atol=1e-12)


def test_a_large_set_of_predictions_is_asked_for_in_parts(load, monkeypatch):
    from modelyard_serving.explaining import explainer

    model = wide_model(load(), 8, rows=40)
    whole = explain(model, {name: [1.0] for name in model.signature.names})
    monkeypatch.setattr(explainer, "_BATCH", 100)
    assert whole.background == explainer.BACKGROUND_ROWS
    parts = explain(model, {name: [1.0] for name in model.signature.names})
    np.testing.assert_allclose(parts.contributions, whole.contributions, atol=1e-12)


def test_refuses_more_rows_than_are_explained_at_once(load):
    columns = {name: values[:1] * (MAX_ROWS + 1) for name, values in ROWS.items()}
    with pytest.raises(RequestRefusedError) as caught:
        explain(load(), columns)
    assert (caught.value.status, caught.value.code) == (413, "too_many_rows_to_explain")


def test_a_model_that_gives_no_number_on_the_way_fails_the_explanation(load):
    class Broken:
        def predict(self, matrix):
            return np.full(len(matrix), np.nan)

    plain = wide_model(load(), 3)
    broken = replace(plain, compiled=replace(plain.compiled, plan=Broken()))
    with pytest.raises(PredictionFailedError):
        explain(broken, {name: [1.0] for name in plain.signature.names})


def test_explaining_needs_nothing_that_the_serving_image_does_not_have():
    program = (
        "from modelyard_serving.lean import stay_lean; stay_lean(); import sys;"
        "from modelyard_serving.explaining.explainer import explain;"
        "print(sorted({'shap', 'numba', 'pandas', 'scipy', 'sklearn'} & set(sys.modules)))"
    )
    found = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert found.stdout.strip() == "[]"
