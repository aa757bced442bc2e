import pytest

from modelyard.workflow.flow import Flow, Task
from modelyard.workflow.subjects import ModelSubject, Subjects


@pytest.fixture
def subjects():
    """Two purposes with a source in common, three models, one of which is never served."""
    return Subjects(
        {"delay": ("flights", "weather"), "churn": ("customers", "weather")},
        {
            "late": ModelSubject("delay", "operations"),
            "very_late": ModelSubject("delay", "operations", served=False),
            "leaves": ModelSubject("churn", "care"),
        },
    )


@pytest.fixture
def task():
    def make(name, *needs, command=("modelyard", "env", "list"), **more):
        return Task(name=name, title=more.pop("title", name), command=command, needs=needs, **more)

    return make


@pytest.fixture
def night(task):
    """Data of each purpose, then scores of each model, then a report."""
    return Flow(
        "night",
        "At night",
        (
            task("data", command=("modelyard", "data", "run", "{purpose}", "--env", "{env}"), each="purpose"),
            task("score", "data", command=("modelyard", "model", "score", "{model}"), each="model", retries=1),
            task("report", "score", command=("modelyard", "env", "show", "{env}")),
        ),
        cron="0 2 * * *",
    )
