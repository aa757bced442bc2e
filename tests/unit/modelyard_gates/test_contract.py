import pytest

from modelyard.errors import InvalidSettingsError
from modelyard.gates.loading import load_contract


def properties(document):
    return document["schema"][0]["properties"]


def refusal(write_contract, document):
    with pytest.raises(InvalidSettingsError) as caught:
        load_contract(write_contract(document))
    assert caught.value.hint
    assert "contract.yaml" in caught.value.message
    return caught.value.message


def test_reads_columns_key_period_and_personal_data(contract):
    assert contract.source == "rides"
    assert contract.names[:3] == ("year", "month", "ride")
    assert contract.key == ("ride",)
    assert contract.period == ("year", "month")
    assert [column.name for column in contract.personal] == ["rider"]
    assert contract.missing == {"NA", ""}
    assert contract.delivery == "increment"


def test_required_unique_and_limits_become_rules(contract):
    said = {(rule.expectation, rule.subject) for rule in contract.rules}
    assert ("expect_column_values_to_not_be_null", "year") in said
    assert ("expect_column_values_to_be_unique", "ride") in said
    assert ("expect_column_values_to_not_be_null", "ride") in said
    assert ("expect_column_values_to_be_between", "miles") in said
    assert ("expect_column_mean_to_be_between", "miles") in said


def test_points_in_time_periods_and_excluded_columns_are_not_compared(contract):
    assert set(contract.compared) == {"rider", "miles", "electric"}


def test_a_key_of_several_columns_becomes_one_rule(write_contract, document):
    for place in (0, 1):
        properties(document)[place].update(primaryKey=True, primaryKeyPosition=place + 2)
    contract = load_contract(write_contract(document))
    assert contract.key == ("ride", "year", "month")
    assert contract.rules[0].columns == contract.key


def test_refuses_an_unknown_key_and_lists_the_allowed_ones(write_contract, document):
    properties(document)[0]["requird"] = True
    message = refusal(write_contract, document)
    assert "schema.0.properties.0.requird" in message
    assert "primaryKey" in message


def test_refuses_an_unknown_top_level_key(write_contract, document):
    document["owner"] = "me"
    assert "apiVersion" in refusal(write_contract, document)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda d: d.pop("version"), "version"),
        (lambda d: d.update(status="live"), "'live'"),
        (lambda d: d.update(apiVersion="v9"), "v3.1.0"),
        (lambda d: d.update(schema=[]), "schema"),
        (lambda d: properties(d)[0].update(required="yes"), "required"),
        (lambda d: properties(d)[0].update(physicalType="number"), "bigint"),
        (lambda d: properties(d)[0].update(logicalType="string"), "logicalType"),
        (lambda d: properties(d)[2].pop("primaryKeyPosition"), "primaryKeyPosition"),
        (lambda d: properties(d).append(dict(properties(d)[0])), "each column once"),
        (lambda d: properties(d)[3].pop("customProperties"), "drop or hash"),
        (lambda d: properties(d)[3].update(classification="public"), "classification: personal"),
        (lambda d: properties(d)[2]["customProperties"][0]["value"].update(marign=1), "marign"),
        (lambda d: d["schema"][0]["customProperties"].pop(0), "increment or snapshot"),
        (lambda d: d["schema"][0]["customProperties"][0].update(value="weekly"), "'weekly'"),
        (lambda d: d["schema"][0]["customProperties"][0].update(value="snapshot"), "periodColumns"),
        (lambda d: d["schema"][0]["customProperties"][1].update(value=["week"]), "week"),
        (lambda d: d["schema"][0]["customProperties"][1].update(value=["rider"]), "whole-number"),
        (lambda d: d["schema"][0]["customProperties"][2].update(value=[0]), "texts in quotes"),
        (lambda d: d["schema"][0]["customProperties"].append({"property": "colour", "value": 1}), "colour"),
    ],
)
def test_refuses_what_is_missing_wrong_or_contradictory(write_contract, document, change, said):
    change(document)
    assert said in refusal(write_contract, document)


@pytest.mark.parametrize(
    ("kind", "kwargs", "said"),
    [
        ("expect_column_values_to_be_nice", {}, "expect_column_values_to_not_be_null"),
        ("expect_column_values_to_be_between", {"min_valu": 1}, "min_valu"),
        ("expect_column_values_to_be_between", {}, "min_value, max_value or both"),
        ("expect_column_values_to_be_between", {"min_value": "1"}, "a number"),
        ("expect_column_values_to_be_in_set", {}, "value_set"),
        ("expect_column_values_to_be_in_set", {"value_set": []}, "at least one value"),
        ("expect_column_values_to_not_be_null", {"mostly": 90}, "at most 1"),
        ("expect_column_values_to_match_regex", {"regex": "x"}, "a column of texts"),
        ("expect_column_values_to_not_be_null", {"column": "milse"}, "milse"),
        ("expect_column_pair_values_to_be_equal", {"column_A": "miles"}, "column_B"),
        (
            "expect_column_pair_values_to_be_equal",
            {"column_A": "miles", "column_B": "ride", "ignore_row_if": "sometimes"},
            "both_values_are_missing",
        ),
    ],
)
def test_refuses_a_rule_that_no_engine_would_understand(write_contract, document, kind, kwargs, said):
    rule = {"type": "custom", "engine": "greatExpectations", "implementation": {"type": kind, "kwargs": kwargs}}
    properties(document)[4]["quality"].append(rule)
    message = refusal(write_contract, document)
    assert "miles" in message
    assert said in message


@pytest.mark.parametrize(
    ("derived", "said"),
    [
        ({"name": "pace"}, "sql"),
        ({"name": "pace", "sql": "miles /"}, "SQL"),
        ({"name": "pace", "sql": "miles / hours"}, "hours"),
        ({"name": "miles", "sql": "miles"}, "no other column"),
        ({"name": "pace", "sql": "miles", "timezone": "Mars/Base"}, "IANA"),
        ({"name": "pace", "sql": "miles", "unit": "mph"}, "unit"),
        ("pace", "name, sql"),
    ],
)
def test_refuses_a_derived_column_that_cannot_be_computed(write_contract, document, derived, said):
    document["schema"][0]["customProperties"].append({"property": "derivedColumns", "value": [derived]})
    assert said in refusal(write_contract, document)


def test_a_missing_file_and_broken_yaml_are_said_plainly(tmp_path):
    with pytest.raises(InvalidSettingsError, match="no readable contract"):
        load_contract(tmp_path / "contract.yaml")
    (tmp_path / "contract.yaml").write_text("a: [")
    with pytest.raises(InvalidSettingsError, match="not YAML"):
        load_contract(tmp_path / "contract.yaml")
