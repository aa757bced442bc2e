from types import SimpleNamespace as Record

import pytest
from pulumi.automation.events import OpType

from modelyard_infra.stacks.kind_names import label
from modelyard_infra.stacks.recorder import Recorder
from modelyard_infra.stacks.results import Change

URN = "urn:pulumi:local::modelyard::modelyard:local:{kind}::{name}"
NOTHING = {"diagnostic_event": None, "resource_pre_event": None, "res_outputs_event": None, "res_op_failed_event": None}


def step(kind, name, op, *, old=None, new=None, diffs=()):
    state = [
        None if inputs is None else Record(inputs=inputs, id="x", outputs=inputs, protect=False)
        for inputs in (old, new)
    ]
    return Record(
        urn=URN.format(kind=kind, name=name),
        op=OpType(op),
        old=state[0],
        new=state[1],
        diffs=list(diffs),
        detailed_diff=None,
    )


def before(*args, **more):
    return Record(**{**NOTHING, "resource_pre_event": Record(metadata=step(*args, **more))})


def after(*args, **more):
    return Record(**{**NOTHING, "res_outputs_event": Record(metadata=step(*args, **more))})


def said(message, severity, *, kind="Service", name="mlflow"):
    event = Record(message=message, severity=severity, urn=URN.format(kind=kind, name=name))
    return Record(**{**NOTHING, "diagnostic_event": event})


@pytest.fixture
def heard():
    return []


def recorder(heard, action):
    return Recorder(heard.append, action=action)


def test_a_preview_takes_what_is_announced_and_an_up_what_is_done(heard):
    events = [
        before("Service", "mlflow", "update", old={"port": 1}, new={"port": 2}, diffs=["port"]),
        after("Service", "mlflow", "update", old={"port": 1}, new={"port": 2}, diffs=["port"]),
    ]
    for action in ("preview", "up"):
        record = recorder(heard, action)
        for event in events:
            record(event)
        assert record.changes == [Change("mlflow", "service", "update", "port: 1 → 2")]
    assert heard == ["changing service mlflow", "update service mlflow: port: 1 → 2"]


def test_what_a_refresh_finds_is_kept_apart_from_what_is_done(heard):
    record = recorder(heard, "up")
    stopped = {"status": "stopped: killed by signal 9 (SIGKILL)"}
    record(before("Service", "mlflow", "refresh"))
    record(after("Service", "mlflow", "refresh", old={"status": "running"}, new=stopped, diffs=["status"]))
    record(after("Service", "mlflow", "update", old=stopped, new={"status": "running"}, diffs=["status"]))
    assert [str(found) for found in record.found] == [
        "changed service mlflow: status: running → stopped: killed by signal 9 (SIGKILL)"
    ]
    assert [change.operation for change in record.changes] == ["update"]


def test_a_refresh_counts_what_is_as_before(heard):
    record = recorder(heard, "refresh")
    for name in ("RAW", "CLEAN"):
        record(before("Folder", name, "refresh"))
    record(after("Folder", "RAW", "same"))
    record(after("Folder", "CLEAN", "delete", old={"path": "/lake/CLEAN"}))
    assert record.unchanged == 1
    assert [str(found) for found in record.found] == ["gone folder CLEAN: /lake/CLEAN"]


def test_the_halves_of_a_replacement_are_told_once(heard):
    record = recorder(heard, "up")
    for op in ("delete-replaced", "create-replacement", "replace"):
        record(after("Folder", "RAW", op, old={"path": "/a"}, new={"path": "/b"}, diffs=["path"]))
    assert record.changes == [Change("RAW", "folder", "replace", "path: /a → /b")]


def test_a_folder_that_leaves_the_stack_is_forgotten_not_deleted(heard):
    record = recorder(heard, "down")
    record(after("Folder", "RAW", "delete", old={"path": "/lake/RAW"}))
    assert record.changes == [Change("RAW", "folder", "forget", "/lake/RAW is kept")]


def test_errors_and_warnings_name_their_resource_and_the_engines_noise_is_left_out(heard):
    record = recorder(heard, "up")
    record(said("<{%reset%}>port 5000 is taken<{%reset%}>\n", "error"))
    record(said("moves to port 5001", "warning"))
    record(said("using pulumi-language-python from $PATH at /x", "warning"))
    record(said("registering resource", "debug"))
    assert record.errors == ["service mlflow: port 5000 is taken"]
    assert record.warnings == ["service mlflow: moves to port 5001"]


def test_long_and_nested_values_are_not_spelt_out(heard):
    record = recorder(heard, "up")
    old, new = {"command": ["a"], "log": "x" * 100}, {"command": ["b"], "log": "y"}
    record(after("Service", "mlflow", "update", old=old, new=new, diffs=["command", "log"]))
    assert record.changes[0].detail == f"command differs; log: {'x' * 59}… → y"


def test_a_resource_is_called_by_kind_and_name():
    assert label(URN.format(kind="Service", name="model-api")) == "service model-api"
