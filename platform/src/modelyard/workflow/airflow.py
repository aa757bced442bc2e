"""A flow as an Airflow DAG: one file that declares tasks and edges, and does nothing else when Airflow reads it.

For Airflow 3: `airflow.sdk` and the standard provider. The file imports nothing of ours; a worker needs the command
`modelyard`, and MODELYARD_ROOT where it does not start in a checkout.
"""

from __future__ import annotations

import json
import keyword
import shlex
from collections.abc import Iterator, Mapping, Sequence
from textwrap import dedent

from modelyard.errors import InvalidSettingsError
from modelyard.workflow.flow import Flow, Task

START = (2026, 1, 1)
"""Before any run: without catch-up it only has to lie in the past."""
RETRY_MINUTES = 5


def place_of(parameter: str) -> str:
    """What Airflow puts a parameter's value in place of."""
    return f"{{{{ params.{parameter} }}}}"


def dag_file(flow: Flow, *, owner: str, environment: str, choices: Mapping[str, Sequence[str]]) -> str:
    """The text of the DAG's file, as `ruff format` would leave it.

    Args:
        flow: written out, with `place_of` each of its parameters.
        owner: whom Airflow names where a task has no owner.
        environment: the environment that the commands name.
        choices: what each parameter may be.

    Raises:
        InvalidSettingsError: two tasks would have one name in the file.
    """
    if len({variable(task) for task in flow.tasks}) != len(flow.tasks):
        raise InvalidSettingsError(f"flow {flow.name}: two tasks differ in nothing but - and _; give one another name")
    return "\n".join([*_head(flow, owner, environment, choices), *_tasks(flow), *_edges(flow), ""])


def variable(task: Task) -> str:
    """The name of a task in the file."""
    name = task.name.replace("-", "_")
    return f"{name}_" if keyword.iskeyword(name) else name


def _head(flow: Flow, owner: str, environment: str, choices: Mapping[str, Sequence[str]]) -> Iterator[str]:
    docs = f"{flow.title}. `modelyard schedule show {flow.name}` draws it."
    yield from _lines(
        f'''
        """{flow.title}, in {environment}.

        Rendered by `modelyard schedule render {flow.name} --to airflow --env {environment}`: an edit here is lost.
        """

        from datetime import datetime, timedelta, timezone

        from airflow.providers.standard.operators.bash import BashOperator
        from airflow.sdk import DAG{", Param" if choices else ""}

        with DAG(
            dag_id={_quoted(f"modelyard-{environment}-{flow.name}")},
            description={_quoted(flow.title)},
            doc_md={_quoted(docs)},
            schedule={_quoted(flow.cron) if flow.cron else None},
            start_date=datetime({", ".join(map(str, START))}, tzinfo=timezone.utc),
            catchup=False,
            max_active_runs=1,
            default_args={{"owner": {_quoted(owner)}, "retry_delay": timedelta(minutes={RETRY_MINUTES})}},
            tags=["modelyard", {_quoted(environment)}, {_quoted(flow.name)}],
        '''
    )
    for name, allowed in choices.items():
        yield f'    params={{"{name}": Param(type="string", enum={json.dumps(list(allowed))})}},'
    yield "):"


def _tasks(flow: Flow) -> Iterator[str]:
    for task in flow.order():
        yield f"    {variable(task)} = BashOperator("
        yield f"        task_id={_quoted(task.name)},"
        yield f"        doc_md={_quoted(task.title)},"
        yield f"        bash_command={_quoted(_command(task))},"
        yield f"        execution_timeout=timedelta(minutes={task.timeout_minutes}),"
        yield f"        retries={task.retries},"
        if task.owner:
            yield f"        owner={_quoted(task.owner)},"
        yield "    )"


def _edges(flow: Flow) -> Iterator[str]:
    by_name = {task.name: variable(task) for task in flow.tasks}
    edges = [f"    {by_name[need]} >> {variable(task)}" for task in flow.order() for need in task.needs]
    return iter(["", *edges] if edges else [])


def _command(task: Task) -> str:
    """The words, quoted for a shell; what Airflow fills in is a choice of names, and must not be quoted."""
    return " ".join(word if word.startswith("{{ params.") else shlex.quote(word) for word in task.command)


def _quoted(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)


def _lines(text: str) -> list[str]:
    return dedent(text).strip().splitlines()
