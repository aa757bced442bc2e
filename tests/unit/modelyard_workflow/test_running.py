"""A flow runs in order; a failure stops what depends on it and nothing else."""

import pytest

from modelyard.workflow.flow import Flow
from modelyard.workflow.running import exit_code_of, run_flow


class Machine:
    """Does tasks by saying what was planned for them."""

    def __init__(self, **planned):
        self.planned = {name.replace("_", "-"): list(codes) for name, codes in planned.items()}
        self.did, self.waited = [], []

    def do(self, task):
        self.did.append(task.name)
        return self.planned.get(task.name, [0]).pop(0) if self.planned.get(task.name) else 0

    def run(self, flow):
        return list(run_flow(flow, self.do, begin=lambda task: None, pause=self.waited.append))


@pytest.fixture
def flow(task):
    """a -> b -> c, and d beside it."""
    return Flow("f", "f", (task("a"), task("b", "a", retries=2), task("c", "b"), task("d")))


def test_what_does_not_depend_on_a_failure_goes_on(flow):
    machine = Machine(b=[5])
    runs = {run.task: run for run in machine.run(flow)}
    assert {name: run.state for name, run in runs.items()} == {
        "a": "done",
        "b": "failed",
        "c": "left out",
        "d": "done",
    }
    assert runs["c"].because_of == ("b",)
    assert "c" not in machine.did


def test_a_flow_ends_as_its_first_failure_does(flow):
    assert exit_code_of(Machine(a=[4], d=[7]).run(flow)) == 4
    assert exit_code_of(Machine().run(flow)) == 0


def test_only_what_may_be_retried_is_tried_again_and_not_more_often_than_said(flow):
    machine = Machine(b=[75, 75, 0])
    (run,) = [run for run in machine.run(flow) if run.task == "b"]
    assert (run.state, run.attempts, len(machine.waited)) == ("done", 3, 2)
    (run,) = [run for run in Machine(b=[75, 75, 75, 0]).run(flow) if run.task == "b"]
    assert (run.state, run.attempts, run.exit_code) == ("failed", 3, 75)
    (run,) = [run for run in Machine(b=[1, 0]).run(flow) if run.task == "b"]
    assert (run.state, run.attempts) == ("failed", 1)


def test_a_flow_that_failed_is_continued_by_running_it_again(flow):
    machine = Machine(b=[5])
    machine.run(flow)
    assert {run.state for run in machine.run(flow)} == {"done"}
