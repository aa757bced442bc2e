"""The released models: an app for each, a revision for each version, shares of the requests as the file says.

A model that the file does not name may have been released without a commit; what is remembered of that draws it.
"""

from __future__ import annotations

import hashlib

from modelyard.environment.azure_compute import ReleasedModel, Scale
from modelyard.environment.azure_rollouts import WHOLE_TRAFFIC
from modelyard_infra.blueprint.azure import callers
from modelyard_infra.blueprint.azure.apps import APPS, CONCERN, PROFILE, address_of, container, ingress, probe, pulls
from modelyard_infra.blueprint.azure.identities import MODELS, assumed
from modelyard_infra.blueprint.azure.images import full_name
from modelyard_infra.blueprint.azure.released import Releases, Remembered, Version, content_digest
from modelyard_infra.blueprint.azure.site import Site
from modelyard_infra.blueprint.graph import Joined, Ref, Resource, Value

PORT = 8080
TRUSTED_KEYS = "/srv/modelyard/trusted-keys"
"""The public keys in the image. Named here as well: where the environment signs, an image that was built without keys
serves nothing."""
SCRATCH, SCRATCH_FOLDER = "scratch", "/tmp"  # noqa: S108 - inside the container, where it is the only place to write
DIGEST_LENGTH = 8
"""Hex digits that tell revisions of one version apart."""
MODEL_PLACEHOLDER = "{model}"
START_SECONDS = 60
GRACE_SECONDS = 5
"""Added to the time that requests may take to be answered before a container is stopped."""


def draw_models(site: Site) -> list[Resource]:
    """An app for each released model."""
    named = site.azure.container_apps.models
    apps = {name: _named(site, name, model) for name, model in named.items()}
    apps |= {name: _remembered(site, name, remembered) for name, remembered in site.releases.items()}
    return [apps[name] for name in sorted(apps)]


def with_revisions(site: Site, releases: Releases) -> Releases:
    """What was released, each revision with its name; without the models that the environment's file decides about."""

    def content_of(version: Version) -> str:
        return content_digest(_template(site, full_name(site, version.image)))

    unnamed = {name: one for name, one in releases.items() if name not in site.azure.container_apps.decided}
    return {name: remembered.drawn(content_of) for name, remembered in unnamed.items()}


def model_key(model: str) -> str:
    """Key of a model's app."""
    return f"model-{model.replace('_', '-')}"


def app_name(site: Site, model: str) -> str:
    """A model's app."""
    return site.name("container app", model.replace("_", "-"))


def revision_suffix(model: ReleasedModel, template: Value) -> str:
    """Names a revision: the version for people, and a digest, because Azure takes a name once for one content."""
    digest = hashlib.sha256(repr(template).encode()).hexdigest()
    return f"v{model.version}-{digest[:DIGEST_LENGTH]}"


def address_pattern(site: Site) -> Joined:
    """Where a model answers, with {model} in place of its name (hyphens for its underscores)."""
    return address_of(site.environment.azure_name("container app", MODEL_PLACEHOLDER))


def _named(site: Site, name: str, model: ReleasedModel) -> Resource:
    template = _template(site, full_name(site, model.image))
    suffix = revision_suffix(model, template)
    return _app(site, name, {**template, "revisionSuffix": suffix}, traffic=_traffic(site, name, model))


def _remembered(site: Site, name: str, remembered: Remembered) -> Resource:
    newest = remembered.newest
    template = {**_template(site, full_name(site, newest.image)), "revisionSuffix": newest.revision}
    return _app(site, name, template, traffic=_remembered_traffic(site, name, remembered))


def _app(site: Site, name: str, template: Value, *, traffic: list[Value]) -> Resource:
    secrets = callers.secrets(site)
    properties: dict[str, Value] = {
        "containerAppName": app_name(site, name),
        "managedEnvironmentId": Ref(APPS),
        "workloadProfileName": PROFILE,
        "identity": assumed(MODELS),
        "configuration": {
            "activeRevisionsMode": "Multiple",
            "maxInactiveRevisions": 10,
            "registries": pulls(site, MODELS),
            **({"secrets": secrets} if secrets else {}),
            "ingress": ingress(site, PORT, traffic=traffic),
        },
        "template": template,
    }
    after = ("role-models-images", *callers.secret_roles(site))
    return site.resource(CONCERN, model_key(name), "app:ContainerApp", properties, after=after)


