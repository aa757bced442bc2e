"""Where a training comes from: code, locked libraries, data. And the fingerprint of all that decides its result."""

from __future__ import annotations

import hashlib
import json
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from modelyard_bundle.libraries import installed_libraries

LOCK = "uv.lock"
UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True, kw_only=True)
class Provenance:
    """The code and the libraries of a training."""

    commit: str
    """The commit that is checked out, with `-dirty` if files differ from it; `unknown` outside of git."""
    lock: str
    """SHA-256 of uv.lock; `unknown` where there is none."""
    libraries: Mapping[str, str]
    """Library to version, of those that decide how a model behaves."""


def provenance_of(root: Path) -> Provenance:
    """The provenance of a training that runs from the checkout in `root`."""
    lock = root / LOCK
    return Provenance(
        commit=_commit(root),
        lock=hashlib.sha256(lock.read_bytes()).hexdigest() if lock.is_file() else UNKNOWN,
        libraries=installed_libraries(),
    )


def fingerprint_of(*, model: str, source: str, data_versions: Mapping[str, int], seed: int, lock: str) -> str:
    """What a training is made of, as one digest. Two trainings with the same fingerprint give the same model.

    Args:
        model: The model's name.
        source: Digest of the model's folder.
        data_versions: Table to Delta version.
        seed: Of search and estimator.
        lock: Digest of the locked libraries.
    """
    parts = {"model": model, "source": source, "data_versions": dict(data_versions), "seed": seed, "lock": lock}
    return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()


def _commit(root: Path) -> str:
    head = _git(root, "rev-parse", "HEAD")
    if not head:
        return UNKNOWN
    return f"{head}-dirty" if _git(root, "status", "--porcelain", "--untracked-files=no") else head


def _git(root: Path, *words: str) -> str:
    """What git says; nothing where there is no git or no commit."""
    try:
        said = subprocess.run(["git", "-C", str(root), *words], check=False, capture_output=True, text=True, timeout=30)
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return said.stdout.strip() if said.returncode == 0 else ""
