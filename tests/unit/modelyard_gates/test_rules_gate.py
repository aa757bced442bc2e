from dataclasses import replace

import polars as pl
import pytest

from modelyard.errors import InvalidSettingsError
from modelyard.gates.contract import Column, Contract, Derived
from modelyard.gates.expectations import Rule
from modelyard.gates.report import Finding
from modelyard.gates.rules.compiled import CompiledEngine
from modelyard.gates.rules.derivation import derive
from modelyard.gates.rules.explanation import explain
from modelyard.gates.rules.gate import check_rules

CONTRACT = Contract(
    id="t",
    version="1",
    source="t",
    columns=(
        Column("miles", "double"),
        Column("hours", "double"),
        Column("low", "bigint"),
        Column("high", "bigint"),
        Column("at", "timestamptz"),
        Column("hour", "bigint"),
    ),
    rules=(
        Rule("expect_column_values_to_be_between", {"column": "pace", "min_value": 30, "max_value": 40}, "mph"),
        Rule("expect_column_pair_values_a_to_be_greater_than_b", {"column_A": "high", "column_B": "low"}),
        Rule("expect_column_values_to_be_in_set", {"column": "clock", "value_set": [0]}),
    ),
    derived=(
        Derived("pace", "miles / hours"),
        Derived("clock", "EXTRACT(hour FROM at) - hour", timezone="America/New_York"),
    ),
    delivery="snapshot",
)
FRAME = pl.DataFrame(
    {
        "miles": [31.0, 64.0, 99.0],
        "hours": [1.0, 2.0, 3.0],
        "low": [1, 2, 3],
        "high": [5, 6, 7],
        "at": ["2013-01-01T10:00:00Z", "2013-07-01T10:00:00Z", "2013-07-01T03:00:00Z"],
        "hour": [5, 6, 23],
    }
).with_columns(pl.col("at").str.to_datetime("%+"))


def refused(frame):
    findings, _ = check_rules(derive(frame, CONTRACT), CONTRACT, CompiledEngine())
    return explain(frame, CONTRACT, findings)


def test_rules_on_derived_columns_hold_and_are_measured():
    findings, checks = check_rules(derive(FRAME, CONTRACT), CONTRACT, CompiledEngine())
    assert findings == []
    assert [(check.subject, check.outcome) for check in checks] == [
        ("miles, hours", "passed"),
        ("high, low", "passed"),
        ("at, hour", "passed"),
    ]


@pytest.mark.parametrize(
    ("change", "hint"),
    [
        ({"miles": pl.col("miles") * 1.609344}, "miles looks like kilometres where miles are expected"),
        ({"low": pl.col("high"), "high": pl.col("low")}, "low and high look swapped"),
        ({"at": pl.col("at") + pl.duration(hours=5)}, "at looks moved by +5 hours"),
    ],
)
def test_one_mistake_that_explains_every_broken_rule_is_named(change, hint):
    findings = refused(FRAME.with_columns(**change))
    assert findings
    for finding in findings:
        assert set(hint.replace(" and ", " ").split()) <= set(
            finding.hint.replace(" and ", " ").replace(":", "").split()
        )


def test_a_mistake_that_explains_nothing_is_not_named():
    (finding,) = refused(FRAME.with_columns(miles=pl.lit(7.0)))
    assert finding.hint == ""


def test_findings_of_other_gates_keep_their_hints():
    other = Finding("identity", "same_rows", "table", "again")
    findings, _ = check_rules(derive(FRAME.with_columns(low="high", high="low"), CONTRACT), CONTRACT, CompiledEngine())
    assert explain(FRAME.with_columns(low="high", high="low"), CONTRACT, [other, *findings])[0] == other


def test_a_derived_column_that_does_not_fit_the_types_is_a_contract_error():
    broken = replace(CONTRACT, derived=(Derived("clock", "EXTRACT(hour FROM hours)"),))
    with pytest.raises(InvalidSettingsError, match="clock"):
        derive(FRAME, broken)
