"""Project and repository (which must be there), the project's pipeline settings, agent queues, pipelines.

Source: REST reference, "Core - Projects - Get", "Git - Repositories - Get", "Build - General Settings",
"Distributed Task - Queues", "Build - Definitions" 7.1; the body of a YAML definition as terraform-provider-azuredevops
sends it (resource_build_definition.go), its trigger as the Azure CLI does (azure-devops-cli-extension,
pipeline_create.py).
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

from modelyard.delivery.azure_devops.bootstrapping.comparing import merged
from modelyard.delivery.azure_devops.bootstrapping.desk import (
    PIPELINE,
    POOL,
    PROJECT,
    QUEUE,
    REPOSITORY,
    Desk,
    Json,
    named,
)
from modelyard.delivery.azure_devops.bootstrapping.thing import Thing
from modelyard.delivery.azure_devops.bootstrapping.uses import Entry
from modelyard.delivery.azure_devops.rest.addresses import part
from modelyard.delivery.azure_devops.rest.client import PREVIEW

HOSTED = "Azure Pipelines"
YAML_PROCESS = 2
FROM_YAML = {"triggerType": "continuousIntegration", "settingsSourceType": 2}
"""Without it the service never looks at `trigger:` in the file, and a push starts nothing."""
SETTINGS = {
    "enforceJobAuthScope": True,
    "enforceJobAuthScopeForReleases": True,
    "enforceReferencedRepoScopedToken": True,
    "enforceSettableVar": True,
    "statusBadgesArePrivate": True,
}
"""A job's token opens this project and the repositories that it names, nothing else; whoever queues a run sets no
variable that the pipeline did not offer; nobody outside sees a badge."""


def project_things(desk: Desk) -> Iterator[Thing]:
    """Project, repository, settings."""
    wishes, service = desk.wishes, desk.service
    yield Thing(
        kind=PROJECT,
        name=wishes.project,
        why="holds everything below",
        find=lambda: service.get_if_there(f"/projects/{part(wishes.project)}"),
        wanted=lambda: {"state": "wellFormed"},
        keep=desk.keeps(PROJECT, wishes.project),
        person=f"create it: az devops project create --name {wishes.project}",
    )
    yield Thing(
        kind=REPOSITORY,
        name=wishes.repository,
        why="holds this code",
        find=lambda: service.get_if_there(f"git/repositories/{part(wishes.repository)}"),
        wanted=lambda: {"defaultBranch": wishes.branch},
        keep=desk.keeps(REPOSITORY, wishes.repository),
        needs=((PROJECT, wishes.project),),
        person=f"push this repository to it, and make {wishes.branch} its default branch",
    )
    yield Thing(
        kind="pipeline settings",
        name=wishes.project,
        why="a job's token opens this project and the repositories it names, nothing else",
        find=lambda: service.get("build/generalsettings"),
        wanted=lambda: SETTINGS,
        change=lambda _, wanted: service.write("PATCH", "build/generalsettings", wanted),
        needs=((PROJECT, wishes.project),),
    )


def queue_things(desk: Desk) -> Iterator[Thing]:
    """How the project reaches each pool of agents. Their ids differ from project to project."""
    pools = {pool for entry in desk.wishes.entries for pool in entry.pools}
    for pool in sorted({HOSTED, *pools, *(target.pool for target in desk.wishes.targets)}):
        why = "Microsoft's agents" if pool == HOSTED else "agents inside the network"
        yield Thing(
            kind=POOL,
            name=pool,
            why=why,
            find=partial(_pool, desk, pool),
            wanted=dict,
            keep=desk.keeps(POOL, pool),
            person="create it under Organization settings > Agent pools and start an agent in it, "
            "or correct azure.pipelines.agent_pool",
        )
        yield Thing(
            kind=QUEUE,
            name=pool,
            why=why,
            find=partial(_queue, desk, pool),
            wanted=dict,
            make=partial(_make_queue, desk, pool),
            keep=desk.keeps(QUEUE, pool),
            needs=((PROJECT, desk.wishes.project), (POOL, pool)),
        )


def pipeline_things(desk: Desk) -> Iterator[Thing]:
    """One definition for each entry file."""
    for entry in desk.wishes.entries:
        yield Thing(
            kind=PIPELINE,
            name=entry.name,
            why=entry.file,
            find=partial(_definition, desk, entry),
            wanted=partial(_wanted_definition, desk, entry),
            make=lambda wanted: desk.service.write("POST", "build/definitions", wanted),
            change=lambda found, wanted: desk.service.write(
                "PUT", f"build/definitions/{found['id']}", merged(found, wanted)
            ),
            keep=desk.keeps(PIPELINE, entry.name),
            needs=((REPOSITORY, desk.wishes.repository), (QUEUE, HOSTED)),
        )


def _pool(desk: Desk, pool: str) -> Json | None:
    return named(desk.service.every("/distributedtask/pools", poolName=pool), pool)


def _queue(desk: Desk, pool: str) -> Json | None:
    return named(desk.service.every("distributedtask/queues", version=PREVIEW, queueName=pool), pool)


def _make_queue(desk: Desk, pool: str, _: Json) -> Json:
    body = {"name": pool, "pool": {"id": int(desk.id(POOL, pool))}}
    return desk.service.write("POST", "distributedtask/queues", body, version=PREVIEW, authorizePipelines="false")


def _definition(desk: Desk, entry: Entry) -> Json | None:
    found = named(desk.service.every("build/definitions", name=entry.name), entry.name)
    return desk.service.get(f"build/definitions/{found['id']}") if found else None


def _wanted_definition(desk: Desk, entry: Entry) -> Json:
    return {
        "name": entry.name,
        "path": "\\",
        "type": "build",
        "quality": "definition",
        "queueStatus": "enabled",
        "jobAuthorizationScope": "project",
        "process": {"type": YAML_PROCESS, "yamlFilename": f"/{entry.file}"},
        "triggers": [FROM_YAML],
        "queue": {"id": int(desk.id(QUEUE, HOSTED))},
        "repository": {
            "id": desk.repository_id,
            "name": desk.wishes.repository,
            "type": "TfsGit",
            "defaultBranch": desk.wishes.branch,
        },
    }
