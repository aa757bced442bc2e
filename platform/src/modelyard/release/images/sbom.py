"""The list of what is in an image (SBOM): CycloneDX 1.6, made from the lock and the bundle.

It is a pure function of what goes in, down to its serial number. The packages of the base image are not listed one by
one: the base stands in it with its digest, marked as incomplete.
"""

from __future__ import annotations

import json
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from modelyard import __version__
from modelyard.release.images.lock import Lock
from modelyard.release.images.locked import Wheel, Wheels
from modelyard_bundle import Manifest

SPACE = uuid.uuid5(uuid.NAMESPACE_URL, "urn:modelyard:sbom")
Component = dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Contents:
    """What is in a model's image."""

    image: str
    """Its name, without a tag."""
    tag: str
    created: str
    """ISO 8601."""
    base: str
    """The base image, with its digest where it is pinned."""
    wheels: Wheels
    lock: Lock
    manifest: Manifest
    signed_by: str | None = None
    """Name of the key that signed the bundle."""


def write_sbom(contents: Contents) -> bytes:
    """The list as JSON."""
    image, base, model = _image(contents), _base(contents.base), _model(contents)
    wheels = (*contents.wheels.locked, *contents.wheels.own)
    libraries = [_library(wheel, own=wheel in contents.wheels.own) for wheel in wheels]
    document: dict[str, Any] = {
        "$schema": "http://cyclonedx.org/schema/bom-1.6.schema.json",
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "version": 1,
        "metadata": {
            "timestamp": contents.created,
            "lifecycles": [{"phase": "build"}],
            "tools": {"components": [{"type": "application", "name": "modelyard", "version": __version__}]},
            "component": image,
        },
        "components": [base, model, *libraries],
        "dependencies": _dependencies(wheels, contents.lock, top=image["bom-ref"], others=[base, model]),
        "compositions": [{"aggregate": "incomplete", "assemblies": [base["bom-ref"]]}],
    }
    body = json.dumps(document, sort_keys=True)
    document["serialNumber"] = f"urn:uuid:{uuid.uuid5(SPACE, body)}"
    return (json.dumps(document, indent=1, sort_keys=True) + "\n").encode()


def _image(contents: Contents) -> Component:
    name = f"{contents.image}:{contents.tag}"
    return {"type": "container", "bom-ref": name, "name": contents.image, "version": contents.tag}


def _base(base: str) -> Component:
    tagged, _, digest = base.partition("@")
    name, _, tag = tagged.rpartition(":")
    component = {"type": "container", "bom-ref": base, "name": name or tag, "version": tag if name else "latest"}
    return {**component, **({"hashes": [_sha256(digest.removeprefix("sha256:"))]} if digest else {})}


def _model(contents: Contents) -> Component:
    manifest = contents.manifest
    facts = {
        "modelyard:run": manifest.run_id,
        "modelyard:commit": manifest.commit,
        "modelyard:signed-by": contents.signed_by or "nobody",
        **{f"modelyard:data:{table}": str(version) for table, version in manifest.data_versions.items()},
        **{f"modelyard:file:{name}": digest for name, digest in manifest.files.items()},
    }
    task = {"binary": "classification", "regression": "regression"}[manifest.task]
    return {
        "type": "machine-learning-model",
        "bom-ref": f"model:{manifest.model}@{manifest.version}",
        "name": manifest.model,
        "version": manifest.version,
        "hashes": [_sha256(manifest.digest)],
        "modelCard": {"modelParameters": {"task": task}},
        "properties": [{"name": name, "value": value} for name, value in sorted(facts.items())],
    }


def _library(wheel: Wheel, *, own: bool) -> Component:
    return {
        "type": "library",
        "bom-ref": _purl(wheel),
        "name": wheel.name,
        "version": wheel.version,
        "hashes": [_sha256(wheel.sha256)],
        "scope": "required",
        # Ours are on no index: a purl would send a scanner to somebody else's package of that name.
        **({} if own else {"purl": _purl(wheel)}),
    }


def _dependencies(
    wheels: Sequence[Wheel], lock: Lock, *, top: str, others: Sequence[Component]
) -> list[dict[str, Any]]:
    names = {wheel.name: _purl(wheel) for wheel in wheels}
    found = [{"ref": top, "dependsOn": sorted([*names.values(), *(other["bom-ref"] for other in others)])}]
    for wheel in wheels:
        needs = lock.needs.get(wheel.name, frozenset())
        found.append({"ref": _purl(wheel), "dependsOn": sorted(names[name] for name in needs if name in names)})
    return found


def _purl(wheel: Wheel) -> str:
    return f"pkg:pypi/{wheel.name}@{wheel.version}"


def _sha256(digest: str) -> dict[str, str]:
    return {"alg": "SHA-256", "content": digest}
