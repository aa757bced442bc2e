"""An organisation on this machine, and what our files would ask of it."""

from dataclasses import replace

import pytest

from modelyard.delivery.azure_devops.bootstrapping.bootstrap import all_things
from modelyard.delivery.azure_devops.bootstrapping.desk import Desk
from modelyard.delivery.azure_devops.bootstrapping.planning import work_through
from modelyard.delivery.azure_devops.bootstrapping.thing import Known
from modelyard.delivery.azure_devops.bootstrapping.uses import Entry
from modelyard.delivery.azure_devops.bootstrapping.wishes import TEMPLATE, Approval, Target, Wishes
from modelyard.delivery.azure_devops.rest.client import DevOps
from modelyard.delivery.azure_devops.rest.tokens import Token
from modelyard.testing.azure_devops_fakes import COLLECTION_ID, FakeAzureDevOps

LEAD, RISK = "ml-platform-lead@example.com", "risk-officer@example.com"
CLIENT = "11111111-2222-3333-4444-555555555555"


def target(name, approvals):
    return Target(
        name=name,
        tenant="tenant",
        subscription=f"subscription-{name}",
        connection=f"modelyard-{name}",
        connection_id="",
        identity=f"id-pipelines-{name}",
        group=f"rg-{name}",
        pool="modelyard-private" if name == "prod" else "Azure Pipelines",
        vault=f"kv-{name}",
        secrets=("teams-url",) if name == "prod" else (),
        approvals=approvals,
    )


@pytest.fixture
def wishes():
    """dev without approvals, prod with all; a main pipeline, one for pull requests, one that a webhook starts."""
    asked = Approval(approvers=(LEAD, RISK), minimum=2)
    both = ("modelyard-dev", "modelyard-dev-infra", "modelyard-prod", "modelyard-prod-infra")
    return Wishes(
        organisation="fabrikam",
        organisation_id=COLLECTION_ID,
        project="modelyard",
        repository="modelyard",
        branch="refs/heads/main",
        reviewers=1,
        template=TEMPLATE,
        targets=(target("dev", {}), target("prod", dict.fromkeys(("infra", "promotion", "release"), asked))),
        entries=(
            Entry(
                file="azure-pipelines.yml",
                environments=("dev", "dev-infra", "prod", "prod-infra", "promotion"),
                connections=both,
                groups=("modelyard-prod",),
                pools=("Azure Pipelines", "modelyard-private"),
            ),
            Entry(
                file="pipelines/azure/promoted.yml",
                environments=("prod",),
                connections=("modelyard-prod",),
                pools=("modelyard-private",),
                webhooks=(("modelyard-promotions", "promotion"),),
            ),
            Entry(
                file="pipelines/azure/pull-request.yml",
                pools=("Azure Pipelines",),
                for_pull_requests=True,
            ),
        ),
    )


@pytest.fixture
def service():
    """The first day of an organisation, after what only people can do: a pool, approvers, `infra bootstrap`."""
    with FakeAzureDevOps() as fake:
        fake.pools.put({"name": "modelyard-private"})
        for mail in (LEAD, RISK):
            fake.add_person(mail)
        for name in ("dev", "prod"):
            fake.endpoints.put(
                {
                    "name": f"modelyard-{name}-infra",
                    "type": "azurerm",
                    "data": {"subscriptionId": f"subscription-{name}"},
                    "authorization": {"scheme": "WorkloadIdentityFederation", "parameters": {}},
                    "isShared": False,
                }
            )
        fake.endpoints.made.clear()
        fake.pools.made.clear()
        yield fake


@pytest.fixture
def run(service, wishes):
    """Runs the bootstrap against the organisation; a new process knows nothing of the one before."""

    def once(*, apply=False, wishes=wishes, token="s3cret", client=CLIENT, key="k3y"):
        devops = DevOps(service.address, "modelyard", Token(token), timeout=5, wait=lambda _: None)
        desk = Desk(service=devops, wishes=wishes, known=Known(), client_of=lambda _: client, webhook_key=key)
        return work_through(all_things(desk), desk.known, apply=apply, wait=lambda _: None)

    return once


@pytest.fixture
def settled(run, service, wishes):
    """The bootstrap was applied, and the ids of the connections were written into the environments' files."""
    run(apply=True)
    ids = {one["name"]: one["id"] for one in service.endpoints.things.values()}
    written = tuple(replace(one, connection_id=ids[one.connection]) for one in wishes.targets)
    return replace(wishes, targets=written)
