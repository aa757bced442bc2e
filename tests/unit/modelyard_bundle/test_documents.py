"""Signature, example, manifest and pointer as JSON."""

from __future__ import annotations

import json
from dataclasses import asdict

import pytest

from modelyard.testing.release_fakes import tiny_signature
from modelyard_bundle import BundleError, Example, Feature, Manifest, Output, Pointer, Signature


def changed(content: bytes, **fields) -> bytes:
    return json.dumps({**json.loads(content), **fields}).encode()


@pytest.mark.parametrize("task", ["binary", "regression"])
def test_a_signature_survives_the_round_trip(task):
    signature = tiny_signature(task=task)
    assert Signature.from_json(signature.to_json()) == signature


def test_equal_documents_have_equal_bytes(tiny):
    assert tiny.manifest("1").to_json() == Manifest.from_json(tiny.manifest("1").to_json()).to_json()


def test_an_example_survives_the_round_trip(tiny):
    assert Example.from_json(tiny.example.to_json()) == tiny.example


def test_a_manifest_survives_the_round_trip(tiny):
    assert Manifest.from_json(tiny.manifest("7").to_json()) == tiny.manifest("7")


@pytest.mark.parametrize(
    ("fields", "named"),
    [
        ({"model": "Not A Name"}, "model"),
        ({"task": "clustering"}, "binary, regression"),
        ({"features": []}, "at least one feature"),
        ({"features": {}}, "features"),
        ({"surprise": 1}, "surprise"),
        ({"output": {"name": "late", "kind": "number", "labels": [], "threshold": None}}, "probability"),
    ],
)
def test_refuses_a_signature_that_does_not_hold_together(fields, named):
    with pytest.raises(BundleError, match=named):
        Signature.from_json(changed(tiny_signature().to_json(), **fields))


@pytest.mark.parametrize(
    "fields",
    [
        {"kind": "text"},
        {"name": "two words"},
        {"kind": "number", "categories": ("a",)},
        {"kind": "category", "categories": ()},
        {"kind": "category", "categories": ("a", "a")},
        {"kind": "category", "minimum": 1},
        {"kind": "number", "minimum": 2, "maximum": 1},
    ],
)
def test_refuses_a_feature_that_contradicts_itself(fields):
    with pytest.raises(BundleError):
        Feature(**{"name": "x", "kind": "number", **fields})


def test_refuses_two_features_of_one_name():
    feature = Feature(name="x", kind="number")
    with pytest.raises(BundleError, match="same name"):
        Signature(model="m", task="regression", features=(feature, feature), output=Output(name="y", kind="number"))


@pytest.mark.parametrize("labels", [(), ("a",), ("a", "a"), ("a", "b", "c")])
def test_a_probability_has_two_labels(labels):
    with pytest.raises(BundleError, match="two distinct labels"):
        Output(name="y", kind="probability", labels=labels, threshold=0.5)


@pytest.mark.parametrize("threshold", [None, -0.1, 1.1, float("nan")])
def test_a_threshold_is_a_probability(threshold):
    with pytest.raises(BundleError, match="threshold"):
        Output(name="y", kind="probability", labels=("a", "b"), threshold=threshold)


@pytest.mark.parametrize(
    ("content", "named"),
    [
        (b"", "not a JSON document"),
        (b"\xff\xfe", "not a JSON document"),
        (b"[]", "expected a JSON object"),
        (b'{"a": 1, "a": 2}', "appears twice"),
        (b'{"a": NaN}', "not a JSON number"),
        (b"[" * 100_000, "not a JSON document"),
    ],
)
def test_refuses_what_is_not_a_plain_json_object(content, named):
    with pytest.raises(BundleError, match=named):
        Manifest.from_json(content)


@pytest.mark.parametrize(
    "fields",
    [
        {"format": "modelyard.bundle/99"},
        {"digest": "abc"},
        {"version": "../1"},
        {"version": 1},
        {"model": "../tiny"},
        {"files": {"model.skops": "0" * 64}},
        {"data_versions": {"CURATED/tiny": "1"}},
        {"data_versions": {"CURATED/tiny": True}},
        {"libraries": None},
        {"trusted_types": ["os.system"]},
    ],
)
def test_refuses_a_manifest_that_is_out_of_form(tiny, fields):
    with pytest.raises(BundleError):
        Manifest.from_json(changed(tiny.manifest("1").to_json(), **fields))


@pytest.mark.parametrize("name", ["../../etc/cron.d/x", "/etc/passwd", "a/b", "model.pkl", "manifest.json", ""])
def test_a_manifest_cannot_name_a_file_of_its_own(tiny, name):
    manifest = tiny.manifest("1")
    with pytest.raises(BundleError, match="a bundle holds"):
        Manifest.from_json(changed(manifest.to_json(), files={**manifest.files, name: "0" * 64}))


def test_a_manifest_says_one_digest_of_the_model(tiny):
    with pytest.raises(BundleError, match="differ"):
        tiny.manifest("1", digest="0" * 64)


def test_a_pointer_leads_to_the_folder_that_its_digest_names():
    pointer = Pointer.to("tiny", "3", digest="ab" * 32)
    assert pointer.bundle == "tiny/3-abababababab"
    assert Pointer.from_json(pointer.to_json()) == pointer


@pytest.mark.parametrize(
    "path", ["../tiny/3-abababababab", "/tiny/3-abababababab", "tiny/../3-abababababab", "tiny", "other/3-abababababab"]
)
def test_a_pointer_cannot_lead_elsewhere(path):
    pointer = Pointer.to("tiny", "3", digest="ab" * 32)
    with pytest.raises(BundleError, match="allowed is"):
        Pointer.from_json(json.dumps({**asdict(pointer), "bundle": path}).encode())


@pytest.mark.parametrize(
    "fields",
    [
        {"rows": [], "predictions": []},
        {"predictions": [0.5]},
        {"predictions": ["0.5", 0.5, 0.5]},
        {"predictions": [True, 0.5, 0.5]},
        {"rows": [[1]]},
        {"rows": [{"a": [1]}]},
    ],
)
def test_refuses_an_example_that_is_none(tiny, fields):
    with pytest.raises(BundleError):
        Example.from_json(changed(tiny.example.to_json(), **fields))


def test_an_example_has_exactly_the_features(tiny):
    row = {**tiny.example.rows[0], "another": 1}
    with pytest.raises(BundleError, match="another"):
        Example(rows=(row,), predictions=(0.5,)).check(tiny.signature)
