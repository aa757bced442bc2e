"""What a list of contents (SBOM) lets a scanner ask for, and what it does not."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from modelyard.errors import InvalidBundleError
from modelyard_bundle import BundleError
from modelyard_bundle.documents import parse_document

PYPI = "pkg:pypi/"


@dataclass(frozen=True, slots=True, order=True)
class Package:
    """One package from the index."""

    name: str
    version: str

    def __str__(self) -> str:
        """As pip names it."""
        return f"{self.name}=={self.version}"


@dataclass(frozen=True, slots=True)
class Scannable:
    """What is asked for, and what nobody can be asked about."""

    packages: tuple[Package, ...]
    left_out: tuple[str, ...]
    """The base image, the model, and our own packages, which are on no index."""


def packages_in(sbom: bytes) -> Scannable:
    """The packages in a CycloneDX document.

    Raises:
        InvalidBundleError: It is no such document, or lists no package: an empty scan is no good scan.
    """
    try:
        document = parse_document(sbom, where="sbom.cdx.json")
    except BundleError as error:
        raise _not_a_list(str(error)) from error
    found = document.get("components")
    if document.get("bomFormat") != "CycloneDX" or not isinstance(found, list):
        raise _not_a_list("it is no CycloneDX document with components")
    components = [one for one in found if isinstance(one, dict)]
    packages = tuple(sorted(set(_packages(components))))
    if not packages:
        raise _not_a_list("it lists no package of the package index")
    left_out = tuple(_named(one) for one in components if not _is_on_the_index(one))
    return Scannable(packages, left_out)


def _packages(components: list[dict[str, Any]]) -> Iterator[Package]:
    for one in components:
        if _is_on_the_index(one):
            name, _, version = str(one["purl"]).removeprefix(PYPI).partition("@")
            if not name or not version:
                raise _not_a_list(f"{one['purl']} names no version")
            yield Package(name, version)


def _is_on_the_index(component: Mapping[str, Any]) -> bool:
    return str(component.get("purl", "")).startswith(PYPI)


def _named(component: Mapping[str, Any]) -> str:
    return f"{component.get('name')} {component.get('version', '')}".strip()


def _not_a_list(reason: str) -> InvalidBundleError:
    return InvalidBundleError(
        f"what is in the image cannot be scanned: {reason}", hint="modelyard release build NAME --out DIR"
    )
