"""Made-up rows keep the contract that they are made of."""

import polars as pl
import pytest

from modelyard.gates.drafting.imagining import imagined_rows
from modelyard.gates.drafting.writing import render_contract
from modelyard.gates.loading import load_contract
from modelyard.gates.rules.compiled import CompiledEngine


@pytest.fixture
def contract(drafted, tmp_path):
    path = tmp_path / "contract.yaml"
    path.write_text(render_contract(drafted()), encoding="utf-8")
    return load_contract(path)


def test_made_up_rows_are_of_the_contracts_types_and_hold_its_rules(contract):
    rows = imagined_rows(contract, rows=500, seed=1)
    assert dict(rows.schema) == dict(contract.polars_schema())
    broken = {one.rule.subject for one in CompiledEngine().check(rows, contract.rules) if not one.passed}
    assert broken <= {"orderNo", "E-Mail"}, "only texts that must be unique, or follow a free pattern, may differ"


def test_the_same_seed_makes_the_same_rows(contract):
    assert imagined_rows(contract, rows=50, seed=1).equals(imagined_rows(contract, rows=50, seed=1))
    assert not imagined_rows(contract, rows=50, seed=1).equals(imagined_rows(contract, rows=50, seed=2))


def test_times_go_on_and_keys_are_different(contract):
    rows = imagined_rows(contract, rows=400, seed=1)
    assert rows["ordered_at"].drop_nulls().is_sorted()
    assert rows["orderNo"].n_unique() == 400
    assert rows["ordered_at"].drop_nulls().dt.truncate("1mo").n_unique() == 12
    assert rows["weight"].null_count()
    assert isinstance(rows["gift"].dtype, pl.Boolean)
