"""What every kind of local resource promises to Pulumi's engine, proven on the real thing."""

from dataclasses import dataclass
from typing import Any

import pytest

from modelyard_infra.local.folder import FolderKind
from modelyard_infra.local.kinds import Call, Kind
from modelyard_infra.local.processes import marked_below
from modelyard_infra.local.service import ServiceKind
from modelyard_infra.local.supervisor import SupervisorKind, stop
from modelyard_infra.plugin.wire import UNKNOWN, packed, plain
from modelyard_infra.testing.drawing import stand_in_command

CALL = Call()


@dataclass
class Case:
    kind: Kind
    inputs: dict[str, Any]
    changed: dict[str, Any]
    replaces: bool
    kept_when_deleted: bool = False


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    folder = tmp_path_factory.mktemp("yard") / "local"
    yield folder
    stop(folder)
    assert marked_below(folder) == []


@pytest.fixture(scope="module")
def supervisor(home):
    return SupervisorKind().create(places(home), CALL).outputs


def places(home):
    return {"home": str(home), "run": str(home / "run"), "logs": str(home / "logs")}


@pytest.fixture(params=["folder", "supervisor", "service"])
def case(request, home, tmp_path):
    if request.param == "folder":
        yield Case(
            FolderKind(),
            {"path": str(tmp_path / "one" / "two")},
            {"path": str(tmp_path / "other")},
            replaces=True,
            kept_when_deleted=True,
        )
        return
    if request.param == "supervisor":
        own = tmp_path / "local"
        yield Case(SupervisorKind(), places(own), {**places(own), "logs": str(tmp_path / "logs")}, replaces=True)
        stop(own)
        return
    supervisor = request.getfixturevalue("supervisor")
    inputs = {
        **places(home),
        "name": "service",
        "command": list(stand_in_command()),
        "environment": {"A": "1"},
        "folder": str(home),
        "port": "auto",
        "port_setting": "",
        "health": "/",
        "log": str(home / "logs" / "service.log"),
        "start_seconds": 20,
        "stop_seconds": 2,
        "socket": supervisor["socket"],
        "supervisor": supervisor["instance"],
        "status": "running",
    }
    yield Case(ServiceKind(), inputs, {**inputs, "environment": {"A": "2"}}, replaces=False)


def decided(inputs):
    """What the user decided; the rest is chosen when the resource is made."""
    return {key: value for key, value in inputs.items() if value != "auto"}


def test_inputs_that_are_right_are_accepted_and_inputs_that_lack_something_are_not(case):
    assert case.kind.check(case.inputs) == []
    assert case.kind.check({}) != []


def test_what_was_created_is_read_back_as_it_is_and_does_not_differ(case):
    made = case.kind.create(case.inputs, CALL)
    assert made.inputs == case.inputs
    assert {**made.outputs, **decided(made.inputs)} == made.outputs
    assert case.kind.read(made.id, made.inputs, made.outputs) == made
    assert case.kind.diff(made.inputs, made.outputs, case.inputs).changed == ()


def test_creating_again_after_a_crash_gives_the_same_thing(case):
    first = case.kind.create(case.inputs, CALL)
    second = case.kind.create(case.inputs, CALL)
    assert second.id == first.id
    assert second.outputs.get("port") == first.outputs.get("port")
    assert case.kind.read(second.id, second.inputs, second.outputs) == second


def test_a_preview_foresees_every_output_or_says_that_it_is_unknown(case):
    foreseen = case.kind.foresee(case.inputs, {})
    made = case.kind.create(case.inputs, CALL)
    assert foreseen.keys() == made.outputs.keys()
    assert all(value in (made.outputs[key], UNKNOWN) for key, value in foreseen.items())


def test_a_changed_input_is_seen_and_replaces_only_where_it_must(case):
    made = case.kind.create(case.inputs, CALL)
    difference = case.kind.diff(made.inputs, made.outputs, case.changed)
    assert difference.changed == tuple(key for key in sorted(case.inputs) if case.inputs[key] != case.changed[key])
    assert bool(difference.replaces) is case.replaces


def test_an_update_gives_what_was_asked_for(case):
    made = case.kind.create(case.inputs, CALL)
    outputs = case.kind.update(case.inputs if case.replaces else case.changed, made.outputs, CALL)
    wanted = case.inputs if case.replaces else case.changed
    assert {**outputs, **decided(wanted)} == outputs
    found = case.kind.read(made.id, wanted, outputs)
    assert found is not None
    assert found.outputs == outputs


def test_what_was_deleted_is_gone_unless_it_holds_data_and_deleting_twice_is_fine(case):
    made = case.kind.create(case.inputs, CALL)
    case.kind.delete(made.outputs, CALL)
    case.kind.delete(made.outputs, CALL)
    found = case.kind.read(made.id, made.inputs, made.outputs)
    status = None if found is None else found.outputs.get("status", "there")
    assert (status == "there") is case.kept_when_deleted
    assert status != "running"


def test_properties_survive_the_way_through_the_engine(case):
    assert plain(packed(case.inputs)) == case.inputs
