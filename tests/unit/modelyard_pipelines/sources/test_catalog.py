import pytest

from modelyard.errors import SourceNotFoundError
from modelyard_pipelines.sources.catalog import FOLDER, find_source, source_names


def test_every_folder_with_a_contract_is_a_source():
    brought = {"airlines", "airports", "athletes", "flights", "planes", "telecom_customers", "weather"}
    assert brought <= set(source_names())
    assert list(source_names()) == sorted(source_names())


def test_a_source_brings_contract_landing_and_cleaning():
    source = find_source("flights")
    assert source.contract.source == "flights"
    assert source.monthly
    assert not find_source("planes").monthly


@pytest.mark.parametrize("name", ["flihgts", "", "../flights", "catalog", "__pycache__"])
def test_an_unknown_source_is_refused_with_the_known_ones(name):
    with pytest.raises(SourceNotFoundError, match=r"airlines, airports, .*flights"):
        find_source(name)


@pytest.mark.parametrize("name", [name for name in source_names() if find_source(name).own_landing])
def test_a_contract_is_complete(name):
    contract = find_source(name).contract
    assert contract.key
    assert contract.rules
    assert all(column.description for column in contract.columns)
    assert (FOLDER / name / "__init__.py").is_file()


def test_tail_numbers_and_makers_are_personal():
    assert [(c.name, c.clean) for c in find_source("flights").contract.personal] == [("tailnum", "hash")]
    assert [(c.name, c.clean) for c in find_source("planes").contract.personal] == [
        ("tailnum", "hash"),
        ("manufacturer", "drop"),
    ]
