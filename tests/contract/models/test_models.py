"""Every model in the project keeps the contract. A new folder under ml/models is picked up by itself."""

from dataclasses import replace
from pathlib import Path

import pytest

from modelyard.environment.workspace import Workspace
from modelyard.models.conformance import check_model
from modelyard.models.discovery import find_model, model_names
from modelyard.models.searching import Search
from modelyard.models.spark import spark_problem
from modelyard.models.spec import Floor, Threshold
from modelyard_pipelines.model.checking import metrics_exist

WORKSPACE = Workspace.at(Path(__file__).parents[3])
NAMES = model_names(WORKSPACE)


def test_there_are_models():
    assert "flight_delay" in NAMES


@pytest.mark.parametrize("name", NAMES)
def test_keeps_the_contract(name, curated):
    spec = find_model(WORKSPACE, name)
    if spec.flavour == "spark" and spark_problem():
        pytest.skip(f"{name} needs Spark: {spark_problem()}")
    report = check_model(spec, curated(spec.purpose))
    assert report.passed, "\n".join(f"{check.name}: {check.detail}" for check in report.failures)


@pytest.mark.parametrize("name", NAMES)
def test_is_judged_by_metrics_that_exist(name):
    check = metrics_exist(find_model(WORKSPACE, name))
    assert check.passed, check.detail


@pytest.mark.parametrize(
    "wrong",
    [
        {"metric": "roc_auk"},
        {"search": Search(space={}, metric="rmsle")},
        {"thresholds": (Threshold(metric="accurracy", at_least=0.5),)},
        {"floors": (Floor(column="origin", metric="gini", at_least=0.5),)},
    ],
)
def test_a_metric_that_does_not_exist_is_told_with_where_it_stands(wrong):
    (setting,) = wrong
    check = metrics_exist(replace(find_model(WORKSPACE, "flight_delay"), **wrong))
    assert not check.passed
    assert setting in check.detail


@pytest.mark.parametrize("name", NAMES)
def test_has_a_card_that_names_its_owner_and_its_limits(name):
    spec = find_model(WORKSPACE, name)
    card = (WORKSPACE.models / name / "README.md").read_text()
    assert spec.owner in card
    assert "## Limits" in card


@pytest.mark.parametrize("name", NAMES)
def test_is_declared_in_a_page(name):
    assert len((WORKSPACE.models / name / "model.py").read_text().splitlines()) <= 70
