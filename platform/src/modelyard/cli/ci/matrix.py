"""`modelyard ci matrix`: which models a run of a pipeline is about, in the words of whoever runs it."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from importlib.metadata import entry_points
from pathlib import Path
from typing import Any

import click

from modelyard.cli.options import environment_option, format_option
from modelyard.cli.output import emit, say, table
from modelyard.environment.workspace import Workspace
from modelyard.errors import MissingToolError
from modelyard.workflow.changes import Changes, changes
from modelyard.workflow.subjects import Subjects
from modelyard.workflow.touching import touched

ENTRY_POINTS, SUBJECTS = "modelyard.workflow", "subjects"
ALL, CHANGED = "all", "changed"
ASKED = "asked for"
AZURE_PIPELINES, GITHUB_OUTPUT = "TF_BUILD", "GITHUB_OUTPUT"


@dataclass(frozen=True, slots=True)
class Matrix:
    """The models of a run, their purposes, and why."""

    models: Mapping[str, Mapping[str, str]]
    """By name: model and purpose, the variables of one leg of the matrix."""
    served: Mapping[str, Mapping[str, str]]
    """Those of them that the model API can answer for; the others are scored in batches and never released."""
    reasons: Mapping[str, str]
    sentence: str

    @property
    def parts(self) -> dict[str, Mapping[str, Mapping[str, str]]]:
        """Each matrix, by the name of its variable."""
        return {"models": self.models, "served": self.served, "purposes": self.purposes}

    @property
    def counts(self) -> dict[str, int]:
        """How many there are, by the name of their variable: a pipeline leaves out what has nothing to do."""
        return {"count": len(self.models), "servedCount": len(self.served)}

    @property
    def purposes(self) -> dict[str, dict[str, str]]:
        """By name: the variables of one leg of the matrix over purposes."""
        named = sorted({leg["purpose"] for leg in self.models.values()})
        return {purpose: {"purpose": purpose} for purpose in named}

    def to_json(self) -> dict[str, Any]:
        """The result for machines."""
        counted = {**{name: dict(legs) for name, legs in self.parts.items()}, **self.counts}
        return {**counted, "reasons": dict(self.reasons), "sentence": self.sentence}


@click.command()
@click.option("--models", "wanted", default=CHANGED, show_default=True, help="all, changed, or names with commas")
@click.option("--since", default="", help="changed since this commit; default: see above")
@click.option("--started-by", metavar="SCHEDULER", help="no model unless the environment names this scheduler")
@environment_option
@click.option("--variable-prefix", "prefix", default="", help="what the names of output variables begin with")
@format_option
def matrix(
    wanted: str, since: str, started_by: str | None, environment_name: str, prefix: str, output_format: str
) -> None:
    """Which models a run is about, and their purposes; as output variables where a pipeline runs this.

    Changed is what changed since a pull request left its target; in any other run, since the last run of the same
    pipeline that ended well (it needs the run's token); elsewhere, since the commit before.

    In Azure Pipelines it sets models, served, purposes, count and servedCount (a matrix is a mapping there), in GitHub
    Actions it writes them to $GITHUB_OUTPUT (where a matrix is a list to include). No model at all: empty, and 0.
    """
    workspace = Workspace.find()
    if elsewhere := _started_elsewhere(workspace, started_by, environment_name):
        found = Matrix({}, {}, {}, elsewhere)
    else:
        found = choose(_subjects(workspace), wanted.strip(), lambda: _changed(workspace.root, since))
    say(found.sentence)
    if os.environ.get(AZURE_PIPELINES):
        for line in azure_lines(found, prefix):
            click.echo(line)
        say(_text(found))
        return
    if output := os.environ.get(GITHUB_OUTPUT):
        with Path(output).open("a", encoding="utf-8") as file:
            file.writelines(f"{line}\n" for line in github_lines(found, prefix))
    emit(found, lambda: _text(found), output_format)


def choose(subjects: Subjects, wanted: str, ask: Callable[[], Changes]) -> Matrix:
    """The models of a run.

    Args:
        subjects: what there is.
        wanted: all, changed, or names with commas.
        ask: says what changed; called only where that matters.

    Raises:
        ModelNotFoundError: a name is no model's.
    """
    if wanted != CHANGED:
        names = [name.strip() for name in wanted.split(",") if name.strip()]
        chosen = subjects if wanted == ALL else subjects.about(names)
        return _matrix(subjects, dict.fromkeys(sorted(chosen.models), ASKED), f"{len(chosen.models)} models, {ASKED}")
    changed = ask()
    if changed.unknown:
        said = f"all models, since what changed since {changed.since} is not known: {changed.unknown}"
        return _matrix(subjects, dict.fromkeys(sorted(subjects.models), changed.unknown), said)
    reasons = touched(subjects, changed.paths)
    said = (
        f"{len(reasons)} of {len(subjects.models)} models, for {len(changed.paths)} files changed since {changed.since}"
    )
    return _matrix(subjects, reasons, said)


def _started_elsewhere(workspace: Workspace, started_by: str | None, environment_name: str) -> str:
    """Why another scheduler's run is not this one's; empty where it is, or nobody asks."""
    if started_by is None:
        return ""
    from modelyard.environment.loading import load_environment

    runner = load_environment(workspace, environment_name).schedules.runner
    return "" if runner == started_by else f"no model: in {environment_name} flows are started by {runner}"


def _changed(root: Path, since: str) -> Changes:
    from modelyard.delivery.azure_devops.delivered import last_delivered

    delivered = None if since else last_delivered(os.environ)
    if delivered == "":
        return Changes("the last run that ended well", unknown="none did yet")
    return changes(root, since=since or delivered or "")


def azure_lines(found: Matrix, prefix: str) -> Iterable[str]:
    """Logging commands that set output variables."""
    for name, value in {**found.parts, **found.counts}.items():
        yield f"##vso[task.setvariable variable={prefix}{name};isOutput=true]{_compact(value)}"


def github_lines(found: Matrix, prefix: str) -> Iterable[str]:
    """Lines for $GITHUB_OUTPUT."""
    for name, legs in found.parts.items():
        yield f"{prefix}{name}={_compact({'include': list(legs.values())})}"
    for name, count in found.counts.items():
        yield f"{prefix}{name}={count}"


def _matrix(subjects: Subjects, reasons: Mapping[str, str], sentence: str) -> Matrix:
    legs = {name: {"model": name, "purpose": subjects.models[name].purpose} for name in reasons}
    served = {name: leg for name, leg in legs.items() if subjects.models[name].served}
    return Matrix(legs, served, reasons, sentence)


def _subjects(workspace: Workspace) -> Subjects:
    """What there is, as the room says that knows purposes and sources."""
    point = next(iter(entry_points(group=ENTRY_POINTS, name=SUBJECTS)), None)
    if point is None:
        raise MissingToolError("nothing says which models there are: modelyard-pipelines is missing", hint="make setup")
    found = point.load()(workspace)
    if not isinstance(found, Subjects):
        raise TypeError(f"{point.value} gives {type(found).__name__} instead of Subjects")
    return found


def _text(found: Matrix) -> str:
    rows = [(leg["model"], leg["purpose"], found.reasons[name]) for name, leg in found.models.items()]
    return table(["model", "purpose", "because of"], rows) if rows else "no model"


def _compact(value: object) -> str:
    return json.dumps(value, separators=(",", ":"))
