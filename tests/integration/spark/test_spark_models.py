"""Spark ML behind the model interface: the same answers, a digest over its folder, and trusted classes only."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from modelyard.environment.workspace import Workspace
from modelyard.errors import InvalidModelError
from modelyard.models.discovery import find_model
from modelyard.models.spark import LABEL_COLUMN, spark_frame, spark_problem, without_pandas_warning
from modelyard.models.spark_files import SPARK_FOLDER
from modelyard.models.storage import open_model, write_model
from modelyard_bundle.digests import folder_digest
from modelyard_pipelines.sources.packaged import read_packaged
from modelyard_training.fitting import fit_model

pytestmark = pytest.mark.skipif(bool(spark_problem()), reason=f"Spark is needed: {spark_problem()}")
WORKSPACE = Workspace.at(Path(__file__).parents[3])
NAMES = {"bmi": "body_mass_index", "wt": "weight_kilograms", "lbm": "lean_body_mass_kilograms"}


@pytest.fixture(scope="module")
def athletes():
    return read_packaged("DAAG", "ais", key="athlete").rename(NAMES)


@pytest.fixture(scope="module")
def spec():
    return find_model(WORKSPACE, "lean_body_mass_spark")


@pytest.fixture(scope="module")
def trained(spec, athletes):
    return fit_model(spec, athletes, data_versions={})


@pytest.fixture
def written(trained, tmp_path):
    digest = write_model(trained.model, tmp_path)
    (tmp_path / "signature.json").write_bytes(trained.signature.to_json())
    return tmp_path, digest


def test_both_flavours_give_the_same_answers(athletes, spec):
    fixed = {"search": replace(spec.search, space={}, folds=1, trials=1)}
    spark = fit_model(replace(spec, **fixed), athletes, data_versions={})
    sklearn = fit_model(replace(find_model(WORKSPACE, "lean_body_mass"), **fixed), athletes, data_versions={})
    assert spark.parts.test.equals(sklearn.parts.test)
    assert np.allclose(spark.model.predict(spark.parts.test), sklearn.model.predict(sklearn.parts.test), atol=1e-6)
    assert spark.test_metrics == pytest.approx(sklearn.test_metrics, abs=1e-6)


@pytest.mark.parametrize("metric", ["rmse", "mse", "mae", "r2"])
def test_the_metrics_are_those_of_sparks_own_evaluator(trained, metric):
    from pyspark.ml.evaluation import RegressionEvaluator

    rows = trained.parts.test.with_columns(trained.parts.test["_label"].alias(LABEL_COLUMN))
    with without_pandas_warning():
        predictions = trained.model.pipeline.transform(spark_frame(rows.drop("_label", "athlete")))
        evaluator = RegressionEvaluator(labelCol=LABEL_COLUMN, predictionCol="prediction", metricName=metric)
        assert evaluator.evaluate(predictions) == pytest.approx(trained.test_metrics[metric], rel=1e-9)


def test_a_written_model_opens_and_predicts_the_same(trained, written):
    folder, digest = written
    opened = open_model(folder, digest=digest)
    assert np.array_equal(opened.predict(trained.parts.test), trained.model.predict(trained.parts.test))


def test_a_flipped_byte_is_refused_before_spark_reads_it(written):
    folder, digest = written
    file = next((folder / SPARK_FOLDER).rglob("data/*.parquet"))
    content = bytearray(file.read_bytes())
    content[20] ^= 1
    file.write_bytes(bytes(content))
    with pytest.raises(InvalidModelError, match="not loaded"):
        open_model(folder, digest=digest)


@pytest.mark.parametrize(
    "name", ["org.evil.Thing", "org.apache.spark.ml.feature.SQLTransformer", "org.apache.spark.mllib.Other"]
)
def test_a_class_that_is_not_trusted_is_refused_even_under_its_own_digest(written, name):
    folder, _ = written
    file = next((folder / SPARK_FOLDER).glob("stages/0_*/metadata/part-*"))
    file.write_text(json.dumps({**json.loads(file.read_text()), "class": name}))
    with pytest.raises(InvalidModelError, match=f"not trusted: it names {name}"):
        open_model(folder, digest=folder_digest(folder / SPARK_FOLDER))
