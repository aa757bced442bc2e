"""The clients that others wrote, unchanged, against a live model API: Triton's over HTTP and MLflow's own."""

from __future__ import annotations

import json
import warnings
from urllib.parse import urlsplit

import numpy as np
import pytest

from modelyard.testing.release_fakes import TinyModel
from modelyard_bundle import Example, Feature, Output, Signature

pytestmark = pytest.mark.filterwarnings("ignore")  # what they import warns of its own age

FEATURES = 30
WIRE = {
    "distance": ("FP64", float),
    "hour": ("INT64", np.int64),
    "carrier": ("BYTES", object),
    "weekend": ("BOOL", bool),
}


def address(process):
    parts = urlsplit(process.url)
    return parts.hostname, parts.port


def deploy(process, model, version="1"):
    model.deploy(process.bundles, process.deployments, version=version)
    process.ready(version)
    return model


@pytest.fixture
def tiny(live, train):
    return deploy(live, train())


@pytest.fixture(scope="session")
def numbers():
    """A model of 30 numbers, as most are that scikit-learn's own servers serve."""
    import polars as pl
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler
    from skops.io import dumps

    names = [f"f{place}" for place in range(FEATURES)]
    values = np.random.default_rng(0).normal(size=(200, FEATURES)).astype(np.float32).astype(np.float64)
    frame = pl.DataFrame(values, schema=names)
    pipeline = make_pipeline(StandardScaler(), LogisticRegression()).fit(frame, values[:, 0] + values[:, 1] > 0)
    rows = frame[:4]
    signature = Signature(
        model="numbers",
        task="binary",
        features=tuple(Feature(name=name, kind="number") for name in names),
        output=Output(name="positive", kind="probability", labels=("no", "yes"), threshold=0.5),
    )
    predictions = tuple(pipeline.predict_proba(rows)[:, 1].tolist())
    example = Example(rows=tuple(rows.to_dicts()), predictions=predictions)
    return TinyModel(model=dumps(pipeline), signature=signature, example=example, pipeline=pipeline)


@pytest.fixture
def triton(live):
    """Triton's client."""
    from tritonclient import http

    client = http.InferenceServerClient(":".join(map(str, address(live))))
    yield client
    client.close()


def inputs_of(model, *, binary, rows=None):
    from tritonclient.http import InferInput

    found = []
    for name, (datatype, dtype) in WIRE.items():
        values = np.array([row[name] for row in model.example.rows[:rows]], dtype=dtype)
        tensor = InferInput(name, list(values.shape), datatype)
        found.append(tensor.set_data_from_numpy(values, binary_data=name in binary))
    return found


def table_of(values, *, binary, datatype="FP32"):
    from tritonclient.http import InferInput

    tensor = InferInput("predict", list(values.shape), datatype)
    return [tensor.set_data_from_numpy(values, binary_data=binary)]


def test_triton_asks_whether_server_and_model_are_well_and_what_they_are(triton, tiny):
    assert triton.is_server_live()
    assert triton.is_server_ready()
    assert triton.is_model_ready("tiny")
    assert triton.is_model_ready("tiny", "1")
    assert not triton.is_model_ready("tiny", "2")
    assert not triton.is_model_ready("another")
    assert triton.get_server_metadata()["extensions"] == ["binary_tensor_data"]
    metadata = triton.get_model_metadata("tiny", "1")
    assert metadata["versions"] == ["1"]
    assert {tensor["name"]: tensor["datatype"] for tensor in metadata["inputs"]} == {
        name: datatype for name, (datatype, _) in WIRE.items()
    }


@pytest.mark.parametrize("sent", [set(), set(WIRE), {"carrier"}, {"distance", "weekend"}])
@pytest.mark.parametrize("received", [False, True])
def test_triton_predicts_with_json_bytes_and_mixtures(triton, tiny, sent, received):
    from tritonclient.http import InferRequestedOutput

    outputs = [InferRequestedOutput(name, binary_data=received) for name in ("probability", "label")]
    answer = triton.infer("tiny", inputs_of(tiny, binary=sent), outputs=outputs, request_id="q1")
    np.testing.assert_allclose(answer.as_numpy("probability"), tiny.example.predictions, atol=1e-12)
    labels = [label.decode() if isinstance(label, bytes) else label for label in answer.as_numpy("label")]
    assert labels == ["late" if value >= 0.5 else "on time" for value in tiny.example.predictions]
    assert answer.get_response()["id"] == "q1"


