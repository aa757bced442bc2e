"""Removes what rehearsals left: runs and caches, and the yards where that is wanted."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from pathlib import Path

from modelyard.delivery.rehearsing.runs import Runs
from modelyard.delivery.rehearsing.yards import YardKeeper, yards_in


@dataclass(frozen=True, slots=True)
class Removed:
    """What was removed."""

    runs: tuple[int, ...]
    yards: tuple[str, ...]
    problems: tuple[str, ...]

    def to_json(self) -> dict[str, object]:
        """Plain values."""
        return {"runs": list(self.runs), "yards": list(self.yards), "problems": list(self.problems)}

    def text(self) -> str:
        """The same for people."""
        said = [f"removed {len(self.runs)} rehearsals"]
        return ", ".join([*said, f"yards {', '.join(self.yards)}"] if self.yards else said)


def clean(home: Path, keeper: YardKeeper, *, checkout: Path, forget: bool) -> Removed:
    """Removes every run that is not under way; with `forget` also the yards.

    Services of yards are stopped first: what they run lies in the checkouts of runs. Where that fails, all stays.

    Raises:
        StackBusyError: a rehearsal uses the yards.
    """
    runs = Runs(home)
    with runs.yards_held():
        yards = yards_in(runs.yards)
        problems = tuple(filter(None, [keeper.down(yard, checkout=checkout) for yard in yards]))
        if problems:
            return Removed((), (), problems)
        forgotten = yards if forget else []
        for yard in forgotten:
            shutil.rmtree(yard)
        return Removed(tuple(runs.clean()), tuple(yard.name for yard in forgotten), ())
