"""Azure DevOps: the organisation, agents, and service connections that sign in without a secret."""

from __future__ import annotations

from collections.abc import Iterator

from modelyard.environment.readiness import Check
from modelyard_infra.bootstrap.plan import infra_connection
from modelyard_infra.readiness.client import Connection
from modelyard_infra.readiness.looking import Look, checked, listed

FEDERATED = "WorkloadIdentityFederation"
RETIRING = "https://vstoken.dev.azure.com"
"""Azure DevOps's own issuer of tokens, which Microsoft retires on 2027-07-01 in favour of Entra's."""


def look_at_pipelines(look: Look) -> Iterator[Check]:
    """Organisation, agents, and both service connections."""
    pipelines = look.azure.pipelines
    identity = look.client.organisation_id(pipelines.organisation)
    yield checked(
        f"organisation {pipelines.organisation}",
        identity == pipelines.organisation_id,
        found=identity,
        needed=pipelines.organisation_id,
        remedy=f"correct azure.pipelines.organisation_id in {look.file}",
    )
    yield _agents(look)
    yield from _connections(look)


def _agents(look: Look) -> Check:
    pipelines = look.azure.pipelines
    pool = look.client.agent_pool(pipelines.organisation, pipelines.agent_pool)
    private = not look.azure.network.public_access
    needed = "agents of our own inside the network" if private else "agents"
    settings = f"https://dev.azure.com/{pipelines.organisation}/_settings/agentpools"
    name = f"agent pool {pipelines.agent_pool}"
    if pool is None:
        return checked(name, None, found="nothing", needed=needed, remedy=f"create it at {settings}")
    good = not private if pool.hosted else pool.online > 0
    found = "Microsoft's own agents" if pool.hosted else f"{pool.online} agents online"
    remedy = f"start an agent, see {settings}"
    if pool.hosted:
        remedy = "name a pool of your own in azure.pipelines.agent_pool: Microsoft's agents cannot get into the network"
    return checked(name, good, found=found, needed=needed, remedy=remedy)


def _connections(look: Look) -> Iterator[Check]:
    """The one that provisions is the bootstrap's; the other one a person makes after the environment exists."""
    pipelines = look.azure.pipelines
    provisioning = infra_connection(look.azure)
    bootstrap = f"run: modelyard infra bootstrap {look.environment.name} --run"
    found = look.client.connection(pipelines.organisation, pipelines.project, provisioning)
    yield _connection(look, provisioning, found, remedy=bootstrap)
    if found is not None and found.scheme == FEDERATED:
        trusted = look.client.trusted(look.home.identity_id)
        yield checked(
            f"trust in {provisioning}",
            (found.issuer, found.subject) in trusted,
            found=f"the identity trusts {listed(subject for _, subject in trusted)}",
            needed=found.subject,
            remedy=bootstrap,
        )
        if found.issuer.startswith(RETIRING):
            remedy = "convert it on its page in Azure DevOps, then " + bootstrap
            needed = "Entra's issuer: Azure DevOps's own is retired on 2027-07-01"
            yield Check(f"issuer of {provisioning}", "note", found.issuer, needed, remedy)


def _connection(look: Look, name: str, found: Connection | None, *, remedy: str) -> Check:
    right = found is not None and found.scheme == FEDERATED and found.subscription_id == look.subscription
    said = f"{found.scheme} for {found.subscription_id or 'no subscription'}" if found else "nothing"
    needed = f"{FEDERATED} for {look.subscription}"
    if found is not None and not right:
        remedy = f"delete it in Azure DevOps, then {remedy}"
    return checked(f"service connection {name}", right, found=said, needed=needed, remedy=remedy)
