"""Releases without a commit, with Pulumi's real engine: a canary, all of it, and back; remembered by the stack."""

from dataclasses import replace

import pytest

from modelyard.errors import ConfigurationError, ProvisioningFailedError
from modelyard_infra.simulator.faults import AFTER, BEFORE, KILL, Fault
from modelyard_infra.stacks.releases.folder import Release
from modelyard_infra.stacks.releases.moves import Order
from modelyard_infra.testing.editing import changed

pytestmark = pytest.mark.slow

MODEL, APP = "flight_delay", "model-flight-delay"
IMAGE = "modelyard/flight-delay"


def release(version, model):
    """What a pipeline hands on."""
    return Release(model, version, f"{version}" * 64, f"{IMAGE}@sha256:{version}{'a' * 63}")


class Dev:
    """dev, whose file names no model."""

    def __init__(self, yard):
        self.yard = yard
        yard.set("dev", "azure.container_apps.models", {})

    def operation(self, version=None, percent=100, *, back=False, model=MODEL):
        if version is None:
            return self.yard.operation("dev")
        return self.yard.operation("dev", order=Order((release(version, model),), percent, back))

    def up(self, version=None, percent=100, **more):
        return self.operation(version, percent, **more).up()

    @property
    def app(self):
        """What there is in Azure."""
        with self.yard.azure() as azure:
            (found,) = (one.body for one in azure.resources() if one.name.endswith("flight-delay-dev-weu"))
        return found

    @property
    def weights(self):
        """Percent by version, as Azure has it."""
        return {one["label"]: one["weight"] for one in self.app["configuration"]["ingress"]["traffic"]}

    @property
    def image(self):
        return self.app["template"]["containers"][0]["image"]


def touched(result):
    return [(change.name, change.operation) for change in result.changes]


@pytest.fixture(scope="module")
def dev(quick_yard):
    place = Dev(quick_yard)
    place.up(1)
    return place


def test_a_release_runs_by_its_digest_from_the_environments_own_registry(dev):
    assert dev.weights == {"v1": 100}
    assert dev.image == f"{dev.yard.environment('dev').azure_name('registry')}.azurecr.io/{IMAGE}@sha256:1{'a' * 63}"


def test_what_was_released_outlives_a_plain_update_a_changed_file_and_the_plain_cli(dev):
    assert not dev.up().has_changes
    dev.yard.set("dev", "azure.budget.monthly_amount", 151)
    answer = dev.yard.pulumi("up", "--yes", "--skip-preview", stack="dev")
    assert answer.returncode == 0, answer.stdout + answer.stderr
    assert dev.weights == {"v1": 100}
    assert not dev.up().has_changes


def test_a_canary_is_foreseen_gets_its_share_and_then_everything(dev):
    foreseen = dev.operation(2, 10).preview()
    assert touched(foreseen) == [(APP, "update")]
    assert foreseen.releases[MODEL]["tried"]["version"] == 2
    assert dev.weights == {"v1": 100}, "a preview released something"
    assert touched(dev.up(2, 10)) == [(APP, "update")]
    assert dev.weights == {"v1": 90, "v2": 10}
    assert not dev.up(2, 10).has_changes
    finished = dev.up(2)
    assert dev.weights == {"v2": 100}
    assert finished.outputs["releases"][MODEL]["previous"]["version"] == 1


def test_a_step_back_starts_nothing_and_is_one_step_however_often_it_is_asked_for(dev):
    newest = dev.app["template"]
    assert touched(dev.up(2, back=True)) == [(APP, "update")]
    assert dev.weights == {"v1": 100, "v2": 0}
    assert dev.app["template"] == newest
    assert not dev.up(2, back=True).has_changes
    assert not dev.up().has_changes
    assert dev.weights == {"v1": 100, "v2": 0}


def test_a_model_that_the_file_names_is_released_by_its_file_only(dev):
    named = {MODEL: {"version": 9, "image": f"{IMAGE}@sha256:{'9' * 64}", "rollout": None}}
    dev.yard.set("dev", "azure.container_apps.models", named)
    with pytest.raises(ConfigurationError, match=r"environments/dev\.yaml names flight_delay"):
        dev.up(3)
    dev.yard.set("dev", "azure.container_apps.models", {})


@pytest.mark.parametrize(
    ("image", "rule"),
    [(f"elsewhere.azurecr.io/x@sha256:{'a' * 64}", "apps-own-registry"), ("{own}/x:3", "apps-pinned-images")],
)
def test_a_released_image_is_held_to_the_policies_as_every_other(dev, image, rule):
    operation = dev.operation(3)
    own = f"{dev.yard.environment('dev').azure_name('registry')}.azurecr.io"

    def draw(environment, workspace, **more):
        blueprint = operation.draw(environment, workspace, **more)
        path = "template.containers.0.image"
        return replace(blueprint, graph=changed(blueprint.graph, APP, path, image.format(own=own)))

    with pytest.raises(ProvisioningFailedError, match=rule):
        replace(operation, draw=draw).up()


def test_something_released_meanwhile_is_not_undone_by_an_update_that_does_not_know_of_it(dev):
    late = dev.operation()
    assert late.blueprint.releases[MODEL].current.version == 1
    dev.up(3)
    with pytest.raises(ProvisioningFailedError, match="something was released while this update was prepared"):
        late.up()
    assert dev.weights == {"v3": 100}


def test_a_first_release_that_is_taken_back_leaves_nothing_behind(dev):
    made = touched(dev.up(1, 10, model="late"))
    assert ("model-late", "create") in made
    result = dev.up(1, back=True, model="late")
    assert {name for name, _ in touched(result)} == {name for name, _ in made}
    assert {operation for _, operation in touched(result)} == {"delete"}
    assert list(result.outputs["releases"]) == [MODEL]
    assert not dev.up(1, back=True, model="late").has_changes


def test_an_engine_that_is_killed_leaves_what_can_be_finished_and_taken_back(own_yard):
    dev = Dev(own_yard)

    def killed(moment, **order):
        with own_yard.azure() as azure:
            azure.fail(Fault(operation="update", pattern=APP, action=KILL, moment=moment))
        with pytest.raises(ProvisioningFailedError, match="the engine was killed"):
            dev.up(2, **order)

    dev.up(1)
    killed(AFTER, percent=10)
    dev.up()
    assert dev.weights == {"v1": 90, "v2": 10}, "the stack knew of it before the app was touched"
    killed(BEFORE, back=True)
    dev.up(2, back=True)
    assert dev.weights == {"v1": 100, "v2": 0}
