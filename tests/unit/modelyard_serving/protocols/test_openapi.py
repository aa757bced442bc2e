"""The OpenAPI document: valid, complete, and true of what the model API takes."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
from jsonschema import Draft202012Validator
from openapi_spec_validator import OpenAPIV31SpecValidator
from openapi_spec_validator.validation.exceptions import OpenAPIValidationError

from modelyard.release.openapi_form import faults_of
from modelyard_bundle import Feature, Signature
from modelyard_serving.decoding.decoder import Decoder
from modelyard_serving.protocols.openapi import render_openapi

ROW = {"distance": 500.0, "hour": 7, "carrier": "AA", "weekend": False}


def numeric(model):
    """The model as one of numbers alone, with everything that a feature may have."""
    features = (
        Feature(name="a", kind="number", minimum=-1.5, description="miles", nullable=True),
        Feature(name="b", kind="integer", maximum=7),
        Feature(name="c", kind="number"),
    )
    signature = Signature(model="tiny", task="binary", features=features, output=model.signature.output)
    rows = ({"a": None, "b": 1, "c": 2.5},)
    example = replace(model.example, rows=rows, predictions=model.example.predictions[:1])
    return replace(model, signature=signature, example=example, decoder=Decoder.compile(signature), compiled=None)


def schema_of(document, name):
    """A validator for one schema of the document."""
    return Draft202012Validator({"$ref": f"#/components/schemas/{name}", "components": document["components"]})


@pytest.fixture(params=["mixed", "numbers", "regression", "two", "none"])
def document(request, load):
    models = {
        "mixed": [load()],
        "numbers": [numeric(load())],
        "regression": [load(task="regression")],
        "two": [load(), load(name="other")],
        "none": [],
    }[request.param]
    return json.loads(json.dumps(render_openapi({model.name: model for model in models})))


def test_is_a_valid_document_of_its_version(document):
    OpenAPIV31SpecValidator(document).validate()


def test_the_validator_would_say_so_if_it_were_not(load):
    document = render_openapi({"tiny": load()})
    del document["paths"]["/models/tiny/predict"]["post"]["responses"]["200"]["description"]
    with pytest.raises(OpenAPIValidationError):
        OpenAPIV31SpecValidator(document).validate()


def test_every_example_in_it_follows_its_own_schema(document):
    schemas = document["components"]["schemas"]
    examples = [(name, example) for name, schema in schemas.items() for example in schema.get("examples", [])]
    assert all(list(schema_of(document, name).iter_errors(example)) == [] for name, example in examples)
    assert examples or not document["info"]["description"].startswith("Served: tiny")


def test_holds_together_in_the_eyes_of_the_platform(load):
    model = load()
    document = render_openapi({"tiny": model})
    assert faults_of(document, signature=model.signature, version="1") == []


def test_names_kind_null_categories_ranges_and_units_of_a_feature(load):
    properties = render_openapi({"tiny": load()})["components"]["schemas"]["tiny_row"]["properties"]
    distance, carrier = properties["distance"], properties["carrier"]
    assert distance["type"] == ["number", "null"]
    assert distance["description"] == "miles. Seen in training: 80 to 5000."
    assert (distance["x-minimum"], distance["x-maximum"]) == (80, 5000)
    assert carrier["description"] == "Seen in training: AA, DL, UA."
    assert carrier["x-categories"] == ["AA", "DL", "UA"]
    assert properties["hour"]["type"] == "integer"
    assert properties["weekend"]["type"] == "boolean"
    assert all(feature["examples"] for feature in properties.values())


def test_what_training_never_saw_is_not_against_the_schema(load):
    """It is answered with a warning; a gateway that checks the schema must not be stricter than the model API."""
    document = render_openapi({"tiny": load()})
    row = {**ROW, "carrier": "ZZ", "distance": 99_999, "hour": 77}
    assert list(schema_of(document, "tiny_request").iter_errors({"rows": [row]})) == []


@pytest.mark.parametrize(
    ("change", "valid"),
    [
        ({}, True),
        ({"distance": None}, True),
        ({"hour": 7.0}, True),
        ({"distance": "500"}, False),
        ({"hour": None}, False),
        ({"hour": 7.5}, False),
        ({"hour": 2**63}, False),
        ({"carrier": 1}, False),
        ({"weekend": 1}, False),
        ({"extra": 1}, False),
    ],
)
def test_the_typed_schema_takes_what_the_decoder_takes(api, load, change, valid):
    body = {"rows": [{**ROW, **change}]}
    errors = list(schema_of(render_openapi({"tiny": load()}), "tiny_request").iter_errors(body))
    assert (errors == []) is valid
    assert (api.post("/models/tiny/predict", body).status == 200) is valid


@pytest.mark.parametrize("task", ["binary", "regression"])
def test_answers_follow_their_schemas(make_api, load, task):
    model = load(task=task)
    api = make_api(model)
    document = render_openapi({"tiny": model})
    body = {"rows": [ROW, {**ROW, "carrier": "ZZ"}], "explain": True}
    answer = api.post("/models/tiny/predict", body)
    assert list(schema_of(document, "tiny_answer").iter_errors(answer.json)) == []
    assert set(answer.json) == {"predictions", "model", "warnings", "explanation"}
    asked = document["components"]["schemas"]["tiny_inference"]["examples"][0]
    inferred = api.post("/v2/models/tiny/infer", {**asked, "id": "q", "parameters": {"explain": True}})
    assert list(schema_of(document, "tiny_inference_answer").iter_errors(inferred.json)) == []
    for path, name in (("/v2/models/tiny/infer", "ProtocolError"), ("/models/tiny/predict", "Error")):
        refused = api.post(path, {})
        assert refused.status == 400
        assert list(schema_of(document, name).iter_errors(refused.json)) == []


def test_promises_every_status_and_its_codes_for_each_predicting_path(load):
    document = render_openapi({"tiny": load()})
    posts = {path: operations["post"] for path, operations in document["paths"].items() if "post" in operations}
    assert set(posts) == {
        "/invocations",
        "/models/tiny/invocations",
        "/models/tiny/predict",
        "/v2/models/tiny/infer",
        "/v2/models/tiny/versions/1/infer",
    }
    for operation in posts.values():
        promised = {"400", "401", "403", "404", "408", "413", "415", "500", "503"}
        assert promised <= set(operation["responses"])
        assert "`wrong_type`" in operation["responses"]["400"]["description"]
        assert "retry-after" in operation["responses"]["503"]["headers"]


def test_a_model_of_numbers_may_be_asked_with_one_tensor(load):
    document = render_openapi({"tiny": numeric(load())})
    tensor = {"name": "x", "shape": [1, 3], "datatype": "FP32", "data": [1, 2, 3]}
    assert list(schema_of(document, "tiny_inference").iter_errors({"inputs": [tensor]})) == []
    wrong = {**tensor, "shape": [1, 4]}
    assert list(schema_of(document, "tiny_inference").iter_errors({"inputs": [wrong]})) != []
    mixed = render_openapi({"tiny": load()})
    assert list(schema_of(mixed, "tiny_inference").iter_errors({"inputs": [tensor]})) != []


def test_a_long_list_of_categories_is_cut_short_in_words_and_whole_beside_them(load):
    model = load()
    many = tuple(f"c{place}" for place in range(50))
    features = tuple(
        replace(feature, categories=many) if feature.name == "carrier" else feature
        for feature in model.signature.features
    )
    changed = replace(model, signature=replace(model.signature, features=features))
    carrier = render_openapi({"tiny": changed})["components"]["schemas"]["tiny_row"]["properties"]["carrier"]
    assert carrier["description"].endswith("c19 and 30 more.")
    assert carrier["x-categories"] == list(many)
