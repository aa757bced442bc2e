"""The run that a command is part of, from the variables that Azure Pipelines or GitHub Actions set.

Source: Microsoft Learn, "Use predefined variables"; GitHub Docs, "Variables reference: default environment variables".
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from modelyard.errors import ConfigurationError

PULL_REQUEST_REF = re.compile(r"^refs/pull/(\d+)/")
GITHUB_API = "https://api.github.com"


@dataclass(frozen=True, slots=True, kw_only=True)
class AzureRun:
    """A run of Azure Pipelines."""

    collection: str
    """Address of the organisation."""
    project: str
    build: str
    repository: str
    """Id of the repository."""
    pull_request: str
    """Empty outside of a pull request."""
    stage: str
    """What the stage is called in YAML."""


@dataclass(frozen=True, slots=True, kw_only=True)
class GitHubRun:
    """A run of GitHub Actions."""

    api: str
    repository: str
    """Owner and name."""
    run: str
    token: str
    pull_request: str
    output: str
    """File that takes output variables."""


def azure_run(variables: Mapping[str, str]) -> AzureRun | None:
    """The run of Azure Pipelines that this is; None outside of one."""
    collection = variables.get("SYSTEM_COLLECTIONURI", "")
    if not collection:
        return None
    return AzureRun(
        collection=collection,
        project=variables.get("SYSTEM_TEAMPROJECT", ""),
        build=variables.get("BUILD_BUILDID", ""),
        repository=variables.get("BUILD_REPOSITORY_ID", ""),
        pull_request=variables.get("SYSTEM_PULLREQUEST_PULLREQUESTID", ""),
        stage=variables.get("SYSTEM_STAGENAME", ""),
    )


def github_run(variables: Mapping[str, str]) -> GitHubRun | None:
    """The run of GitHub Actions that this is; None outside of one."""
    if variables.get("GITHUB_ACTIONS", "").lower() != "true":
        return None
    found = PULL_REQUEST_REF.match(variables.get("GITHUB_REF", ""))
    return GitHubRun(
        api=variables.get("GITHUB_API_URL", GITHUB_API),
        repository=variables.get("GITHUB_REPOSITORY", ""),
        run=variables.get("GITHUB_RUN_ID", ""),
        token=variables.get("GITHUB_TOKEN", ""),
        pull_request=found[1] if found else "",
        output=variables.get("GITHUB_OUTPUT", ""),
    )


def needed(value: str, variable: str, *, where: str = "Azure Pipelines") -> str:
    """A value that must be there.

    Raises:
        ConfigurationError: the variable is not set, or holds something that cannot be part of an address.
    """
    if not value or not re.fullmatch(r"[\w .@-]+(/[\w.-]+)?", value):
        raise ConfigurationError(
            f"the variable {variable} holds {'something odd' if value else 'nothing'}",
            hint=f"run this in {where}, which sets it, or set it yourself",
        )
    return value
