"""Becomes a service: reads what to run from a JSON file, and runs it in this very process.

The supervisor starts this instead of the service itself, because its ini files have no way to quote every value.
Standard library only, and run by path, so that it costs a few milliseconds.
"""

import json
import os
import sys
from pathlib import Path


def main(file: str) -> None:
    """Replaces this process with the one that `file` describes.

    Args:
        file: JSON with `command`, `environment` (added to the present one) and `folder`.
    """
    plan = json.loads(Path(file).read_text())
    os.chdir(plan["folder"])
    command = plan["command"]
    os.execvpe(command[0], command, {**os.environ, **plan["environment"]})  # noqa: S606 - a list, no shell


if __name__ == "__main__":
    main(sys.argv[1])
