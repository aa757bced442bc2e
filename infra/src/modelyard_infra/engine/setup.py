"""`python -m modelyard_infra.engine.setup`: gets the Pulumi CLI, writes the wrapper, and prints the wrapper's path."""

from __future__ import annotations

import sys

from modelyard.environment.workspace import Workspace
from modelyard.errors import ModelyardError, exit_code_of
from modelyard_infra.engine.homes import local_home
from modelyard_infra.engine.preparing import prepare
from modelyard_infra.toolchain import ensure_pulumi


def main() -> int:
    """Returns the exit code."""
    try:
        workspace = Workspace.find()
        cli = ensure_pulumi(workspace, say=_say)
        wrapper = prepare(local_home(workspace), cli)
    except ModelyardError as error:
        _say(f"error: {error.message}")
        _say(f"next: {error.hint}")
        return exit_code_of(error)
    _say(f"Pulumi {cli.version} ({cli.origin}): {cli.path}")
    sys.stdout.write(f"{wrapper}\n")
    return 0


def _say(line: str) -> None:
    sys.stderr.write(f"{line}\n")


if __name__ == "__main__":
    sys.exit(main())
