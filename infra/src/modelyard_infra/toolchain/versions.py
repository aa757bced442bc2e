"""Which Pulumi CLI will do, and asking one what it is."""

from __future__ import annotations

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
