"""uv.lock, read: what depends on what, and when the newest part of it was published."""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from modelyard.errors import ServingError
from modelyard.release.images.locked import Wheel, normalised
from modelyard_bundle import sha256_of

LOCK = "uv.lock"


@dataclass(frozen=True, slots=True, kw_only=True)
class Lock:
    """The lock of a checkout."""

    digest: str
    """SHA-256 of the file."""
    needs: Mapping[str, frozenset[str]]
    """Distribution to the distributions that it asks for, over all its versions."""
    published: Mapping[str, float]
    """SHA-256 of a file to the time it was published, in seconds."""

    def epoch(self, wheels: Iterable[Wheel]) -> int:
        """When the newest of these files was published: the earliest time at which an image of them could be made."""
        return int(max((self.published.get(wheel.sha256, 0.0) for wheel in wheels), default=0.0))


def read_lock(root: Path) -> Lock:
    """The lock of the checkout in `root`.

    Raises:
        ServingError: There is none.
    """
    file = root / LOCK
    if not file.is_file():
        raise ServingError(f"there is no {LOCK} in {root}, so nothing says what goes into an image", hint="uv lock")
    content = file.read_bytes()
    packages: list[dict[str, Any]] = tomllib.loads(content.decode())["package"]
    needs: dict[str, set[str]] = {}
    for package in packages:
        found = needs.setdefault(normalised(package["name"]), set())
        found.update(normalised(one["name"]) for one in package.get("dependencies", ()))
    files = [file for package in packages for file in package.get("wheels", ())]
    return Lock(
        digest=sha256_of(content),
        needs={name: frozenset(found) for name, found in needs.items()},
        published={
            str(file["hash"]).removeprefix("sha256:"): _seconds(file["upload-time"])
            for file in files
            if "hash" in file and "upload-time" in file
        },
    )


def written(epoch: int) -> str:
    """A time as labels and documents have it: ISO 8601 in UTC."""
    return datetime.fromtimestamp(epoch, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _seconds(time: object) -> float:
    moment = time if isinstance(time, datetime) else datetime.fromisoformat(str(time))
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()
