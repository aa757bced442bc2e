"""What happens when: the flows, as data. The timetable is the environment's; every scheduler gets the same graph.

Each task is one command that a person can type, and may be run again at any time.
"""

from __future__ import annotations

from dataclasses import replace

from modelyard.environment.models import Environment
from modelyard.environment.workspace import Workspace
from modelyard.errors import InvalidSettingsError
from modelyard.models.discovery import find_model, model_names
from modelyard.workflow.flow import Flow, Task
from modelyard.workflow.subjects import ModelSubject, Subjects
from modelyard_pipelines.purposes.catalog import find_purpose, purpose_names

NIGHTLY = Flow(
    name="nightly",
    title="New data in, scores out",
    tasks=(
        Task(
            name="data",
            title="{purpose}: what its sources have delivered",
            command=("modelyard", "data", "run", "{purpose}", "--env", "{env}"),
            each="purpose",
            retries=2,
        ),
        Task(
            name="score",
            title="{model}: scores for new rows",
            command=("modelyard", "model", "score", "{model}", "--if-promoted", "--env", "{env}"),
            needs=("data",),
            each="model",
            retries=1,
        ),
    ),
)
WEEKLY = Flow(
    name="weekly",
    title="Learn again, and compare with what is in production",
    tasks=(
        Task(
            name="train",
            title="{model}: a candidate from the newest data",
            command=("modelyard", "model", "train", "{model}", "--env", "{env}"),
            each="model",
            timeout_minutes=240,
            retries=1,
        ),
        Task(
            name="stage",
            title="{model}: the best candidate into staging",
            command=("modelyard", "model", "stage", "{model}", "--env", "{env}"),
            needs=("train",),
            each="model",
            timeout_minutes=15,
            retries=1,
        ),
        Task(
            name="compare",
            title="{model}: staging against production, for somebody to decide from",
            command=("modelyard", "model", "compare", "{model}", "--env", "{env}"),
            needs=("stage",),
            each="model",
            retries=1,
        ),
    ),
)
DRIFT = Flow(
    name="drift",
    title="Whether the data walks away from where it began",
    tasks=(
        Task(
            name="drift",
            title="{source}: its newest batch against its first ones",
            command=("modelyard", "data", "drift", "{source}", "--env", "{env}"),
            each="source",
            timeout_minutes=15,
        ),
    ),
)
PROMOTED = Flow(
    name="promoted",
    title="What a promotion sets off: the bundle and the image, tested, and the scores of the new version",
    tasks=(
        # Traffic is not moved here: a deployment waits for an approval, which is the release pipeline's to ask for.
        Task(
            name="build",
            title="{model}: bundle and image of the version in production",
            command=("modelyard", "release", "build", "{model}", "--env", "{env}"),
            retries=1,
        ),
        Task(
            name="test",
            title="{model}: the API test suite",
            command=("modelyard", "release", "test", "{model}", "--env", "{env}"),
            needs=("build",),
            timeout_minutes=30,
        ),
        Task(
            name="score",
            title="{model}: scores for rows that have none",
            command=("modelyard", "model", "score", "{model}", "--env", "{env}"),
            needs=("test",),
            retries=1,
        ),
    ),
    parameters=("model",),
)
FLOWS = (NIGHTLY, WEEKLY, DRIFT, PROMOTED)


def find_flow(name: str, environment: Environment) -> Flow:
    """The flow called `name`, with the environment's timetable.

    Raises:
        InvalidSettingsError: no flow has this name.
    """
    for flow in FLOWS:
        if flow.name == name:
            return replace(flow, cron=environment.schedules.timetable(name))
    raise InvalidSettingsError(
        f"no flow is called {name!r}; found {', '.join(flow.name for flow in FLOWS)}", hint="modelyard schedule list"
    )


def subjects_of(workspace: Workspace) -> Subjects:
    """Every purpose with its sources, and every model with its purpose."""
    specs = [find_model(workspace, name) for name in model_names(workspace)]
    purposes = {name: find_purpose(name, workspace).sources for name in purpose_names(workspace)}
    models = {spec.name: ModelSubject(spec.purpose, spec.owner, served=spec.flavour == "sklearn") for spec in specs}
    return Subjects(purposes, models)
