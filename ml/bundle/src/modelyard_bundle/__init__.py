"""The format in which a released model travels: written by release, read by the model API.

A bundle is a folder with `manifest.json`, `model.skops`, `signature.json` and `example.json`. The manifest names
each of them with its digest, and `manifest.sig` is a signature over the manifest. This package needs nothing but the
standard library (and `cryptography` where a signature is checked), so that both sides of a release can agree on the
format without sharing anything else.
"""

from modelyard_bundle.atomic import write_atomically
from modelyard_bundle.audit import audit_model
from modelyard_bundle.bundle import (
    BundleContent,
    Limits,
    bundle_folder,
    read_bundle,
    read_seal,
    verify_bundle,
    write_bundle,
)
from modelyard_bundle.documents import sha256_of
from modelyard_bundle.envelope import Envelope
from modelyard_bundle.errors import BundleError
from modelyard_bundle.example import Example
from modelyard_bundle.libraries import installed_libraries
from modelyard_bundle.manifest import Manifest
from modelyard_bundle.pointer import Pointer, read_pointer, remove_pointer, replace_pointer
from modelyard_bundle.seal import TrustedKeys, check_seal
from modelyard_bundle.signature import Feature, Output, Signature
from modelyard_bundle.trust import TRUSTED_NODES, TRUSTED_TYPES

__all__ = [
    "TRUSTED_NODES",
    "TRUSTED_TYPES",
    "BundleContent",
    "BundleError",
    "Envelope",
    "Example",
    "Feature",
    "Limits",
    "Manifest",
    "Output",
    "Pointer",
    "Signature",
    "TrustedKeys",
    "audit_model",
    "bundle_folder",
    "check_seal",
    "installed_libraries",
    "read_bundle",
    "read_pointer",
    "read_seal",
    "remove_pointer",
    "replace_pointer",
    "sha256_of",
    "verify_bundle",
    "write_atomically",
    "write_bundle",
]
