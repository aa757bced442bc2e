"""Signing in to Azure: federated service connections, and no secret of a client."""

from __future__ import annotations

import re
from collections.abc import Iterator

from modelyard.delivery.connections import connection_of
from modelyard.delivery.linting.problem import Problem
from modelyard.delivery.linting.rule import Rule, each_run, each_source
from modelyard.delivery.linting.scripts import script_of, task_name
from modelyard.delivery.linting.sources import Source
from modelyard.delivery.linting.study import Run, Study
from modelyard.delivery.linting.works import commands_of

CLIENT_SECRET = re.compile(r"(?i)(arm|azure)_client_secret|service_?principal_?key|client_?secret\b|AZURE_PASSWORD")
SIGNED_IN = frozenset({"azurecli", "azurepowershell", "azurekeyvault", "azurefilecopy", "azurewebapp"})
FEDERATED = re.compile(r"(?i)federat|oidc|idToken")


def client_secrets(source: Source, study: Study) -> Iterator[Problem]:
    """Names of client secrets."""
    del study
    for scalar in source.texts:
        found = CLIENT_SECRET.search(scalar.text)
        if found:
            message = f"`{found.group(0)}` is the secret of a client"
            yield Problem(scalar.at(found.start()), message, "sign in with a federated service connection (AzureCLI@2)")


def unconnected(run: Run, study: Study) -> Iterator[Problem]:
    """Tasks and commands that sign in otherwise than by a service connection."""
    for _, _, step in run.steps:
        if task_name(step) in SIGNED_IN and not connection_of(step):
            message = f"`{step.label}` names no service connection"
            yield Problem(study.at(step.place, "task"), message, "add azureSubscription: the federated connection")
        script = script_of(step)
        for words in commands_of(step) if script else []:
            if script and words[:2] == ("az", "login"):
                place = study.at(step.place, script.key, about="az login")
                yield Problem(place, "`az login` signs in by itself", "let AzureCLI@2 do it with a service connection")


def handed_over(source: Source, study: Study) -> Iterator[Problem]:
    """addSpnToEnvironment without saying that the connection is federated."""
    del study
    for fields in source.mappings:
        for key, value in fields.entries:
            if key.text.lower() == "addspntoenvironment" and getattr(value, "text", "").lower() == "true":
                line = key.place.line
                if not FEDERATED.search(source.line(line) + source.line(line - 1)):
                    message = "addSpnToEnvironment hands a secret to the script, unless the connection is federated"
                    yield Problem(key.place, message, "say in a comment on this line that it is federated, or drop it")


RULES = (
    Rule(
        id="no-client-secret",
        kind="house",
        what="Nothing names a client secret (ARM_CLIENT_SECRET, servicePrincipalKey).",
        why="Workload identity federation needs none, and what is not there cannot leak.",
        check=each_source(client_secrets),
    ),
    Rule(
        id="service-connection",
        kind="house",
        what="What signs in to Azure does so by a named service connection.",
        why="Connections are federated, and environments say which pipelines may use them.",
        check=each_run(unconnected),
    ),
    Rule(
        id="federation-said",
        kind="house",
        what="addSpnToEnvironment carries a comment that the connection is federated.",
        why="With any other connection it puts a secret into every process of the step.",
        check=each_source(handed_over),
    ),
)
