"""Everything that Azure DevOps needs for our pipelines, in an order in which each comes after what it needs."""

from __future__ import annotations

from collections.abc import Iterator

from modelyard.delivery.azure_devops.bootstrapping.authorisations import authorisation_things
from modelyard.delivery.azure_devops.bootstrapping.checks import approver_things, check_things
from modelyard.delivery.azure_devops.bootstrapping.desk import Desk
from modelyard.delivery.azure_devops.bootstrapping.permissions import permission_things
from modelyard.delivery.azure_devops.bootstrapping.policies import policy_things
from modelyard.delivery.azure_devops.bootstrapping.project import pipeline_things, project_things, queue_things
from modelyard.delivery.azure_devops.bootstrapping.resources import connection_things, environment_things, group_things
from modelyard.delivery.azure_devops.bootstrapping.thing import Thing


def all_things(desk: Desk) -> Iterator[Thing]:
    """Checks come before authorisations: nothing is opened before it is guarded."""
    yield from project_things(desk)
    yield from queue_things(desk)
    yield from pipeline_things(desk)
    yield from environment_things(desk)
    yield from connection_things(desk)
    yield from group_things(desk)
    yield from approver_things(desk)
    yield from check_things(desk)
    yield from policy_things(desk)
    yield from permission_things(desk)
    yield from authorisation_things(desk)
