"""Takes down the environment on this machine: no process of it is left, whatever becomes of the engine."""

from __future__ import annotations

import shutil
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from modelyard_infra.stacks.recorder import OnEvent
from modelyard_infra.stacks.results import Change, StackResult


def down_locally(home: Path, destroy: Callable[[], StackResult], *, with_data: bool, on_event: OnEvent) -> StackResult:
    """Destroys the stack, stops every process, and removes the data where that is wanted.

    Args:
        home: the environment's state folder.
        destroy: destroys the stack.
        with_data: removes the lake, the registry, bundles and logs too.
        on_event: takes one line of progress at a time.
    """
    from modelyard_infra.local.supervisor import stop

    begun = time.monotonic()
    try:
        result = destroy()
    finally:
        stop(home)
    changes = result.changes
    if with_data and home.exists():
        shutil.rmtree(home)
        removed = Change("data", "folder", "delete", str(home))
        changes = (*(one for one in changes if one.operation != "forget"), removed)
        on_event(str(removed))
    return replace(result, changes=changes, seconds=time.monotonic() - begun)
