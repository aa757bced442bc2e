"""What a model API tells about itself: health, metadata, documentation, metrics."""

from __future__ import annotations

from modelyard.release.checks.run import OK, Answerer, Run, is_status, must
from modelyard.release.forms import DATATYPES
from modelyard.release.openapi_form import faults_of


def live(run: Run) -> None:
    """It is alive."""
    is_status(run.get("/v2/health/live"), OK)


def ready(run: Run) -> None:
    """It is ready, in the words of every protocol."""
    version = f"{run.metadata_path}/versions/{run.expected.version}/ready"
    for path in ("/v2/health/ready", f"{run.metadata_path}/ready", version, "/ping"):
        is_status(run.get(path), OK)


def server(run: Run) -> None:
    """It describes itself."""
    found = is_status(run.get("/v2"), OK).json()
    must({"name", "version", "extensions"} <= set(found), found)
    must("binary_tensor_data" in found["extensions"], f"extensions {found['extensions']}")
    is_status(run.get("/version"), OK)


def names_version(run: Run) -> None:
    """Its metadata names the version and the digest that were released, and what is tried beside it."""
    for path, alone in ((run.metadata_path, False), (f"{run.metadata_path}/versions/{run.expected.version}", True)):
        answer = is_status(run.get(path), OK)
        document = answer.json()
        candidate = run.candidate()
        wanted = [run.expected.version, *([] if candidate is None else [candidate.version])]
        must(document["versions"] == wanted, f"versions {document['versions']}, expected {wanted}")
        must(document["name"] == run.expected.model, f"name {document['name']!r}")
        if run.answerer(answer, alone=alone) == run.deployed:
            digest = document["parameters"]["digest"]
            must(digest == run.expected.digest, f"digest {digest}")
        if candidate is not None:
            _names_candidate(run, candidate)


def _names_candidate(run: Run, candidate: Answerer) -> None:
    answer = is_status(run.get(f"{run.metadata_path}/versions/{candidate.version}"), OK)
    must(run.answerer(answer, alone=False) == candidate, f"version {candidate.version} is described as another")
    run.found = f"version {candidate.version} is tried beside it"


def features(run: Run) -> None:
    """Its metadata lists the model's features with their types."""
    found = is_status(run.get(run.metadata_path), OK).json()
    tensors = [(tensor["name"], tensor["datatype"]) for tensor in found["inputs"]]
    wanted = [(feature.name, DATATYPES[feature.kind]) for feature in run.expected.signature.features]
    must(tensors == wanted, f"inputs {tensors}")
    outputs = [tensor["name"] for tensor in found["outputs"]]
    given = (
        ["probability", "label"] if run.expected.signature.task == "binary" else [run.expected.signature.output.name]
    )
    must(outputs == given, f"outputs {outputs}, expected {given}")


def paths(run: Run) -> None:
    """It refuses unknown paths, models, versions and methods."""
    unknown = ("/no/such/path", "/v2/models/no_such_model", f"{run.metadata_path}/versions/no-such-version")
    wrong_method = ("/invocations", f"{run.metadata_path}/infer", f"/models/{run.expected.model}/predict")
    for status, asked in ((404, unknown), (405, wrong_method)):
        for path in asked:
            is_status(run.get(path), status)


def openapi(run: Run) -> None:
    """Its OpenAPI document holds together and has the model's features with their types, categories and ranges."""
    document = is_status(run.get("/openapi.json"), OK).json()
    faults = faults_of(document, signature=run.expected.signature, version=run.expected.version)
    must(not faults, "; ".join(faults))
    run.found = f"{len(document['paths'])} paths, {len(document['components']['schemas'])} schemas"


def docs(run: Run) -> None:
    """Its page for people names the model."""
    answer = is_status(run.get("/docs"), OK)
    must(answer.headers.get("content-type", "").startswith("text/html"), answer.headers.get("content-type"))
    must(run.expected.model.encode() in answer.body, "the page does not name the model")


def metrics(run: Run) -> None:
    """Its metrics name the version, and count what was predicted."""
    lines = is_status(run.get("/metrics"), OK).body.decode().splitlines()
    wanted = f'digest="{run.expected.digest}"'
    must(any(line.startswith("modelyard_model_info{") and wanted in line for line in lines), "no line for this digest")
    mine = f'modelyard_rows_total{{model="{run.expected.model}",version="{run.expected.version}"}} '
    rows = sum(float(line.removeprefix(mine)) for line in lines if line.startswith(mine))
    must(rows > 0, "no row is counted for this version")
    run.found = f"{rows:,.0f} rows counted"
