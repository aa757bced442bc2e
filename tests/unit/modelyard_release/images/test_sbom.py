"""The list of contents, checked against CycloneDX's own schema."""

from __future__ import annotations

import json

import pytest

from modelyard.release.images.papers import SBOM


@pytest.fixture
def written(building, bundle):
    return (building.release(bundle).papers / SBOM).read_bytes()


@pytest.fixture
def document(written):
    return json.loads(written)


def test_it_is_valid_cyclonedx(written):
    from cyclonedx.schema import SchemaVersion
    from cyclonedx.validation.json import JsonStrictValidator

    assert JsonStrictValidator(SchemaVersion.V1_6).validate_str(written.decode()) is None


def test_the_schema_would_notice(written):
    from cyclonedx.schema import SchemaVersion
    from cyclonedx.validation.json import JsonStrictValidator

    spoilt = written.decode().replace('"alg": "SHA-256"', '"alg": "sha256"')
    assert JsonStrictValidator(SchemaVersion.V1_6).validate_str(spoilt) is not None


def test_it_lists_every_wheel_with_its_digest_the_base_and_the_model(document, building, bundle):
    wheels = building.plan().wheels
    found = {one["name"]: one for one in document["components"]}
    for wheel in (*wheels.locked, *wheels.own):
        assert found[wheel.name]["hashes"] == [{"alg": "SHA-256", "content": wheel.sha256}]
        assert found[wheel.name]["version"] == wheel.version
    assert found["tiny"]["type"] == "machine-learning-model"
    assert found["tiny"]["hashes"][0]["content"] == bundle.manifest.digest
    base = found["docker.io/library/python"]
    assert (base["type"], base["version"]) == ("container", "3.11-slim-bookworm")
    assert len(document["components"]) == len(wheels.locked) + len(wheels.own) + 2


def test_it_says_that_the_base_is_not_listed_package_by_package(document):
    assert document["compositions"] == [
        {"aggregate": "incomplete", "assemblies": ["docker.io/library/python:3.11-slim-bookworm"]}
    ]


def test_what_depends_on_what_comes_from_the_lock(document):
    needs = {one["ref"]: one["dependsOn"] for one in document["dependencies"]}
    assert needs["pkg:pypi/model-api@1.0.0"] == ["pkg:pypi/numbers@1.0.0"]
    assert needs["pkg:pypi/modelyard-serving@1.0.0"] == [
        "pkg:pypi/model-api@1.0.0",
        "pkg:pypi/modelyard-bundle@1.0.0",
    ]


def test_our_own_packages_are_not_taken_for_somebody_elses_on_an_index(document):
    assert all("purl" not in one for one in document["components"] if one["name"].startswith("modelyard"))
    assert all("purl" in one for one in document["components"] if one["name"] in ("numbers", "model-api"))


def test_the_model_carries_its_origin(document, bundle):
    model = next(one for one in document["components"] if one["name"] == "tiny")
    facts = {one["name"]: one["value"] for one in model["properties"]}
    assert facts["modelyard:run"] == bundle.manifest.run_id
    assert facts["modelyard:data:CURATED/tiny"] == "1"
    assert len(facts["modelyard:signed-by"]) == 64
