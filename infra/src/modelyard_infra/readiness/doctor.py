"""`modelyard doctor ENV` for environments in Azure: every look, in the order in which a person would mend things.

The platform's command finds this through the entry point group `modelyard.doctor`, because it knows no Azure.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor

from modelyard.environment.machine import Machine, ThisMachine
from modelyard.environment.models import Environment
from modelyard.environment.readiness import Check
from modelyard_infra.readiness.client import AzureClient, AzureRefusedError
from modelyard_infra.readiness.looking import Look, look_of
from modelyard_infra.readiness.pipelines import look_at_pipelines
from modelyard_infra.readiness.rights import look_at_permissions, look_at_providers, look_at_state
from modelyard_infra.readiness.room import look_at_apps, look_at_machines, look_at_names, look_at_postgres
from modelyard_infra.readiness.surroundings import (
    look_at_region,
    look_at_sign_in,
    look_at_subscription,
    look_at_tools,
    look_at_updates,
)

OWN_KINDS = "modelyard:"
QUESTIONS_AT_ONCE = 8
"""Each question is a process of its own, which mostly waits."""
LOOKS: Sequence[tuple[str, Callable[[Look], Iterator[Check]]]] = (
    ("region", look_at_region),
    ("permissions", look_at_permissions),
    ("resource providers", look_at_providers),
    ("names", look_at_names),
    ("machines", look_at_machines),
    ("PostgreSQL", look_at_postgres),
    ("Container Apps", look_at_apps),
    ("state", look_at_state),
    ("Azure Pipelines", look_at_pipelines),
)


def checks(environment: Environment, *, simulate: bool) -> Iterable[Check]:
    """What an environment in Azure needs beyond this machine.

    Args:
        environment: the environment.
        simulate: ask a simulated subscription in which everything is ready, and no real one.
    """
    from modelyard_infra.blueprint.azure.draw import draw_azure
    from modelyard_infra.catalogue import load_catalogue

    catalogue = load_catalogue()
    kinds = {resource.kind for resource in draw_azure(environment).graph}
    # Our own kinds are folders, which no provider registers and no role of the control plane allows.
    types = {catalogue[kind].arm for kind in kinds if not kind.startswith(OWN_KINDS)}
    client = _client(environment, types, simulate=simulate)
    return look_everywhere(look_of(environment, client, types), ThisMachine(), simulate=simulate)


def look_everywhere(look: Look, machine: Machine, *, simulate: bool = False) -> list[Check]:
    """All checks. Without a sign-in or a subscription nothing further is asked."""
    found = [] if simulate else [*look_at_tools(look, machine), *look_at_updates(look, machine)]
    if any(check.status == "missing" and check.name == "Azure CLI" and check.found == "nothing" for check in found):
        return [*found, _unlooked("without the Azure CLI nothing can be asked")]
    found += _safely("sign-in", lambda asked: look_at_sign_in(asked, asked.client.signed_in()), look)
    if any(check.status == "missing" for check in found if check.name == "sign-in"):
        return [*found, _unlooked("nobody is signed in to the environment's tenant")]
    found += _safely("subscription", look_at_subscription, look)
    if found[-1].status != "ok":
        return [*found, _unlooked("the subscription cannot be used")]
    with ThreadPoolExecutor(QUESTIONS_AT_ONCE) as pool:
        for part in pool.map(lambda one: _safely(one[0], one[1], look), LOOKS):
            found += part
    return found


def _safely(name: str, asking: Callable[[Look], Iterator[Check]], look: Look) -> list[Check]:
    """What a look finds; where Azure refuses to answer, that is the finding."""
    found: list[Check] = []
    try:
        for check in asking(look):
            found.append(check)
    except AzureRefusedError as refusal:
        remedy = "ask somebody who may look (Reader on the subscription, or a member of the organisation)"
        found.append(Check(name, "note", f"could not be looked at: {refusal}", "an answer", remedy))
    return found


def _unlooked(why: str) -> Check:
    return Check("everything else in Azure", "note", "not looked at", why, "mend the above, then run this again")


def _client(environment: Environment, types: Iterable[str], *, simulate: bool) -> AzureClient:
    if simulate:
        from modelyard_infra.readiness.simulated import SimulatedAzure, ready_for

        return SimulatedAzure(ready_for(environment, types))
    from modelyard_infra.az_cli import AzCli
    from modelyard_infra.readiness.rest import RestAzure
    from modelyard_infra.readiness.transport import AzRest

    return RestAzure(AzRest(AzCli()))
