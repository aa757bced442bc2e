"""Tasks by name and version."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from modelyard.delivery.rehearsing.tasks.caches import cache
from modelyard.delivery.rehearsing.tasks.exchanging import (
    download_artifact,
    publish_artifact,
    publish_build_artifact,
)
from modelyard.delivery.rehearsing.tasks.publishing import publish_coverage, publish_tests
from modelyard.delivery.rehearsing.tasks.pythons import use_python
from modelyard.delivery.rehearsing.tasks.scripts import azure_cli, bash, command_line, power_shell
from modelyard.delivery.rehearsing.tasks.validating import manual_validation
from modelyard.delivery.rehearsing.work import Outcome, Work

Task = Callable[[Work], Outcome]
TASKS: Mapping[str, Task] = {
    "azurecli@2": azure_cli,
    "bash@3": bash,
    "cache@2": cache,
    "cmdline@2": command_line,
    "downloadpipelineartifact@2": download_artifact,
    "manualvalidation@0": manual_validation,
    "manualvalidation@1": manual_validation,
    "powershell@2": power_shell,
    "publishbuildartifacts@1": publish_build_artifact,
    "publishcodecoverageresults@2": publish_coverage,
    "publishpipelineartifact@1": publish_artifact,
    "publishtestresults@2": publish_tests,
    "usepythonversion@0": use_python,
}
"""By name and major version, in lower case."""


def task_named(name: str) -> Task | None:
    """What a task does here, or None."""
    title, _, version = name.lower().partition("@")
    return TASKS.get(f"{title}@{version.partition('.')[0]}")
