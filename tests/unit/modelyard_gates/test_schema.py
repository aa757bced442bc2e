import pytest

from modelyard.gates.report import Finding
from modelyard.gates.schema import check_schema


def found(columns, contract, types=()):
    return check_schema(columns, contract, types)[0]


def test_the_contracts_columns_are_accepted(contract):
    assert found(contract.names, contract) == []


def test_another_order_is_a_warning(contract):
    (finding,) = found(contract.names[::-1], contract)
    assert (finding.code, finding.severity) == ("reordered", "warning")


def test_a_missing_column_is_named(contract):
    (finding,) = found([name for name in contract.names if name != "miles"], contract)
    assert (finding.code, finding.subject, finding.severity) == ("missing_column", "miles", "refusal")


def test_an_extra_column_is_named(contract):
    (finding,) = found([*contract.names, "fare"], contract)
    assert (finding.code, finding.subject) == ("extra_column", "fare")


@pytest.mark.parametrize("other", ["Miles", "MILES", "mile", "m_i_l_e_s", "mil\u0435s", "miles "])
def test_a_renamed_recased_or_look_alike_column_is_recognised(contract, other):
    columns = [other if name == "miles" else name for name in contract.names]
    missing, extra = found(columns, contract)
    assert (missing.code, missing.subject) == ("missing_column", "miles")
    assert (extra.code, extra.subject) == ("extra_column", other)
    assert "miles" in extra.hint
    assert "under another name" in missing.hint


def test_letters_that_look_alike_are_spelt_out(contract):
    (finding,) = found([*contract.names, "mil\u0435s"], contract)
    assert "\\u0435" in finding.found


def test_wrong_types_are_reported_beside_missing_columns(contract):
    wrong = Finding("schema", "type", "year", "has text")
    findings, checks = check_schema([n for n in contract.names if n != "miles"], contract, [wrong])
    assert {finding.subject for finding in findings} == {"miles", "year"}
    assert {check.subject for check in checks if check.outcome == "refused"} == {"miles", "year"}