def test_triton_gets_all_outputs_in_bytes_where_it_names_none(triton, tiny):
    answer = triton.infer("tiny", inputs_of(tiny, binary=WIRE), model_version="1")
    assert answer.as_numpy("probability").dtype == np.float64
    assert answer.get_output("probability")["parameters"]["binary_data_size"] == 24


@pytest.mark.parametrize("binary", [False, True])
def test_triton_gets_explanations_as_tensors(triton, tiny, binary):
    from tritonclient.http import InferRequestedOutput

    outputs = None if binary else [InferRequestedOutput("probability", binary_data=False)]
    answer = triton.infer("tiny", inputs_of(tiny, binary=set()), outputs=outputs, parameters={"explain": True})
    contributions, base = answer.as_numpy("contributions"), answer.as_numpy("base_value")
    assert contributions.shape == (3, 4)
    np.testing.assert_allclose(base + contributions.sum(axis=1), answer.as_numpy("probability"), atol=1e-9)


@pytest.mark.parametrize("binary", [False, True])
@pytest.mark.parametrize(("datatype", "dtype"), [("FP32", np.float32), ("FP64", np.float64)])
def test_triton_sends_all_numbers_in_one_tensor(triton, live, numbers, binary, datatype, dtype):
    deploy(live, numbers)
    values = np.array([list(row.values()) for row in numbers.example.rows], dtype=dtype)
    answer = triton.infer("numbers", table_of(values, binary=binary, datatype=datatype))
    np.testing.assert_allclose(answer.as_numpy("probability"), numbers.example.predictions, atol=1e-12)


@pytest.mark.parametrize("binary", [set(), set(WIRE)])
def test_triton_reads_why_it_was_refused(triton, tiny, binary):
    from tritonclient.utils import InferenceServerException

    with pytest.raises(InferenceServerException, match="missing: weekend") as caught:
        triton.infer("tiny", inputs_of(tiny, binary=binary)[:3])
    assert caught.value.status() == "400"
    with pytest.raises(InferenceServerException, match="version 7"):
        triton.infer("tiny", inputs_of(tiny, binary=binary), model_version="7")
    with pytest.raises(InferenceServerException, match="compressed"):
        triton.infer("tiny", inputs_of(tiny, binary=binary), request_compression_algorithm="gzip")


@pytest.fixture
def mlflow_client(live):
    """MLflow's client."""
    from mlflow.pyfunc.scoring_server.client import ScoringServerClient

    return ScoringServerClient(*address(live))


def test_mlflow_waits_until_it_is_ready(mlflow_client, tiny):
    mlflow_client.wait_server_ready(timeout=10)
    assert mlflow_client.get_version()


def test_mlflow_is_told_that_there_is_no_model(mlflow_client, live):
    with pytest.raises(Exception, match="error code 503"):
        mlflow_client.ping()


def test_mlflow_sends_a_frame_and_gets_one(mlflow_client, tiny):
    import pandas as pd

    frame = pd.DataFrame([dict(row) for row in tiny.example.rows])
    found = mlflow_client.invoke(frame).get_predictions()
    np.testing.assert_allclose(found["probability"], tiny.example.predictions, atol=1e-12)
    assert set(found["label"]) <= {"late", "on time"}


def test_mlflow_asks_for_explanations_with_a_param(mlflow_client, tiny):
    import pandas as pd

    frame = pd.DataFrame([dict(row) for row in tiny.example.rows])
    answer = mlflow_client.invoke(frame, params={"explain": True})
    total = [answer["explanation"]["base_value"] + sum(row.values()) for row in answer["explanation"]["contributions"]]
    np.testing.assert_allclose(total, tiny.example.predictions, atol=1e-9)


