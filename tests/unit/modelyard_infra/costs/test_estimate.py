"""What an environment costs: every resource is billed or said to be free, and the sums follow from the settings."""

import json
import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from modelyard.environment.loading import load_environment
from modelyard.environment.workspace import Workspace
from modelyard_infra.blueprint.azure.draw import draw_azure
from modelyard_infra.blueprint.graph import Graph, Resource
from modelyard_infra.costs.estimate import UnpricedKindError, estimate
from modelyard_infra.costs.meters import BILLED, cpus
from modelyard_infra.costs.showing import estimate_text, summary
from modelyard_infra.costs.table import load_prices

REPOSITORY = Path(__file__).resolve().parents[4]
NAMES = ("dev", "test", "prod")


@pytest.fixture
def workspace(tmp_path):
    shutil.copytree(REPOSITORY / "environments", tmp_path / "environments")
    return Workspace(root=tmp_path, state=tmp_path / ".modelyard")


@pytest.fixture
def priced(workspace):
    """The estimate of an environment, after some text of its file was replaced."""

    def of(name, *changes):
        file = workspace.environments / f"{name}.yaml"
        for old, new in changes:
            text = file.read_text()
            assert old in text
            file.write_text(text.replace(old, new))
        environment = load_environment(workspace, name)
        return estimate(draw_azure(environment), node_size=environment.azure.databricks.node_size)

    return of


def only(resource, blueprint):
    return replace(blueprint, graph=Graph((resource,)))


@pytest.fixture
def line(priced):
    def of(name, key, what, *changes):
        (found,) = [one for one in priced(name, *changes).lines if one.key == key and what in one.what]
        return found

    return of


@pytest.mark.parametrize("name", NAMES)
def test_every_kind_that_is_drawn_is_billed_or_said_to_be_free(workspace, name):
    kinds = {resource.kind for resource in draw_azure(load_environment(workspace, name)).graph}
    table = load_prices()
    assert kinds <= set(BILLED) | set(table.free)


def test_no_kind_is_both_billed_and_free_and_every_reason_is_said():
    table = load_prices()
    assert not set(BILLED) & set(table.free)
    assert all(table.free.values())


def test_a_kind_that_the_table_does_not_know_is_not_taken_for_free(workspace):
    blueprint = draw_azure(load_environment(workspace, "dev"))
    with pytest.raises(UnpricedKindError, match="cache:Redis has no price"):
        estimate(only(Resource("r", "cache:Redis", "c", {}), blueprint))


@pytest.mark.parametrize("name", NAMES)
def test_every_billed_resource_of_a_graph_has_a_line(workspace, priced, name):
    graph = draw_azure(load_environment(workspace, name)).graph
    billed = {resource.key for resource in graph.of_kind(*BILLED)}
    unused = {"databricks"} if name == "dev" else set()
    assert {one.key for one in priced(name).lines} - {"apps-grant"} == billed - unused


@pytest.mark.parametrize("name", NAMES)
def test_an_environment_stays_within_its_own_budget(priced, name):
    found = priced(name)
    assert 0 < found.always <= found.monthly <= found.budget


def test_sums_are_those_of_the_lines_and_a_line_is_quantity_times_price(priced):
    found = priced("prod")
    assert found.monthly == pytest.approx(sum(one.quantity * one.unit_price for one in found.lines))
    assert found.always == pytest.approx(sum(one.monthly for one in found.lines if one.always))


def test_dev_is_cheap_and_prod_is_the_dearest(priced):
    dev, test, prod = (priced(name).monthly for name in NAMES)
    assert dev < test < prod
    assert dev < 150


def test_a_standby_doubles_server_and_disk(line):
    server, disk = line("prod", "postgres", "Standard_D4ds_v5"), line("prod", "postgres", "disk of 128 GB")
    assert server.quantity == 4 * 2 * 730
    assert disk.quantity == 256
    assert line("test", "postgres", "Standard_D2ds_v5").quantity == 2 * 730


def test_an_app_that_scales_to_nothing_is_paid_by_use_only(priced):
    api = [one for one in priced("dev").lines if one.key == "model-flight-delay"]
    assert api
    assert not any(one.always for one in api)


def test_an_app_that_always_runs_is_idle_most_of_the_time(line):
    idle, busy = line("prod", "mlflow", "CPU idle"), line("prod", "mlflow", "CPU at work")
    assert idle.quantity + busy.quantity == pytest.approx(2 * 730 * 3600)
    assert idle.always
    assert not busy.always


