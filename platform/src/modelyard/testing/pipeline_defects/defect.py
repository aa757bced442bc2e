"""One mistake, as an edit of the correct pipeline."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

STAGES = "pipelines/azure/stages"
STEPS = "pipelines/azure/steps"


@dataclass(frozen=True, slots=True, kw_only=True)
class Defect:
    """What somebody did wrong, and what must find it."""

    name: str
    """As a sentence."""
    rule: str
    """Id of the rule that is meant to find it."""
    file: str
    """Which file is edited, from the root."""
    old: str
    """What stands there once; empty to put `new` at the end."""
    new: str
    at: str
    """Part of the line that the finding must name; the first one that has it."""
    found_in: str = ""
    """Another file, where the finding stands; empty for the edited one."""

    def put_into(self, root: Path) -> None:
        """Makes the mistake.

        Raises:
            ValueError: the correct pipeline does not have that text exactly once.
        """
        path = root / self.file
        text = path.read_text(encoding="utf-8") if path.is_file() else ""
        if not self.old:
            path.write_text(text + self.new, encoding="utf-8")
            return
        if text.count(self.old) != 1:
            raise ValueError(f"{self.name}: {self.file} has {text.count(self.old)} times {self.old!r}")
        path.write_text(text.replace(self.old, self.new), encoding="utf-8")

    def line(self, root: Path) -> int:
        """The line that must be named, once the mistake is made."""
        lines = (root / (self.found_in or self.file)).read_text(encoding="utf-8").splitlines()
        return next(number for number, line in enumerate(lines, 1) if self.at in line)
