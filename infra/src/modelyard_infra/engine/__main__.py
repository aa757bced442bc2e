"""`python -m modelyard_infra.engine STACK`: prints what a Pulumi CLI must know, for a shell to take over."""

from __future__ import annotations

import sys
from shlex import quote

from modelyard.environment.loading import load_environment
from modelyard.environment.workspace import Workspace
from modelyard.errors import ModelyardError
from modelyard_infra.engine.homes import StackHome, home_of, local_home


def main(arguments: list[str]) -> int:
    """Prints a stack's variables for `eval "$(python -m modelyard_infra.engine STACK)"`; local unless named."""
    try:
        home, stack = _home_of(Workspace.find(), *arguments)
        found = home.signed_in()
    except ModelyardError as error:
        sys.stderr.write(f"error: {error.message}\nnext: {error.hint}\n")
        return error.exit_code
    # No token is among them: what is printed may be read by anybody.
    for name, value in {**home.variables(stack), **(found.state if found else {})}.items():
        sys.stdout.write(f"export {name}={quote(value)}\n")
    return 0


def _home_of(workspace: Workspace, stack: str = "local") -> tuple[StackHome, str]:
    if stack == "local":
        return local_home(workspace), stack
    return home_of(workspace, load_environment(workspace, stack)), stack


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
