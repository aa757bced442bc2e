"""Rules for container apps and jobs, and the environment that they run in."""

from __future__ import annotations

import re
from collections.abc import Iterator

from modelyard_infra.blueprint.graph import Resource, Value
from modelyard_infra.policies.facts import Facts
from modelyard_infra.policies.finding import Finding
from modelyard_infra.policies.forms import EVERYWHERE, WHERE_CLOSED, WHERE_OPEN, each, each_in, settings
from modelyard_infra.policies.rule import Control, Rule
from modelyard_infra.policies.values import at, expect, is_known, items, shown, targets, text

APP, JOB, HOST = "app:ContainerApp", "app:Job", "app:ManagedEnvironment"
SIGN_IN = "app:ContainerAppsAuthConfig"
REFUSING = ("RedirectToLoginPage", "Return401", "Return403")
"""What an app may do with a request without a sign-in."""
HEALTH_PATHS = ("/health",)
"""What may be asked without a sign-in."""
SECRET_NAMES = re.compile(r"(PASSWORD|PASSWD|SECRET|TOKEN|ACCESS_KEY|API_KEY|ACCOUNT_KEY|CONNECTION_STRING)$")
"""Endings of names of variables that carry secrets."""
DIGEST = re.compile(r"@sha256:[0-9a-f]{64}$")
WANTED_PROBES = ("Liveness", "Readiness")


def _containers(resource: Resource) -> Iterator[tuple[str, Value]]:
    """(path, container) of each container, also those that run first."""
    for group in ("containers", "initContainers"):
        for place, container in enumerate(items(resource, f"template.{group}")):
            yield f"template.{group}.{place}", container


def _https(app: Resource) -> Iterator[Finding]:
    if at(app, "configuration.ingress") is not None:
        yield from expect(app, "configuration.ingress.allowInsecure", False)


def _in_network(host: Resource) -> Iterator[Finding]:
    if not at(host, "vnetConfiguration.infrastructureSubnetId"):
        path = "vnetConfiguration.infrastructureSubnetId"
        yield Finding(host.key, path, "nothing", "a subnet of the environment's network")


def _pulls_by_identity(resource: Resource) -> Iterator[Finding]:
    path = "configuration.registries"
    for place, registry in enumerate(items(resource, path)):
        if not at(registry, "identity"):
            yield Finding(resource.key, f"{path}.{place}.identity", "nothing", "an identity with AcrPull")
        for setting in ("username", "passwordSecretRef"):
            if at(registry, setting):
                yield Finding(resource.key, f"{path}.{place}.{setting}", "a value", "nothing")


def _pinned(resource: Resource) -> Iterator[Finding]:
    for path, container in _containers(resource):
        image = at(container, "image")
        if is_known(image) and not DIGEST.search(text(container, "image")):
            yield Finding(resource.key, f"{path}.image", shown(image), "an image that ends in @sha256: and a digest")


def _not_latest(resource: Resource) -> Iterator[Finding]:
    for path, container in _containers(resource):
        image = text(container, "image")
        if image.partition("@")[0].endswith(":latest"):
            yield Finding(resource.key, f"{path}.image", image, "the tag of a version, or no tag")


def _own_registry(resource: Resource, facts: Facts) -> Iterator[Finding]:
    own = f"{facts.environment.azure_name('registry')}.azurecr.io/"
    for path, container in _containers(resource):
        image = at(container, "image")
        if is_known(image) and not text(container, "image").startswith(own):
            yield Finding(resource.key, f"{path}.image", shown(image), f"an image of {own}")


def _probes(app: Resource) -> Iterator[Finding]:
    for place, container in enumerate(items(app, "template.containers")):
        has = {text(probe, "type") for probe in items(container, "probes")}
        for wanted in WANTED_PROBES:
            if wanted not in has:
                path = f"template.containers.{place}.probes"
                yield Finding(app.key, path, ", ".join(sorted(has)) or "no probe", f"a {wanted} probe too")


def _no_plain_secrets(resource: Resource) -> Iterator[Finding]:
    for path, container in _containers(resource):
        for place, variable in enumerate(items(container, "env")):
            if SECRET_NAMES.search(text(variable, "name").upper()) and at(variable, "value") is not None:
                name = text(variable, "name")
                yield Finding(resource.key, f"{path}.env.{place}", f"{name} with a value", f"{name} with a secretRef")
    for place, secret in enumerate(items(resource, "configuration.secrets")):
        if at(secret, "value") is not None or not at(secret, "keyVaultUrl") or not at(secret, "identity"):
            path = f"configuration.secrets.{place}"
            yield Finding(resource.key, path, "a secret that is written down", "keyVaultUrl and identity")


def _acts_as_identity(resource: Resource) -> Iterator[Finding]:
    yield from expect(resource, "identity.type", "UserAssigned")
    if at(resource, "identity.type") == "UserAssigned" and not at(resource, "identity.userAssignedIdentities"):
        yield Finding(resource.key, "identity.userAssignedIdentities", "nothing", "one identity at least")


def is_tracking(app: Resource, facts: Facts) -> bool:
    """Whether an app is the MLflow server."""
    return text(app, "containerAppName") == facts.environment.azure_name("container app", "mlflow")


def _tracking_sign_in(facts: Facts) -> Iterator[Finding]:
    for app in facts.of(APP):
        if not is_tracking(app, facts):
            continue
        configs = [config for config in facts.of(SIGN_IN) if _is_about(config, app)]
        if not configs:
            yield Finding(app.key, "", f"no {SIGN_IN}", "one that wants a sign-in")
        for config in configs:
            yield from _wants_sign_in(config)


