from contextlib import nullcontext

import pytest

from modelyard.errors import InvalidSettingsError
from modelyard.workflow.flow import Task
from modelyard.workflow.graph import Outcome, Step, Workflow


def step(name, *needs, run=None):
    done = run or (lambda note: Outcome(changed=True, summary=f"did {name}"))
    return Step(Task(name=name, title=name, command=("modelyard", name), needs=needs), done)


def watch(title):
    return nullcontext(lambda line: None)


def test_steps_run_after_everything_that_they_need():
    workflow = Workflow("night", (step("curate", "clean", "weather"), step("clean"), step("weather", "clean")))
    assert [run.name for run in workflow.run(watch)] == ["clean", "weather", "curate"]


def test_a_run_tells_what_each_step_did_and_the_command_that_does_it():
    (run,) = Workflow("night", (step("clean"),)).run(watch)
    assert run.outcome.summary == "did clean"
    assert run.command == ("modelyard", "clean")
    assert run.seconds >= 0


def test_an_error_stops_the_run_before_the_steps_that_follow():
    ran = []

    def fail(note):
        raise RuntimeError("disk gone")

    def remember(note):
        ran.append("curate")
        return Outcome(changed=True, summary="")

    workflow = Workflow("night", (step("clean", run=fail), step("curate", "clean", run=remember)))
    with pytest.raises(RuntimeError, match="disk gone"):
        list(workflow.run(watch))
    assert ran == []


@pytest.mark.parametrize(
    ("steps", "what"),
    [
        ((step("a"), step("a")), "share a name"),
        ((step("a", "b"),), "'b', which is none"),
        ((step("a", "b"), step("b", "a")), "need each other"),
    ],
)
def test_refuses_a_graph_that_does_not_hold_together(steps, what):
    with pytest.raises(InvalidSettingsError, match=what):
        Workflow("night", steps)
