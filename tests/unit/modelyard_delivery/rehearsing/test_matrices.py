import json

import pytest

from modelyard.delivery.pipeline import Job, Strategy
from modelyard.delivery.places import Place
from modelyard.delivery.rehearsing.planning.matrices import ONCE, Turn, turns_of
from modelyard.delivery.rehearsing.planning.variables import Variables
from modelyard.errors import InvalidPipelineError


def turns(matrix=None, parallel=None, **variables):
    held = Variables()
    for name, value in variables.items():
        held.set(name, value)
    job = Job(name="train", place=Place("p.yml", 3), strategy=Strategy(matrix=matrix, parallel=parallel))
    return turns_of(job, held, {})


def test_a_job_without_a_matrix_runs_once():
    assert turns() == [ONCE]


def test_a_matrix_gives_a_run_for_each_name():
    assert turns({"a": {"model": "credit"}}) == [Turn("a", {"model": "credit"})]


def test_a_matrix_is_worked_out_from_json_in_a_variable():
    found = turns("$[ variables['models'] ]", models=json.dumps({"a": {"n": 1, "ok": True}}))
    assert found == [Turn("a", {"n": "1", "ok": "True"})]


@pytest.mark.parametrize("models", ["", "{}", "null"])
def test_an_empty_matrix_runs_once_without_variables_as_the_service_does(models):
    assert turns("$[ variables['models'] ]", models=models) == [ONCE]


@pytest.mark.parametrize("models", ["not json", "[1]", '{"a": 1}', '{"a b": {}}', '{"1a": {}}'])
def test_what_is_no_matrix_is_refused_with_its_line(models):
    with pytest.raises(InvalidPipelineError, match=r"p.yml:3: the matrix of job train"):
        turns("$[ variables['models'] ]", models=models)


def test_parallel_gives_numbered_runs():
    assert [one.variables["System.JobPositionInPhase"] for one in turns(parallel=2)] == ["1", "2"]
