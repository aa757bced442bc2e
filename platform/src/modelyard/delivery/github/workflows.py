"""Whole workflows: one for each entry file of the pipelines."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from modelyard.delivery.expanding.loading import load
from modelyard.delivery.github.actions import named
from modelyard.delivery.github.jobs import write_job
from modelyard.delivery.github.outputs import job_id, outputs_read
from modelyard.delivery.pipeline import Pipeline

FOLDER = ".github/workflows"
WIDTH = 120


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One entry file, and the workflow that is written from it."""

    file: str
    workflow: str
    title: str
    models: str | None = None
    """What the run is about, as an expression; None where nobody can choose."""
    inputs: Mapping[str, Mapping[str, Any]]
    """What may be chosen when the workflow is started by hand."""
    dispatched: str | None = None
    """The event of the repository that starts it besides."""


def _models(default: str, words: str) -> Mapping[str, Mapping[str, Any]]:
    return {"models": {"description": words, "type": "string", "default": default}}


ENTRIES = (
    Entry(
        file="azure-pipelines.yml",
        workflow="main",
        title="Main",
        models="${{ inputs.models || 'changed' }}",
        inputs=_models("changed", "changed, all, or names with commas"),
    ),
    Entry(file="pipelines/azure/pull-request.yml", workflow="pull-request", title="Pull request", inputs={}),
    Entry(file="pipelines/azure/nightly.yml", workflow="nightly", title="Nightly", inputs={}),
    Entry(
        file="pipelines/azure/weekly.yml",
        workflow="weekly",
        title="Weekly",
        models="${{ inputs.models || 'all' }}",
        inputs=_models("all", "all, or names with commas"),
    ),
    Entry(file="pipelines/azure/drift.yml", workflow="drift", title="Drift", inputs={}),
    Entry(
        file="pipelines/azure/promoted.yml",
        workflow="promoted",
        title="Promoted",
        models="${{ github.event.client_payload.model || inputs.models || 'all' }}",
        inputs=_models("all", "models whose production version is released, with commas"),
        dispatched="model-promoted",
    ),
)


def workflows(root: Path) -> dict[str, str]:
    """Every workflow's text, by its file from the root of the repository.

    Raises:
        InvalidPipelineError: a pipeline is not valid, or something in it has no counterpart.
    """
    return {f"{FOLDER}/{entry.workflow}.yml": workflow(root, entry) for entry in ENTRIES}


def workflow(root: Path, entry: Entry) -> str:
    """One workflow's text.

    Raises:
        InvalidPipelineError: the pipeline is not valid, or something in it has no counterpart.
    """
    pipeline = load(root, entry.file, parameters={"models": entry.models} if entry.models else {})
    outputs = outputs_read(pipeline)
    document = {
        "name": entry.title,
        "on": _starts(pipeline, entry),
        "permissions": {"contents": "read"},
        "concurrency": _concurrency(pipeline, entry),
        "defaults": {"run": {"shell": "bash"}},
        "jobs": {
            name: write_job(pipeline, stage, job, outputs.get(name, ()))
            for stage, job in pipeline.jobs
            for name in [job_id(stage.name, job.name)]
        },
    }
    head = f"# Written from {entry.file} by `modelyard ci render`: change that, and render again.\n"
    return head + named(yaml.dump(document, Dumper=_Dumper, sort_keys=False, width=WIDTH, allow_unicode=True))


def _starts(pipeline: Pipeline, entry: Entry) -> dict[str, Any]:
    found: dict[str, Any] = {}
    if isinstance(pipeline.trigger, Mapping):
        found["push"] = _branches(pipeline.trigger)
    if isinstance(pipeline.pr, Mapping):
        found["pull_request"] = _branches(pipeline.pr)
    if pipeline.schedules:
        found["schedule"] = [{"cron": str(one["cron"])} for one in pipeline.schedules]
    if entry.dispatched:
        found["repository_dispatch"] = {"types": [entry.dispatched]}
    if "pull_request" not in found:
        found["workflow_dispatch"] = {"inputs": {k: dict(v) for k, v in entry.inputs.items()}} if entry.inputs else {}
    return found


def _branches(trigger: Mapping[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = {"branches": list(trigger["branches"]["include"])}
    ignored = (trigger.get("paths") or {}).get("exclude")
    return {**found, "paths-ignore": [_spread(path) for path in ignored]} if ignored else found


def _spread(path: str) -> str:
    """Azure's `docs/*` is the whole folder; GitHub's is its files only."""
    return f"{path}*" if path.endswith("/*") else path


def _concurrency(pipeline: Pipeline, entry: Entry) -> dict[str, Any]:
    if isinstance(pipeline.pr, Mapping):
        return {"group": f"{entry.workflow}-${{{{ github.ref }}}}", "cancel-in-progress": True}
    # Of what waits in a group only the newest stays, so runs that are about something have a group for each of it.
    about = "-${{ github.event.client_payload.model || github.run_id }}" if entry.dispatched else ""
    return {"group": f"{entry.workflow}{about}", "cancel-in-progress": False}


class _Dumper(yaml.SafeDumper):
    """Texts of several lines as blocks, and nothing shared by reference."""

    def ignore_aliases(self, data: Any) -> bool:  # noqa: ANN401 - as the library has it
        """Never an alias: GitHub Actions reads none."""
        del data
        return True

    def increase_indent(self, flow: bool = False, indentless: bool = False) -> None:  # noqa: FBT001 - the library's signature
        """Lists stand below their key, further in."""
        del indentless
        super().increase_indent(flow, False)


def _text(dumper: yaml.SafeDumper, text: str) -> yaml.ScalarNode:
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style="|" if "\n" in text else None)


_Dumper.add_representer(str, _text)