def test_another_size_changes_the_estimate(priced):
    small = priced("prod").monthly
    larger = priced("prod", ("cpu: 1, memory_gb: 2", "cpu: 2, memory_gb: 4")).monthly
    assert larger > small


def test_the_lakes_redundancy_has_a_price_of_its_own(line):
    assert line("dev", "lake-account", "files, LRS").unit_price < line("test", "lake-account", "files, ZRS").unit_price
    assert (
        line("prod", "lake-account", "files, GZRS").unit_price > line("test", "lake-account", "files, ZRS").unit_price
    )


def test_every_price_that_a_setting_can_ask_for_is_there():
    prices = load_prices().prices
    wanted = [f"storage.{one}" for one in ("LRS", "ZRS", "GRS", "RAGRS", "GZRS", "RAGZRS")]
    wanted += [f"registry.{one}" for one in ("Basic", "Standard", "Premium")]
    wanted += [f"postgres.{one}" for one in ("Burstable", "GeneralPurpose", "MemoryOptimized")]
    wanted += [f"databricks.{one}" for one in ("standard", "premium")]
    assert set(wanted) <= set(prices)


def test_logs_are_kept_for_a_month_at_no_further_cost(priced):
    kept = {name: [one for one in priced(name).lines if "logs kept" in one.what] for name in ("dev", "prod")}
    assert kept["dev"] == []
    assert kept["prod"][0].quantity == pytest.approx(100 * (365 - 31) / 30)


def test_a_cluster_costs_machines_and_units(priced):
    lines = {one.unit: one for one in priced("prod").lines if one.key == "databricks"}
    assert lines["vCPU-hour"].quantity == 60 * 5 * 8
    assert lines["DBU"].quantity == 60 * 5 * 8 / 4


@pytest.fixture
def alert(workspace):
    """The line of a query that is asked so often."""
    blueprint = draw_azure(load_environment(workspace, "dev"))

    def every(frequency):
        properties = {"evaluationFrequency": frequency}
        found = estimate(only(Resource("q", "monitor:ScheduledQueryRule", "c", properties), blueprint))
        return found.lines[0]

    return every


@pytest.mark.parametrize(
    ("frequency", "price"), [("PT1M", 3.0), ("PT5M", 1.5), ("PT10M", 1.0), ("PT15M", 0.5), ("PT1H", 0.5), ("P1D", 0.5)]
)
def test_a_query_costs_by_how_often_it_is_asked(alert, frequency, price):
    assert alert(frequency).unit_price == price


def test_the_free_grant_is_never_more_than_what_is_used(priced):
    granted = [one for one in priced("dev").lines if one.key == "apps-grant"]
    assert len(granted) == 3
    for one in granted:
        used = [other for other in priced("dev").lines if other.key != "apps-grant" and other.unit == one.unit]
        assert 0 < -one.quantity <= sum(other.quantity for other in used)


def test_cpus_are_in_a_machines_name():
    assert [cpus(size) for size in ("Standard_D4ds_v5", "Standard_B1ms", "Standard_E16s_v3")] == [4, 1, 16]
    with pytest.raises(ValueError, match="says no number"):
        cpus("Standard")


def test_prices_of_another_region_are_said_to_be_so(workspace, priced):
    assert "costs something else" not in priced("dev").caution
    base = workspace.environments / "base.yaml"
    base.write_text(base.read_text().replace("location: westeurope", "location: swedencentral"))
    assert "swedencentral costs something else" in priced("dev").caution


def test_the_table_is_dated_and_honest_about_each_number():
    table = load_prices()
    assert table.noted.isoformat().startswith("2026-11-")
    assert "not an offer" in table.says
    assert all(price.basis.startswith(("recorded (", "remembered")) for price in table.prices.values())


def test_people_read_lines_sums_budget_and_assumptions(priced):
    text = estimate_text(priced("prod"))
    assert "not an offer" in text
    assert "of the budget of 6,000 if bills are in USD" in text
    assert "databricks hours: 60" in text
    assert text.splitlines()[2].startswith("postgres")
    assert summary(priced("prod")).startswith("costs about ")


def test_machines_read_the_same_complete(priced):
    document = json.loads(json.dumps(priced("prod").to_json()))
    assert document["monthly"] == pytest.approx(document["always_on"] + document["by_use"], abs=0.02)
    assert document["budget"] == 6000
    assert document["noted"].startswith("2026-11-")
    assert {"key", "kind", "what", "quantity", "unit", "unit_price", "monthly", "always"} == set(document["lines"][0])
