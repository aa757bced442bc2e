"""Which Pulumi CLI will do, and asking one what it is."""

from __future__ import annotations

import json
import os
import re
import subprocess
from pathlib import Path

PINNED = "3.259.0"
"""The version that is downloaded or built. tools/pulumi/go.mod names the same; a test compares the two."""
MINIMUM = (3, 255, 0)
"""The oldest that will do: from here on flags can be set through PULUMI_OPTION_*, and a policy pack can be a file."""
ANSWER_SECONDS = 30


def version_of(cli: Path) -> str | None:
    """What `pulumi version` says without its `v`, or None where that is no working Pulumi CLI."""
    try:
        answer = subprocess.run(
            [str(cli), "version"],
            env={**os.environ, "PULUMI_SKIP_UPDATE_CHECK": "true"},
            capture_output=True,
            text=True,
            timeout=ANSWER_SECONDS,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    said = answer.stdout.strip().removeprefix("v")
    return said if answer.returncode == 0 and _parts(said) else None


def remembered_version(cli: Path, memory: Path) -> str | None:
    """As `version_of`, but a file that has not changed since it was asked is not asked again.

    Args:
        cli: the program.
        memory: a JSON file of answers; it may be missing or broken.
    """
    try:
        found = cli.stat()
    except OSError:
        return None
    state = [found.st_mtime_ns, found.st_size]
    known = _known(memory)
    if known.get(str(cli), [])[:2] == state:
        return str(known[str(cli)][2])
    version = version_of(cli)
    if version is not None:
        memory.parent.mkdir(parents=True, exist_ok=True)
        draft = memory.with_name(f".{memory.name}-{os.getpid()}")
        draft.write_text(json.dumps({**known, str(cli): [*state, version]}))
        draft.replace(memory)
    return version


def _known(memory: Path) -> dict[str, list[object]]:
    try:
        content = json.loads(memory.read_text())
    except (OSError, ValueError):
        return {}
    return content if isinstance(content, dict) else {}


def is_good_enough(version: str | None) -> bool:
    """Whether a version is one that we work with: not too old, and of the same major version."""
    parts = _parts(version or "")
    return parts is not None and parts >= MINIMUM and parts[0] == MINIMUM[0]


def minimum() -> str:
    """The oldest version that will do, as people write it."""
    return ".".join(str(part) for part in MINIMUM)


def _parts(version: str) -> tuple[int, ...] | None:
    found = re.match(r"(\d+)\.(\d+)\.(\d+)", version)
    return tuple(int(part) for part in found.groups()) if found else None