def _template(site: Site, image: str) -> dict[str, Value]:
    apps = site.azure.container_apps
    probes: list[Value] = [
        probe("Startup", "/v2/health/ready", PORT, period=2, failures=START_SECONDS // 2),
        probe("Liveness", "/v2/health/live", PORT, period=10, failures=3),
        probe("Readiness", "/v2/health/ready", PORT, period=5, failures=2),
    ]
    mounts: list[Value] = [{"volumeName": SCRATCH, "mountPath": SCRATCH_FOLDER}, *callers.mounts(site)]
    return {
        "terminationGracePeriodSeconds": int(site.environment.serving.drain_seconds) + GRACE_SECONDS,
        "initContainers": [callers.writer(site, image)],
        "containers": [
            container(
                "model-api",
                image,
                apps.model_api,
                variables=_variables(site),
                more={"probes": probes, "volumeMounts": mounts},
            )
        ],
        "volumes": [{"name": SCRATCH, "storageType": "EmptyDir"}, *callers.volumes(site)],
        "scale": _scale(apps.scale),
    }


def _variables(site: Site) -> dict[str, Value]:
    """The model API's settings. What is not said here is said by the image: where the bundle lies."""
    serving = site.environment.serving
    variables: dict[str, Value] = {
        "MODELYARD_HOST": "0.0.0.0",  # noqa: S104 - inside the container, behind the ingress
        "MODELYARD_PORT": str(PORT),
        "MODELYARD_WORKERS": str(serving.workers),
        "MODELYARD_MAX_ROWS": str(serving.max_rows),
        "MODELYARD_MAX_BODY_BYTES": str(serving.max_body_bytes),
        "MODELYARD_DRAIN_SECONDS": f"{serving.drain_seconds:g}",
        "MODELYARD_ACCESS": callers.document_file(),
    }
    if site.environment.release.signing != "none":
        variables["MODELYARD_TRUSTED_KEYS"] = TRUSTED_KEYS
    return variables


def _scale(scale: Scale) -> Value:
    requests: Value = {"metadata": {"concurrentRequests": str(scale.concurrent_requests)}}
    return {
        "minReplicas": scale.min_replicas,
        "maxReplicas": scale.max_replicas,
        "rules": [{"name": "concurrent-requests", "http": requests}],
    }


def _traffic(site: Site, name: str, model: ReleasedModel) -> list[Value]:
    """Shares of the requests. The newest version's revision is always `latest`; the one beside it has its name.

    Each version has a label, and with it an address of its own, whatever its share: so a shadow can be asked.
    """
    rollout = model.rollout
    share = WHOLE_TRAFFIC if rollout is None else rollout.percent
    newest: Value = {"latestRevision": True, "weight": share, "label": f"v{model.version}"}
    if rollout is None:
        return [newest]
    older: Value = {
        "revisionName": f"{app_name(site, name)}--{rollout.beside.revision}",
        "weight": WHOLE_TRAFFIC - share,
        "label": f"v{rollout.beside.version}",
    }
    return [older, newest]


def _remembered_traffic(site: Site, name: str, remembered: Remembered) -> list[Value]:
    """The same for what was released without a commit. What was taken back keeps its address, and answers nothing."""
    newest, current = remembered.newest, remembered.current
    if current is None or current.is_same(newest):
        return [{"latestRevision": True, "weight": WHOLE_TRAFFIC, "label": f"v{newest.version}"}]
    share = remembered.percent if remembered.tried else 0
    # A version that was built again is told apart by its revision's name.
    label = newest.revision if newest.version == current.version else f"v{newest.version}"
    older: Value = {
        "revisionName": f"{app_name(site, name)}--{current.revision}",
        "weight": WHOLE_TRAFFIC - share,
        "label": f"v{current.version}",
    }
    return [older, {"latestRevision": True, "weight": share, "label": label}]