@pytest.mark.parametrize(
    ("path", "key"), [("/invocations?explain=true", "dataframe_records"), ("/models/tiny/predict?explain=true", "rows")]
)
def test_a_query_asks_for_explanations_of_up_to_64_rows(live, tiny, path, key):
    rows = [dict(row) for row in tiny.example.rows]
    answer = live.api.post(path, {key: rows}).json()
    base, contributions = answer["explanation"]["base_value"], answer["explanation"]["contributions"]
    total = [base + sum(row.values()) for row in contributions]
    np.testing.assert_allclose(total, [found["probability"] for found in answer["predictions"]], atol=1e-9)
    assert live.api.post(path, {key: rows[:1] * 64}).status == 200
    refused = live.api.post(path, {key: rows[:1] * 65})
    assert (refused.status, refused.json()["error"]["code"]) == (413, "too_many_rows_to_explain")
    for more in ({}, {"explain": True}, {"params": {"explain": True}}):
        assert live.api.post(path.replace("true", "perhaps"), {key: rows, **more}).status == 400
    assert "explanation" not in live.api.post(path.replace("true", "false"), {key: rows}).json()


def test_mlflow_sends_an_array_of_numbers_and_a_list_of_rows(mlflow_client, live, numbers):
    deploy(live, numbers)
    values = np.array([list(row.values()) for row in numbers.example.rows])
    for data in (values, values.tolist()):
        found = mlflow_client.invoke(data).get_predictions()
        np.testing.assert_allclose(found["probability"], numbers.example.predictions, atol=1e-12)


@pytest.fixture(scope="session")
def scoring_server(train, tmp_path_factory):
    """MLflow's own scoring server around the same pipeline: what it says to a body."""
    import mlflow
    import pandas as pd
    from mlflow.models import infer_signature
    from mlflow.pyfunc.scoring_server import invocations

    model = train(task="regression")
    rows = pd.DataFrame([dict(row) for row in model.example.rows])

    folder = tmp_path_factory.mktemp("mlflow") / "model"
    signature = infer_signature(rows, np.array(model.example.predictions))
    with warnings.catch_warnings(record=True):  # of what it would do with type hints

        class Predictor(mlflow.pyfunc.PythonModel):
            def predict(self, context, model_input, params=None):
                import polars as pl

                frame = pl.DataFrame({name: list(model_input[name]) for name in model.signature.names})
                return model.pipeline.predict(frame)

        mlflow.pyfunc.save_model(folder, python_model=Predictor(), signature=signature, pip_requirements=[])
        loaded = mlflow.pyfunc.load_model(str(folder))

    def ask(body, content_type):
        answer = invocations(body, content_type, loaded, loaded.metadata.get_input_schema())
        assert answer.status == 200
        return json.loads(answer.response)["predictions"]

    return ask


def forms(model):
    """One row in every form that MLflow's scoring server takes."""
    rows = [dict(row) for row in model.example.rows]
    names = list(model.signature.names)
    backwards = names[::-1]
    columns = {name: [row[name] for row in rows] for name in names}
    texts = [",".join(str(row[name]) for name in names) for row in rows]
    return {
        "split": {"dataframe_split": {"columns": names, "data": [list(row.values()) for row in rows]}},
        "split in another order, with an index": {
            "dataframe_split": {
                "columns": backwards,
                "data": [[row[name] for name in backwards] for row in rows],
                "index": [5, 6, 7],
            }
        },
        "records": {"dataframe_records": rows},
        "instances by row": {"instances": rows},
        "instances by column": {"instances": columns},
        "inputs by column": {"inputs": columns},
        "inputs by row": {"inputs": rows},
        "inputs of single values": {"inputs": rows[0]},
        "csv": "\n".join([",".join(names), *texts, ""]).encode(),
        "csv with an index": "\n".join([",".join(["", *names]), *(f"0,{text}" for text in texts), ""]).encode(),
    }


FORMS = (
    "split",
    "split in another order, with an index",
    "records",
    "instances by row",
    "instances by column",
    "inputs by column",
    "inputs by row",
    "inputs of single values",
    "csv",
    "csv with an index",
)


@pytest.mark.parametrize("form", FORMS)
def test_answers_what_mlflows_own_scoring_server_answers(live, train, scoring_server, form):
    model = deploy(live, train(task="regression"))
    body = forms(model)[form]
    content_type = "text/csv" if isinstance(body, bytes) else "application/json; charset=utf-8"
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    theirs = scoring_server(content, content_type)
    ours = live.api.post("/invocations", content, content_type=content_type)
    assert ours.status == 200, ours.body
    np.testing.assert_allclose(ours.json()["predictions"], theirs, atol=1e-9)
    np.testing.assert_allclose(theirs, model.example.predictions[: len(theirs)], atol=1e-9)
