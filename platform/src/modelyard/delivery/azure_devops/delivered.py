"""The commit of the last run that ended well: what changed since then was not delivered yet.

The commit before is not enough: a run may fail or be cancelled, and the next one is about another change.
Source: REST reference, "Build - Builds - List" 7.1; GitHub Docs, REST API: "List workflow runs for a workflow".
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from modelyard.delivery.azure_devops.rest.client import DevOps
from modelyard.delivery.azure_devops.rest.github import GitHub
from modelyard.delivery.azure_devops.rest.refusals import AbsentError
from modelyard.delivery.azure_devops.rest.tokens import JOB_TOKEN, Token
from modelyard.delivery.azure_devops.runs import AzureRun, GitHubRun, azure_run, github_run, needed

WELL = "succeeded,partiallySucceeded"
WORKFLOW = re.compile(r"/\.github/workflows/([\w.-]+)@")


def last_delivered(variables: Mapping[str, str]) -> str | None:
    """The commit of the last run of this pipeline, on this branch, that ended well; empty if none did.

    None where there is nothing to ask: outside of a run, in a pull request, without the run's token, in a rehearsal.

    Raises:
        ExternalServiceError: the service said no, or nothing.
    """
    here, there = azure_run(variables), github_run(variables)
    try:
        if here is not None and not here.pull_request and variables.get(JOB_TOKEN):
            return _on_azure(here, variables)
        if there is not None and not there.pull_request and there.token:
            return _on_github(there, variables)
    except AbsentError:
        return None
    return None


def _on_azure(run: AzureRun, variables: Mapping[str, str]) -> str:
    service = DevOps(run.collection, needed(run.project, "SYSTEM_TEAMPROJECT"), Token(variables[JOB_TOKEN].strip()))
    query = {
        "definitions": needed(variables.get("SYSTEM_DEFINITIONID", ""), "SYSTEM_DEFINITIONID"),
        "branchName": variables.get("BUILD_SOURCEBRANCH", ""),
        "resultFilter": WELL,
        "queryOrder": "finishTimeDescending",
        "_top": "1",
    }
    found = service.get("build/builds", **query)["value"]
    return str(found[0]["sourceVersion"]) if found else ""


def _on_github(run: GitHubRun, variables: Mapping[str, str]) -> str:
    named = WORKFLOW.search(variables.get("GITHUB_WORKFLOW_REF", ""))
    workflow = needed(named[1] if named else "", "GITHUB_WORKFLOW_REF", where="GitHub Actions")
    branch = needed(variables.get("GITHUB_REF_NAME", ""), "GITHUB_REF_NAME", where="GitHub Actions")
    found = GitHub(run).get(f"actions/workflows/{workflow}/runs?branch={branch}&status=success&per_page=1")
    runs = found["workflow_runs"]
    return str(runs[0]["head_sha"]) if runs else ""
