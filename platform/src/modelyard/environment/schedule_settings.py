"""When the flows of an environment run by themselves, and who starts them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Annotated, Literal

from pydantic import Field, model_validator

from modelyard.environment.settings import Problem, Section, refuse
from modelyard.environment.timetable import ALLOWED, Timetable

Cron = Annotated[
    str,
    Field(
        pattern=r"^\S+( \S+){4}$",
        description="Minute, hour, day of month, month, weekday (0 is Sunday), in UTC. Quote it: * means more in YAML.",
    ),
]
Runner = Literal["container_apps", "azure_pipelines", "airflow", "databricks", "nobody"]


class Schedules(Section):
    """When the flows run by themselves. `modelyard schedule list` says what is in them."""

    runner: Runner
    """Who starts them. container_apps: a job for each flow, which the stack holds. azure_pipelines: their schedules.
    airflow, databricks: what `modelyard schedule render` writes. nobody: people, with `modelyard schedule run`."""
    nightly: Cron | None
    """New data in, scores out; null where it never runs by itself."""
    weekly: Cron | None
    """Train, stage and compare; null where it never runs by itself."""
    drift: Cron | None
    """Whether the data walks away; null where nobody looks."""

    @model_validator(mode="after")
    def _understood(self) -> Schedules:
        refuse(_unread(self.model_dump(exclude={"runner"})))
        return self

    def timetable(self, flow: str) -> str | None:
        """When a flow runs by itself; None where it does not, or nobody starts it."""
        return None if self.runner == "nobody" else self.model_dump(exclude={"runner"}).get(flow)

    @property
    def timetables(self) -> dict[str, str]:
        """Every flow that runs by itself, with its timetable."""
        named = self.model_dump(exclude={"runner"})
        return {flow: cron for flow in named if (cron := self.timetable(flow)) is not None}


def schedule_problems(schedules: Schedules, *, kind: str, spark: bool) -> Iterator[Problem]:
    """What an environment of this kind cannot have start its flows.

    Args:
        schedules: what the file says.
        kind: local or azure.
        spark: whether there is a Databricks workspace.
    """
    if schedules.runner == "container_apps" and kind != "azure":
        yield Problem("schedules.runner", "container_apps", f"another: there are no Container Apps in {kind}")
    if schedules.runner == "databricks" and not spark:
        yield Problem("schedules.runner", "databricks", "another, or databricks.enabled: true")


def _unread(crons: Mapping[str, str | None]) -> Iterator[Problem]:
    for flow, cron in crons.items():
        try:
            if cron is not None:
                Timetable.parse(cron)
        except ValueError as error:
            yield Problem(flow, f"{cron} ({error})", ALLOWED)
