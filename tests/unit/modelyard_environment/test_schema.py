"""environments/schema.json says what the typed model says, for whole environments and for their parts."""

import json
from pathlib import Path

import pytest

from modelyard.environment.azure_settings import Azure
from modelyard.environment.described import environment_schema, field_docs
from modelyard.environment.document import read_document
from modelyard.environment.schema import check_schema, file_schema, main, schema_text
from modelyard.environment.sections import Promotion
from modelyard.errors import InvalidSettingsError

FOLDER = Path(__file__).resolve().parents[3] / "environments"
FILES = ["base", "local", "dev", "test", "prod"]


def objects(schema):
    """Every object in a schema that names its keys."""
    if isinstance(schema, dict):
        if "properties" in schema and schema.get("type") == "object":
            yield schema
        for part in schema.values():
            yield from objects(part)
    elif isinstance(schema, list):
        for part in schema:
            yield from objects(part)


def test_the_schema_file_is_fresh():
    check_schema(FOLDER / "schema.json")


def test_a_stale_or_missing_schema_is_refused_with_the_command_that_writes_it(tmp_path):
    file = tmp_path / "schema.json"
    for content in (None, "{}", schema_text().replace('"boolean"', '"string"', 1)):
        if content is not None:
            file.write_text(content, encoding="utf-8")
        with pytest.raises(InvalidSettingsError) as refused:
            check_schema(file)
        assert refused.value.hint == "write it with: python -m modelyard.environment.schema"
    file.write_text(schema_text(), encoding="utf-8")
    check_schema(file)


def test_the_command_writes_and_checks(workspace, monkeypatch, capsys):
    monkeypatch.setenv("MODELYARD_ROOT", str(workspace.root))
    file = workspace.environments / "schema.json"
    file.write_text("{}", encoding="utf-8")
    assert main(["--check"]) == 3
    assert "an old schema" in capsys.readouterr().err
    assert main([]) == 0
    assert main(["--check"]) == 0


def test_a_part_requires_nothing_and_knows_no_further_keys():
    for part in objects(file_schema()):
        assert "required" not in part
        assert part["additionalProperties"] is False


def test_the_whole_requires_every_key():
    whole = environment_schema()
    assert "lake" in whole["required"]
    assert set(whole["$defs"]["Azure"]["required"]) == set(Azure.model_fields)


def test_every_key_is_described():
    keys = [item for part in objects(environment_schema()) for item in part["properties"].items()]
    assert [key for key, described in keys if not described.get("description")] == []


def test_the_words_under_a_field_are_its_description():
    docs = field_docs(Promotion.__module__)["Promotion"]
    assert docs["resamples"] == "Resamples of the paired bootstrap."
    assert "\n    " not in docs["automation"]


@pytest.mark.parametrize("name", FILES)
def test_every_environment_file_names_the_schema_and_fits_it(name):
    file = FOLDER / f"{name}.yaml"
    assert file.read_text(encoding="utf-8").startswith("# yaml-language-server: $schema=schema.json\n")
    jsonschema = pytest.importorskip("jsonschema")
    jsonschema.validate(read_document(file).values, json.loads((FOLDER / "schema.json").read_text(encoding="utf-8")))


@pytest.mark.parametrize(
    "part",
    [
        {"unknown": 1},
        {"gates": {"rules_engine": "other"}},
        {"gates": {"false_alarm_rate": "0.1"}},
        {"azure": {"zone_redundant": "yes"}},
        {"local": {"ports": {"tracking": 80}}},
    ],
)
def test_the_schema_refuses_in_a_part_what_the_model_refuses(part):
    jsonschema = pytest.importorskip("jsonschema")
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(part, file_schema())
