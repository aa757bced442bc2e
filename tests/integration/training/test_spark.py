"""A Spark ML model on a real MLflow server: its version has the digest of the folder that the server keeps."""

from pathlib import Path

import numpy as np
import pytest

from modelyard.environment.workspace import Workspace
from modelyard.models.discovery import find_model
from modelyard.models.features import feature_frame
from modelyard.models.preparing import labelled_rows, signature_of
from modelyard.models.spark import spark_frame, spark_problem, without_pandas_warning
from modelyard.models.spark_files import SPARK_FOLDER
from modelyard.models.storage import open_model
from modelyard_bundle.digests import folder_digest
from modelyard_pipelines.sources.packaged import read_packaged
from modelyard_training.mlflow_tracker import MlflowTracker
from modelyard_training.provenance import Provenance
from modelyard_training.training import train

NAMES = {"bmi": "body_mass_index", "wt": "weight_kilograms", "lbm": "lean_body_mass_kilograms"}


@pytest.mark.skipif(bool(spark_problem()), reason=f"Spark is needed: {spark_problem()}")
def test_a_version_has_the_digest_of_the_files_on_the_server_and_mlflow_can_load_them(
    address, registry, client, tmp_path
):
    from mlflow.artifacts import download_artifacts
    from mlflow.spark import load_model

    athletes = read_packaged("DAAG", "ais", key="athlete").rename(NAMES)
    spec = find_model(Workspace.at(Path(__file__).parents[3]), "lean_body_mass_spark")
    done = train(
        spec,
        lambda: athletes,
        data_versions={"CURATED/athletes": 1},
        source="s" * 64,
        tracker=MlflowTracker(address),
        registry=registry,
        provenance=Provenance(commit="abc", lock="l" * 64, libraries={"pyspark": "4.2.0"}),
    )
    assert done.version.metrics["r2"] > 0.85
    model = client.get_run(done.version.run_id).outputs.model_outputs[0].model_id
    location = client.get_logged_model(model).artifact_location
    path = Path(download_artifacts(location, dst_path=str(tmp_path), tracking_uri=address))
    assert folder_digest(path / SPARK_FOLDER) == done.version.digest
    (path / "signature.json").write_bytes(signature_of(spec, labelled_rows(spec, athletes)).to_json())
    opened = open_model(path, digest=done.version.digest)
    errors = opened.predict(athletes) - athletes["lean_body_mass_kilograms"].to_numpy()
    assert np.abs(errors).mean() < 5
    theirs = load_model(str(path)).transform(spark_frame(feature_frame(athletes, spec.features)))
    with without_pandas_warning():
        told = theirs.select("prediction").toArrow()["prediction"].to_pylist()
    assert np.allclose(told, opened.predict(athletes), rtol=0, atol=1e-12)
