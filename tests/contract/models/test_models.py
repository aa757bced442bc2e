"""Every model in the project keeps the contract. A new folder under ml/models is picked up by itself."""

from pathlib import Path

import pytest

from modelyard.environment.workspace import Workspace
from modelyard.evaluation.metrics import BINARY_METRICS, REGRESSION_METRICS
from modelyard.evaluation.resampling import resampled_metrics
from modelyard.models.conformance import check_model
from modelyard.models.discovery import find_model, model_names

WORKSPACE = Workspace.at(Path(__file__).parents[3])
NAMES = model_names(WORKSPACE)


def test_there_are_models():
    assert "flight_delay" in NAMES


@pytest.mark.parametrize("name", NAMES)
def test_keeps_the_contract(name, curated):
    spec = find_model(WORKSPACE, name)
    report = check_model(spec, curated(spec.purpose))
    assert report.passed, "\n".join(f"{check.name}: {check.detail}" for check in report.failures)


@pytest.mark.parametrize("name", NAMES)
def test_is_judged_by_metrics_that_exist(name):
    spec = find_model(WORKSPACE, name)
    known = BINARY_METRICS if spec.task == "binary" else REGRESSION_METRICS
    assert {spec.search.metric, *(threshold.metric for threshold in spec.thresholds)} <= set(known)
    assert spec.metric in resampled_metrics()


@pytest.mark.parametrize("name", NAMES)
def test_has_a_card_that_names_its_owner_and_its_limits(name):
    spec = find_model(WORKSPACE, name)
    card = (WORKSPACE.models / name / "README.md").read_text()
    assert spec.owner in card
    assert "## Limits" in card


@pytest.mark.parametrize("name", NAMES)
def test_is_declared_in_a_page(name):
    assert len((WORKSPACE.models / name / "model.py").read_text().splitlines()) <= 70
