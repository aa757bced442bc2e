"""`python -m modelyard_serving.container`: the model API, told by variables what a command line would tell it.

Containers are configured by variables: `MODELYARD_MAX_ROWS=500` is `--max-rows 500`. An empty one counts as absent, and
whatever stands on the command line wins.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from dataclasses import fields

from modelyard_serving.__main__ import main
from modelyard_serving.settings import Settings

PREFIX = "MODELYARD_"


def arguments(variables: Mapping[str, str]) -> list[str]:
    """The command line that the variables of the settings stand for."""
    valued = [field.name for field in fields(Settings) if field.type != "bool"]
    given = ((name, variables.get(f"{PREFIX}{name.upper()}", "")) for name in valued)
    return [part for name, value in given if value for part in (f"--{name.replace('_', '-')}", value)]


if __name__ == "__main__":
    sys.argv[1:1] = arguments(os.environ)
    sys.exit(main())
