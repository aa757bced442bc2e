"""Rules for PostgreSQL flexible servers.

Source: Microsoft Learn, "Azure security baseline for Azure Database for PostgreSQL - Flexible Server".
"""

from __future__ import annotations

import ipaddress
from collections.abc import Iterator, Mapping

from modelyard_infra.blueprint.graph import Resource
from modelyard_infra.policies.facts import Facts
from modelyard_infra.policies.finding import Finding
from modelyard_infra.policies.forms import EVERYWHERE, IN_PRODUCTION, each, each_in, settings
from modelyard_infra.policies.rule import Control, Rule
from modelyard_infra.policies.values import at, at_least, expect, shown, targets, text

SERVER = "dbforpostgresql:Server"
CONFIGURATION = "dbforpostgresql:Configuration"
FIREWALL_RULE = "dbforpostgresql:FirewallRule"
ADMINISTRATOR = "dbforpostgresql:AdministratorsMicrosoftEntra"
WIDEST_RANGE = 256
"""Addresses that one rule of the firewall may let in."""
LOGGED = {"log_connections": ("on",), "log_disconnections": ("on",), "log_checkpoints": ("on",)}
ENCRYPTED = {"require_secure_transport": ("on",), "ssl_min_protocol_version": ("TLSv1.2", "TLSv1.3")}


def _entra_only(server: Resource) -> Iterator[Finding]:
    yield from expect(server, "authConfig.activeDirectoryAuth", "Enabled")
    yield from expect(server, "authConfig.passwordAuth", "Disabled")
    for setting in ("administratorLogin", "administratorLoginPassword"):
        if at(server, setting) is not None:
            yield Finding(server.key, setting, "a value", "nothing: there is no password to sign in with")


def _private(server: Resource) -> Iterator[Finding]:
    for setting in ("delegatedSubnetResourceId", "privateDnsZoneArmResourceId"):
        if not at(server, f"network.{setting}"):
            yield Finding(server.key, f"network.{setting}", "nothing", "one of the environment's own")
    yield from expect(server, "network.publicNetworkAccess", "Disabled", None)


def _no_open_firewall(rule: Resource) -> Iterator[Finding]:
    first, last = text(rule, "startIpAddress"), text(rule, "endIpAddress")
    try:
        width = int(ipaddress.IPv4Address(last)) - int(ipaddress.IPv4Address(first)) + 1
    except ValueError:
        return
    # From 0.0.0.0 to 0.0.0.0 is Azure's word for every tenant's services.
    if width > WIDEST_RANGE or first == "0.0.0.0":  # noqa: S104 - a text to compare with, nothing listens
        yield Finding(rule.key, "startIpAddress", f"{first} to {last}", f"{WIDEST_RANGE} addresses at most")


def _backups(server: Resource, facts: Facts) -> Iterator[Finding]:
    yield from at_least(server, "backup.backupRetentionDays", facts.azure.postgres.backup_days)


def _tls(facts: Facts) -> Iterator[Finding]:
    yield from _configured(facts, ENCRYPTED)


def _logging(facts: Facts) -> Iterator[Finding]:
    yield from _configured(facts, LOGGED)


def _configured(facts: Facts, wanted: Mapping[str, tuple[str, ...]]) -> Iterator[Finding]:
    """Findings for parameters that a server does not have, or that say something else."""
    for server in facts.of(SERVER):
        own = {text(one, "configurationName"): one for one in facts.of(CONFIGURATION) if _is_of(one, server)}
        for name, allowed in wanted.items():
            parameter = own.get(name)
            if parameter is None:
                yield Finding(server.key, "", f"no parameter {name}", " or ".join(allowed))
            elif text(parameter, "value").lower() not in {value.lower() for value in allowed}:
                yield Finding(parameter.key, "value", shown(at(parameter, "value")), " or ".join(allowed))


def _is_of(parameter: Resource, server: Resource) -> bool:
    owner = parameter.properties.get("serverName")
    return server.key in targets(owner) or (bool(owner) and owner == text(server, "serverName"))


RULES = (
    Rule(
        "database-entra-only",
        "PostgreSQL knows no passwords, only identities of Entra",
        Control("IM-1", "one place of sign-in, nothing to leak"),
        each(SERVER, judge=_entra_only),
        "set authConfig to activeDirectoryAuth Enabled, passwordAuth Disabled, and name no administrator login",
        EVERYWHERE,
        alone=True,
    ),
    Rule(
        "database-administrators",
        "PostgreSQL's administrators are groups and identities, never single people",
        Control("PA-1", "people come and go; a group is reviewed"),
        settings(ADMINISTRATOR, ("principalType", "Group", "ServicePrincipal")),
        "name a group of azure.groups as administrator",
        EVERYWHERE,
        alone=True,
    ),
    Rule(
        "database-tls",
        "PostgreSQL takes only connections with TLS 1.2 or later",
        Control("DP-3", "data in transit is encrypted"),
        _tls,
        "draw the parameters require_secure_transport and ssl_min_protocol_version",
        EVERYWHERE,
        alone=False,
    ),
    Rule(
        "database-private",
        "PostgreSQL stands in the environment's own network",
        Control("NS-2", "it has no address in the internet"),
        each(SERVER, judge=_private),
        "set network.delegatedSubnetResourceId and network.privateDnsZoneArmResourceId",
        EVERYWHERE,
        alone=True,
    ),
    Rule(
        "database-no-open-firewall",
        "No firewall rule of PostgreSQL lets in the internet, or all of Azure",
        Control("NS-2", "every other customer of Azure is in that range"),
        each(FIREWALL_RULE, judge=_no_open_firewall),
        "remove the rule: clients are in the environment's own network",
        EVERYWHERE,
        alone=True,
    ),
    Rule(
        "database-backups",
        "PostgreSQL keeps backups as long as the environment file says",
        Control("BR-1", "MLflow's history can be restored to a point in time"),
        each_in(SERVER, judge=_backups),
        "set backup.backupRetentionDays from azure.postgres.backup_days",
        EVERYWHERE,
        alone=True,
    ),
    Rule(
        "database-backups-elsewhere",
        "Backups of PostgreSQL are kept in a second region too",
        Control("BR-2", "a region can be lost; it can be set at creation only"),
        settings(SERVER, ("backup.geoRedundantBackup", "Enabled")),
        "set azure.postgres.geo_redundant_backup to true in the environment file",
        IN_PRODUCTION,
        alone=True,
    ),
    Rule(
        "database-logging",
        "PostgreSQL logs who connects, who leaves, and its checkpoints",
        Control("LT-3", "an investigation begins with who was there"),
        _logging,
        "draw the parameters log_connections, log_disconnections and log_checkpoints",
        EVERYWHERE,
        alone=False,
    ),
)
