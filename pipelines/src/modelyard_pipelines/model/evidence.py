"""What a promotion rests on, kept for good: named by its digest, with the ledger's end as it was at the time.

A comparison that is made again may overwrite its own file. What a decision rests on is never written again.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from modelyard.composition import Platform
from modelyard.registry.entries import hash_of
from modelyard_bundle.atomic import write_atomically
from modelyard_pipelines.model.comparing import Compared, evidence_file


@dataclass(frozen=True, slots=True)
class Evidence:
    """A comparison that a decision rests on."""

    comparison: Mapping[str, Any]
    head: str
    """The hash of the ledger's last entry before the decision."""

    @property
    def digest(self) -> str:
        """As the ledger names it."""
        return hash_of(self.comparison)

    @property
    def verdict(self) -> str:
        """Of the comparison."""
        return str(self.comparison["verdict"])

    @property
    def reasons(self) -> tuple[str, ...]:
        """Of the verdict."""
        return tuple(self.comparison["reasons"])


def keep_evidence(platform: Platform, compared: Compared, *, head: str) -> Evidence:
    """Keep a comparison, and the page that shows it, under its digest; what is kept already stays as it is."""
    evidence = Evidence(compared.comparison.to_document(), head)
    file = decided_folder(platform, compared.comparison.model) / f"{compared.comparison.digest}.json"
    if not file.is_file():
        page = file.with_suffix(".html")
        page.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(compared.page, page)
        document = {"comparison": evidence.comparison, "head": head}
        write_atomically(file, json.dumps(document, indent=2).encode())
    return evidence


def read_evidence(platform: Platform, model: str, digest: str) -> Evidence:
    """The evidence that an entry of the ledger names.

    Raises:
        ValueError: it is not there, or not what it was.
    """
    file = decided_folder(platform, model) / f"{digest}.json"
    try:
        document = json.loads(file.read_bytes())
        found = Evidence(document["comparison"], document["head"])
    except FileNotFoundError:
        raise ValueError(f"{file} is missing") from None
    except (ValueError, TypeError, KeyError) as error:
        raise ValueError(f"{file} cannot be read: {error}") from error
    if found.digest != digest:
        raise ValueError(f"{file} is not what it was: its digest is {found.digest[:12]}")
    return found


def kept_heads(platform: Platform, model: str) -> Iterator[tuple[str, str]]:
    """The ends of the ledger that evidence remembers: name of the file, and hash."""
    for file in sorted(decided_folder(platform, model).glob("*.json")):
        try:
            yield file.name, read_evidence(platform, model, file.stem).head
        except ValueError:
            continue


def decided_folder(platform: Platform, model: str) -> Path:
    """Where the evidence of decisions is kept."""
    return evidence_file(platform, model, 0, None).parent / "decided"