def _wants_sign_in(config: Resource) -> Iterator[Finding]:
    yield from expect(config, "platform.enabled", True)
    yield from expect(config, "globalValidation.unauthenticatedClientAction", *REFUSING)
    for place, path in enumerate(items(config, "globalValidation.excludedPaths")):
        if path not in HEALTH_PATHS:
            where = f"globalValidation.excludedPaths.{place}"
            yield Finding(config.key, where, shown(path), ", ".join(HEALTH_PATHS))
    provider = "identityProviders.azureActiveDirectory"
    if not at(config, f"{provider}.registration.clientId"):
        yield Finding(config.key, f"{provider}.registration.clientId", "nothing", "azure.mlflow.client_id")


def _restricted(facts: Facts) -> Iterator[Finding]:
    """Where an environment is open, each app names who gets in, or asks for a sign-in."""
    guarded = {key for config in facts.of(SIGN_IN) for key in targets(config.properties.get("containerAppName"))}
    for app in facts.of(APP):
        external = at(app, "configuration.ingress.external") is True
        restrictions = items(app, "configuration.ingress.ipSecurityRestrictions")
        allows = any(text(one, "action") == "Allow" for one in restrictions)
        if external and app.key not in guarded and not allows:
            path = "configuration.ingress.ipSecurityRestrictions"
            yield Finding(app.key, path, "no range, and no sign-in", "the ranges of azure.network.allowed_ranges")


def _is_about(config: Resource, app: Resource) -> bool:
    owner = config.properties.get("containerAppName")
    return app.key in targets(owner) or (bool(owner) and owner == text(app, "containerAppName"))


RULES = (
    Rule(
        "apps-https-only",
        "Container apps speak HTTPS only",
        Control("DP-3", "data in transit is encrypted"),
        each(APP, judge=_https),
        "set configuration.ingress.allowInsecure to false",
        EVERYWHERE,
        alone=True,
    ),
    Rule(
        "apps-encrypted-inside",
        "Container apps speak to each other encrypted",
        Control("DP-3", "the network inside is no safe place either"),
        settings(HOST, ("peerTrafficConfiguration.encryption.enabled", True)),
        "set peerTrafficConfiguration.encryption.enabled to true",
        EVERYWHERE,
        alone=True,
    ),
    Rule(
        "apps-in-network",
        "Container apps run in the environment's own network",
        Control("NS-1", "security groups and private names hold only there; it can be set at creation only"),
        each(HOST, judge=_in_network),
        "set vnetConfiguration.infrastructureSubnetId",
        EVERYWHERE,
        alone=True,
    ),
    Rule(
        "apps-internal",
        "Container apps of a closed environment have no address in the internet",
        Control("NS-2", "nothing is reached from outside the network"),
        settings(HOST, ("vnetConfiguration.internal", True)),
        "set vnetConfiguration.internal to true",
        WHERE_CLOSED,
        alone=True,
    ),
    Rule(
        "apps-restricted",
        "Container apps of an open environment let in named ranges only, or ask for a sign-in",
        Control("NS-2", "a model is not for everybody"),
        _restricted,
        "name azure.network.allowed_ranges in the environment file",
        WHERE_OPEN,
        alone=False,
    ),
    Rule(
        "apps-pull-by-identity",
        "Images are pulled by an identity, not with a password",
        Control("IM-3", "there is no password to leak"),
        each(APP, JOB, judge=_pulls_by_identity),
        "set configuration.registries[].identity, and no username",
        EVERYWHERE,
        alone=True,
    ),
    Rule(
        "apps-pinned-images",
        "Images are named by their digest",
        Control("DS-2", "what was tested is what runs; a tag can be moved"),
        each(APP, JOB, judge=_pinned),
        "name the image as repository@sha256:digest in the environment file",
        EVERYWHERE,
        alone=True,
    ),
    Rule(
        "apps-no-latest",
        "No image is `latest`",
        Control("DS-2", "nobody knows what that was"),
        each(APP, JOB, judge=_not_latest),
        "name the image as repository@sha256:digest in the environment file",
        EVERYWHERE,
        alone=True,
    ),
    Rule(
        "apps-own-registry",
        "Images come from the environment's own registry",
        Control("DS-2", "only what a pipeline has built and checked is there"),
        each_in(APP, JOB, judge=_own_registry),
        "push the image to the environment's registry and name it from there",
        EVERYWHERE,
        alone=True,
    ),
    Rule(
        "apps-probes",
        "Each container of an app is asked whether it lives and whether it is ready",
        Control("RE:07", "a hung copy is replaced, a cold one gets no requests"),
        each(APP, judge=_probes),
        "draw a Liveness and a Readiness probe",
        EVERYWHERE,
        alone=True,
    ),
    Rule(
        "apps-no-plain-secrets",
        "Secrets reach containers by reference to the key vault only",
        Control("IM-8", "a value in a template is in state, previews and the portal too"),
        each(APP, JOB, judge=_no_plain_secrets),
        "put the secret into the key vault; set keyVaultUrl and identity, and secretRef in env",
        EVERYWHERE,
        alone=True,
    ),
    Rule(
        "apps-identity",
        "Container apps and jobs act as an identity of their own",
        Control("IM-3", "Azure keeps the credential; it lives longer than the app"),
        each(APP, JOB, judge=_acts_as_identity),
        "set identity.type to UserAssigned and name the identity",
        EVERYWHERE,
        alone=True,
    ),
    Rule(
        "tracking-sign-in",
        "Nothing but the health check reaches MLflow without a sign-in",
        Control("IM-1", "MLflow itself asks nobody who they are"),
        _tracking_sign_in,
        "draw a ContainerAppsAuthConfig that refuses requests without a sign-in",
        EVERYWHERE,
        alone=False,
    ),
)
