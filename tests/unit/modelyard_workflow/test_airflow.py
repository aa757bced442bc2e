"""The text of a DAG: what Airflow itself makes of it stands in tests/integration/schedulers."""

import ast
import subprocess
import sys

import pytest

from modelyard.errors import InvalidSettingsError
from modelyard.workflow.airflow import dag_file, place_of, variable
from modelyard.workflow.flow import Flow


@pytest.fixture
def text(night, subjects):
    return dag_file(night.over(subjects, "dev"), owner="team", environment="dev", choices={})


def operators(text):
    """What the keywords of each operator say."""
    calls = [one for one in ast.walk(ast.parse(text)) if isinstance(one, ast.Call)]
    found = [one for one in calls if getattr(one.func, "id", "") == "BashOperator"]
    return [{k.arg: k.value.value for k in one.keywords if isinstance(k.value, ast.Constant)} for one in found]


def test_there_is_an_operator_for_each_task_with_its_command(night, subjects, text):
    said = {one["task_id"]: one["bash_command"] for one in operators(text)}
    assert said == {task.name: " ".join(task.command) for task in night.over(subjects, "dev").tasks}


def test_the_edges_are_those_of_the_graph(night, subjects, text):
    written = night.over(subjects, "dev")
    names = {task.name: variable(task) for task in written.tasks}
    drawn = {(one.left.id, one.right.id) for one in ast.walk(ast.parse(text)) if isinstance(one, ast.BinOp)}
    assert drawn == {(names[need], names[task.name]) for task in written.tasks for need in task.needs}


def test_reading_the_file_does_nothing_but_declare(text):
    module = ast.parse(text)
    imported = {one.module for one in module.body if isinstance(one, ast.ImportFrom)}
    assert imported == {"datetime", "airflow.providers.standard.operators.bash", "airflow.sdk"}
    kinds = {type(one) for one in module.body} | {type(one) for one in module.body[-1].body}
    assert kinds == {ast.Expr, ast.ImportFrom, ast.With, ast.Assign}


def test_a_flow_with_a_parameter_has_no_timetable_and_offers_what_may_be_chosen(task, subjects):
    flow = Flow("go", "Go", (task("go", command=("modelyard", "go", "{model}")),), parameters=("model",))
    text = dag_file(
        flow.over(subjects, "dev", model=place_of("model")), owner="t", environment="dev", choices={"model": ["a"]}
    )
    assert "schedule=None," in text
    assert 'params={"model": Param(type="string", enum=["a"])},' in text
    assert 'bash_command="modelyard go {{ params.model }}",' in text


def test_a_word_with_blanks_or_quotes_stays_one_word(task, subjects):
    odd = ("modelyard", "say", 'it\'s "two words" $HOME')
    flow = Flow("f", "f", (task("a", command=odd),)).over(subjects, "dev")
    (operator,) = operators(dag_file(flow, owner="t", environment="dev", choices={}))
    command = operator["bash_command"].replace("modelyard", "printf '%s|'")
    said = subprocess.run(["bash", "-c", command], capture_output=True, text=True, check=True)
    assert said.stdout == 'say|it\'s "two words" $HOME|'


def test_a_task_called_as_a_word_of_python_is_still_one(task, subjects):
    flow = Flow("f", "f", (task("import"), task("class", "import"))).over(subjects, "dev")
    text = dag_file(flow, owner="t", environment="dev", choices={})
    assert [one["task_id"] for one in operators(text)] == ["import", "class"]


def test_two_tasks_that_would_have_one_name_are_refused(task, subjects):
    flow = Flow("f", "f", (task("a-b"), task("a_b"))).over(subjects, "dev")
    with pytest.raises(InvalidSettingsError, match="differ in nothing but - and _"):
        dag_file(flow, owner="t", environment="dev", choices={})


def test_the_file_is_formatted_as_people_would(text, tmp_path):
    file = tmp_path / "dag.py"
    file.write_text(text)
    ruff = [sys.executable, "-m", "ruff", "format", "--isolated", "--line-length", "120", "--check", str(file)]
    assert subprocess.run(ruff, capture_output=True, check=False).returncode == 0
