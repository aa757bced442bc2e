"""Rules for roles, and for who signs in how.

Source of role ids: Microsoft Learn, "Azure built-in roles".
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence

from modelyard_infra.blueprint.graph import Resource, Value
from modelyard_infra.policies.facts import Facts
from modelyard_infra.policies.finding import Finding
from modelyard_infra.policies.forms import EVERYWHERE, each, each_in, settings
from modelyard_infra.policies.rule import Control, Rule
from modelyard_infra.policies.values import at, expect, is_known, items, shown, targets, text, texts

ASSIGNMENT = "authorization:RoleAssignment"
TRUST = "managedidentity:FederatedIdentityCredential"
GROUP = "resources:ResourceGroup"
AUDIENCE = "api://AzureADTokenExchange"
CONTRIBUTOR = "b24988ac-6180-42a0-ab88-20f7382dd24c"

FORBIDDEN_ROLES = {
    "8e3af657-a8ff-443c-a75c-2fe8c4bcb635": "Owner",
    "18d7d88d-d35e-4fb5-a5c3-7773c20a72d9": "User Access Administrator",
    "f58310d9-a9f6-439a-9e8d-f62e7b41a168": "Role Based Access Control Administrator",
    "b7e6dc6d-f1e8-4753-8033-0f276bb0955b": "Storage Blob Data Owner",
    "00482a5a-887f-4fb3-b363-3b7fe8e74483": "Key Vault Administrator",
}
"""Who has one of these gives rights to others, or to himself."""
ROLES_OF_DATA = {
    "2a2b9908-6ea1-4ae2-8e65-a410df84e7d1": "Storage Blob Data Reader",
    "ba92f5b4-2d11-453d-a403-e96b0029c9fe": "Storage Blob Data Contributor",
    "4633458b-17de-408a-b874-0445c86b69e6": "Key Vault Secrets User",
    "b86a8fe4-44ce-4948-aee5-eccb2c155cd7": "Key Vault Secrets Officer",
    "7f951dda-4ed3-4680-a7ca-43fe172d538d": "AcrPull",
    "8311e382-0749-4cb8-b61a-304f252e45ec": "AcrPush",
    "577a9874-89fd-4f24-9dbd-b5034d0ad23a": "Container Registry Data Importer and Data Reader",
    "fb382eab-e894-4461-af04-94435c366c3f": "Container Registry Tasks Contributor",
}
"""Roles that open what is stored. They are given for one thing, never for a whole group of resources."""
GUID = re.compile(r"^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$")
TENANT_AND_APPLICATION = r"/eid1/c/pub/t/[\w-]{22}/a/[\w-]{22}"
"""How a subject from Entra begins: two GUIDs in base64, with no place for a pattern."""
INSIDE_A_GROUP = re.compile(r"^/subscriptions/[^/]+/resourceGroups/[^/]+", re.IGNORECASE)
SECRET_SETTINGS = frozenset(
    {
        "clientSecret",
        "clientSecretSettingName",
        "clientSecretCertificateThumbprint",
        "sharedKey",
        "accountKey",
        "connectionString",
        "daprAIConnectionString",
        "daprAIInstrumentationKey",
    }
)
"""Properties of azure-native that hold a secret, or name the setting that does."""


def _role(assignment: Resource) -> str:
    """The GUID of the role."""
    return "".join(part for _, part in texts(assignment.properties.get("roleDefinitionId"))).rpartition("/")[2].lower()


def _not_broad(assignment: Resource) -> Iterator[Finding]:
    name = FORBIDDEN_ROLES.get(_role(assignment))
    if name:
        yield Finding(assignment.key, "roleDefinitionId", name, "a role that gives no rights to others")


def _contributors(assignment: Resource) -> Iterator[Finding]:
    if _role(assignment) == CONTRIBUTOR and at(assignment, "principalType") != "Group":
        found = f"Contributor for a {shown(at(assignment, 'principalType'))}"
        yield Finding(assignment.key, "roleDefinitionId", found, "a role of one service; Contributor is for groups")


def _named(assignment: Resource) -> Iterator[Finding]:
    name = at(assignment, "roleAssignmentName")
    if is_known(name) and not GUID.match(text(assignment, "roleAssignmentName")):
        yield Finding(assignment.key, "roleAssignmentName", shown(name), "a GUID made of what the assignment says")


def _narrow(facts: Facts) -> Iterator[Finding]:
    for assignment in facts.of(ASSIGNMENT):
        scope = assignment.properties.get("scope")
        if not targets(scope) and isinstance(scope, str | None) and not INSIDE_A_GROUP.match(scope or ""):
            found = "a whole subscription or more" if scope else "nothing"
            yield Finding(assignment.key, "scope", found, "one resource, or the environment's resource group")
        role = ROLES_OF_DATA.get(_role(assignment))
        for group in facts.pointed_at(scope, GROUP) if role else ():
            found = f"{role} on {group.key}, which is everything"
            yield Finding(assignment.key, "scope", found, "the one resource that is meant")


def _exact_trust(trust: Resource, facts: Facts) -> Iterator[Finding]:
    pipelines = facts.azure.pipelines
    connection = f"/sc/{pipelines.organisation_id}/{pipelines.service_connection_id}"
    if not re.fullmatch(f"{TENANT_AND_APPLICATION}{connection}", text(trust, "subject")):
        yield Finding(trust.key, "subject", shown(at(trust, "subject")), f"the service connection alone: …{connection}")
    if list(items(trust, "audiences")) != [AUDIENCE]:
        yield Finding(trust.key, "audiences", shown(at(trust, "audiences")), AUDIENCE)
    yield from expect(trust, "issuer", f"https://login.microsoftonline.com/{facts.azure.tenant_id}/v2.0")


def _no_client_secrets(facts: Facts) -> Iterator[Finding]:
    for resource in facts.graph:
        for path in _secret_settings(resource.properties, ""):
            yield Finding(resource.key, path, "a secret, or the name of one", "nothing: sign in with an identity")


def _secret_settings(value: Value, path: str) -> Iterator[str]:
    if isinstance(value, Mapping):
        for name, part in value.items():
            where = f"{path}.{name}" if path else name
            if name in SECRET_SETTINGS and part is not None:
                yield where
            else:
                yield from _secret_settings(part, where)
    elif isinstance(value, Sequence) and not isinstance(value, str):
        for place, part in enumerate(value):
            yield from _secret_settings(part, f"{path}.{place}")


RULES = (
    Rule(
        "roles-not-broad",
        "Nobody gets a role that can give rights away",
        Control("PA-1", "whoever has it needs no other"),
        each(ASSIGNMENT, judge=_not_broad),
        "assign the role of one service that does what is needed",
        EVERYWHERE,
        alone=True,
    ),
    Rule(
        "roles-contributor",
        "Only groups of people are Contributor",
        Control("PA-7", "an identity does one job and needs the rights of that job"),
        each(ASSIGNMENT, judge=_contributors),
        "assign the role of one service that does what is needed",
        EVERYWHERE,
        alone=True,
    ),
    Rule(
        "roles-not-for-people",
        "Roles go to groups and identities, never to single people, and say which",
        Control("PA-1", "people come and go; Azure refuses a new identity of unsaid type"),
        settings(ASSIGNMENT, ("principalType", "Group", "ServicePrincipal")),
        "set principalType to Group or ServicePrincipal, and put the person into a group",
        EVERYWHERE,
        alone=True,
    ),
    Rule(
        "roles-named",
        "Role assignments have a GUID for a name that is the same each time",
        Control("AM-1", "a second run finds the first one's assignment"),
        each(ASSIGNMENT, judge=_named),
        "set roleAssignmentName to a GUID made of scope, role and principal",
        EVERYWHERE,
        alone=True,
    ),
    Rule(
        "roles-narrow",
        "Roles are given for the environment at most, and roles that open data for one resource",
        Control("PA-7", "a stolen sign-in reaches one thing"),
        _narrow,
        "set scope to the resource that is meant",
        EVERYWHERE,
        alone=False,
    ),
    Rule(
        "trust-exact",
        "Tokens from outside are trusted for one service connection and one audience",
        Control("IM-3", "a pattern trusts whoever can name a pipeline"),
        each_in(TRUST, judge=_exact_trust),
        "set issuer, subject and audiences from azure.pipelines",
        EVERYWHERE,
        alone=True,
    ),
    Rule(
        "no-client-secrets",
        "Nothing signs in with a client secret, a shared key or a connection string",
        Control("IM-3", "identities have nothing to leak or to renew"),
        _no_client_secrets,
        "use a managed identity or a federated credential",
        EVERYWHERE,
        alone=True,
    ),
)
