from pathlib import Path

from pulumi.automation._cmd import CommandResult
from pulumi.automation.errors import create_command_error

from modelyard.environment.workspace import Workspace
from modelyard.errors import ProvisioningFailedError, StackBusyError
from modelyard_infra.engine.homes import local_home
from modelyard_infra.stacks.faults import Surroundings, as_fault


def failed(stderr="", stdout=""):
    return create_command_error(CommandResult(stdout, stderr, 255))


def fault(error, *complaints):
    return as_fault(
        error,
        complaints,
        Surroundings("local", "up", home=local_home(Workspace(Path("/yard"), Path("/yard/.modelyard")))),
    )


def test_the_failing_resource_speaks_for_itself():
    error = fault(failed("error: update failed"), "service mlflow: port 5000 is taken", "update failed")
    assert type(error) is ProvisioningFailedError
    assert error.message == "modelyard infra up local stopped: service mlflow: port 5000 is taken"
    assert "modelyard infra up local" in error.hint


def test_the_same_complaint_is_told_once():
    assert fault(failed("x"), "service a: no", "service a: no").message.count("service a: no") == 1


def test_without_a_complaint_the_clis_own_error_is_told():
    error = fault(failed("warning: this\nerror: no stack here\n\nmore help"))
    assert error.message.endswith("stopped: no stack here")
    assert fault(failed()).message.endswith("the engine gave no reason")


def test_a_locked_stack_is_busy_and_its_holder_is_named():
    stderr = (
        "error: the stack is currently locked by 1 lock(s). Either wait or delete\n"
        "  file:///x.json: created by ada@yard (pid 42) at 2026-01-02T03:04:05Z"
    )
    error = fault(failed(stderr))
    assert type(error) is StackBusyError
    assert "by ada@yard, process 42, since 2026-01-02T03:04:05Z" in error.message


def test_a_killed_engine_is_told_as_such():
    error = fault(create_command_error(CommandResult("", "", -9)))
    assert error.message == "modelyard infra up local stopped: the engine was killed (signal 9)"
    assert error.hint.endswith("what exists is kept")
