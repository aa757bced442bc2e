"""Who may ask the released models: the document that tells the model API, and the keys that it reads.

The document is part of the template, so another one makes another revision, and an older revision keeps its own. A
secret of the app would not do: it belongs to no revision, and Azure does not show it, so that nobody would see it
change. A short container writes the document before the model API starts.

The keys and what they are hashed with are secrets of the key vault. Container Apps mounts all secrets of an app as
files that have their names, and fetches a newer version within half an hour (Microsoft Learn, "Manage secrets in Azure
Container Apps").
"""

from __future__ import annotations

import json
from collections.abc import Mapping

from modelyard.environment.access_settings import DOCUMENT, access_document
from modelyard.environment.azure_compute import ContainerSize
from modelyard_infra.blueprint.azure.apps import container
from modelyard_infra.blueprint.azure.identities import MODELS, identity_key
from modelyard_infra.blueprint.azure.site import Site
from modelyard_infra.blueprint.azure.vault import VAULT
from modelyard_infra.blueprint.graph import Joined, Ref, Value

ACCESS, KEYS = "access", "keys"
"""Volumes: one for the document, one for the secrets."""
ACCESS_FOLDER, KEYS_FOLDER = "/srv/modelyard/access", "/srv/modelyard/keys"
LIST, PEPPER = "api-keys", "api-pepper"
"""Secrets of an app, and so files in the folder of keys."""
PYTHON = "/opt/modelyard/bin/python"
"""In the image of the model API."""
WRITE = "import pathlib, sys; pathlib.Path(sys.argv[1]).write_text(sys.argv[2])"
SMALLEST = ContainerSize(cpu=0.25, memory_gb=0.5)
"""Of a container that runs before the others: Azure allows it no more than they have together."""


def document_file() -> str:
    """Where the document lies in the container."""
    return f"{ACCESS_FOLDER}/{DOCUMENT}"


def document(site: Site) -> str:
    """What the model API is told, as JSON."""
    values = access_document(site.environment.serving.access, site.azure.tenant_id)
    if values["mode"] == "keys":
        values["keys"] = {
            "file": f"{KEYS_FOLDER}/{LIST}",
            "pepper": {"variable": None, "file": f"{KEYS_FOLDER}/{PEPPER}"},
        }
    # Kubernetes puts variables in for $(NAME) in arguments, wherever it stands.
    return json.dumps(values, separators=(",", ":")).replace("$", r"\u0024")


def key_secrets(site: Site) -> Mapping[str, str]:
    """{secret of the app: secret of the key vault}; empty where callers have tokens."""
    access = site.environment.serving.access
    keys = access.keys
    if access.mode != "keys" or keys.list_secret is None or keys.pepper_secret is None:
        return {}
    return {LIST: keys.list_secret, PEPPER: keys.pepper_secret}


def secrets(site: Site) -> list[Value]:
    """The app's secrets: references to the key vault, without a version, so that the newest one is taken."""
    return [
        {
            "name": name,
            "keyVaultUrl": Joined((Ref(VAULT, "properties.vaultUri"), f"secrets/{kept}")),
            "identity": Ref(identity_key(MODELS)),
        }
        for name, kept in key_secrets(site).items()
    ]


def secret_roles(site: Site) -> tuple[str, ...]:
    """Keys of the role assignments without which Azure cannot fetch the secrets."""
    return tuple(f"role-{secret_grant(name)}" for name in key_secrets(site))


def secret_grant(name: str) -> str:
    """Key of the grant for one of the secrets."""
    return f"models-{name}"


def volumes(site: Site) -> list[Value]:
    """What the document and the keys lie in."""
    keys: list[Value] = [{"name": KEYS, "storageType": "Secret"}] if key_secrets(site) else []
    return [{"name": ACCESS, "storageType": "EmptyDir"}, *keys]


def mounts(site: Site) -> list[Value]:
    """The same, as the model API sees them."""
    keys: list[Value] = [{"volumeName": KEYS, "mountPath": KEYS_FOLDER}] if key_secrets(site) else []
    return [_document_mount(), *keys]


def writer(site: Site, image: str) -> Value:
    """The container that writes the document, before the model API starts.

    Args:
        site: the environment.
        image: the model's, which is there in any case.
    """
    more: dict[str, Value] = {
        "command": [PYTHON, "-I", "-c", WRITE],
        "args": [document_file(), document(site)],
        "volumeMounts": [_document_mount()],
    }
    return container("write-access", image, SMALLEST, variables={}, more=more)


def _document_mount() -> Value:
    return {"volumeName": ACCESS, "mountPath": ACCESS_FOLDER}
