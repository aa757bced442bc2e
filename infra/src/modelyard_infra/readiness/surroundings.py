"""Tools on this machine, the sign-in, the subscription, the region."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from modelyard.environment.machine import Machine
from modelyard.environment.readiness import Check
from modelyard.errors import ConfigurationError
from modelyard_infra.engine.signing_in import READ, sign_in
from modelyard_infra.readiness.client import SignIn
from modelyard_infra.readiness.looking import Look, checked, listed

OLDEST_CLI = (2, 60)
"""The oldest Azure CLI whose commands the bootstrap uses as they are."""
PLUGIN, PLUGIN_VERSION = "azure-native", "3.29.0"
"""Pulumi's provider for Azure; a test holds the version to the one that is declared to the engine."""


def look_at_tools(look: Look, machine: Machine) -> Iterator[Check]:
    """The Azure CLI and Pulumi's provider. The Pulumi CLI itself is among the checks of every environment."""
    version = look.client.cli_version()
    wanted = ".".join(map(str, OLDEST_CLI))
    yield checked(
        "Azure CLI",
        version and _numbers(version) >= OLDEST_CLI,
        found=version or "nothing",
        needed=f"{wanted} or newer",
        remedy="run: az upgrade" if version else "install it: https://learn.microsoft.com/cli/azure/install-azure-cli",
    )
    place = _plugin(machine)
    yield checked(
        "Pulumi provider",
        place,
        found=place or "nothing",
        needed=f"{PLUGIN} {PLUGIN_VERSION}",
        remedy=f"run: pulumi plugin install resource {PLUGIN} {PLUGIN_VERSION}",
    )


def look_at_sign_in(look: Look, signed_in: SignIn | None) -> Iterator[Check]:
    """Who is signed in, and whether to the tenant of the environment's file."""
    tenant = look.azure.tenant_id
    right = signed_in is not None and signed_in.tenant_id == tenant
    found = f"{signed_in.user} in tenant {signed_in.tenant_id}" if signed_in else "nobody"
    remedy = f"run: az login --tenant {tenant}"
    yield checked("sign-in", right, found=found, needed=f"somebody in tenant {tenant}", remedy=remedy)


def look_at_updates(look: Look, machine: Machine) -> Iterator[Check]:
    """How an update would sign in, where that is not just the Azure CLI: in a pipeline."""
    around = {name: machine.variable(name) or "" for name in READ}
    needed = "a federated token, or the Azure CLI"
    try:
        found = sign_in(around, tenant_id=look.azure.tenant_id, subscription_id=look.subscription)
    except ConfigurationError as error:
        yield Check("sign-in of updates", "missing", error.message, needed, error.hint)
        return
    if found.kind != "azure_cli":
        yield Check("sign-in of updates", "ok", str(found), needed, "")


def look_at_subscription(look: Look) -> Iterator[Check]:
    """Whether the subscription can be seen and used."""
    found = look.client.subscription(look.subscription)
    good = found is not None and found.state == "Enabled" and found.tenant_id == look.azure.tenant_id
    said = f"{found.name} ({found.state}, tenant {found.tenant_id})" if found else "no such subscription can be seen"
    yield checked(
        "subscription",
        good,
        found=said,
        needed=f"{look.subscription}, enabled, in tenant {look.azure.tenant_id}",
        remedy=f"correct azure.subscription_id in {look.file}, or ask its owner for a role; see them with: "
        "az account list --output table",
    )


def look_at_region(look: Look) -> Iterator[Check]:
    """Whether the subscription may use the region, has its zones, and no policy of the organisation forbids it."""
    zones = look.client.zones(look.subscription)
    location, redundant = look.azure.location, look.azure.zone_redundant
    if location not in zones:
        found = "not offered to this subscription"
    else:
        found = "with zones" if zones[location] else "without zones"
    yield checked(
        f"region {location}",
        location in zones and (zones[location] or not redundant),
        found=found,
        needed="with zones" if redundant else "a region of this subscription",
        remedy=f"see regions with: az account list-locations --output table; then change azure.location in {look.file}",
    )
    yield from _policy(look)


def _policy(look: Look) -> Iterator[Check]:
    allowed = look.client.allowed_locations(look.subscription)
    wanted = {look.azure.location, *look.azure.registry.replicate_to}
    if allowed is None:
        return
    outside = wanted - allowed - {"global"}
    yield checked(
        "allowed regions",
        not outside,
        found=f"policy allows {listed(allowed)}",
        needed=listed(wanted),
        remedy=f"ask for an exemption of the policy for {listed(outside)}, or change azure.location in {look.file}",
    )


def _plugin(machine: Machine) -> str:
    """Where Pulumi finds its provider: on PATH, or where `pulumi plugin install` puts it."""
    on_path = machine.program(f"pulumi-resource-{PLUGIN}")
    home = machine.variable("PULUMI_HOME") or f"{machine.variable('HOME')}/.pulumi"
    folder = Path(home) / "plugins" / f"resource-{PLUGIN}-v{PLUGIN_VERSION}"
    return on_path or (str(folder) if folder.is_dir() else "")


def _numbers(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in re.findall(r"\d+", version)[:2])
