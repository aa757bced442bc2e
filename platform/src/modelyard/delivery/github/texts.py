"""Macros (`$(name)`) in the words of GitHub Actions: in a script by environment variable, elsewhere by expression."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from modelyard.delivery.expressions.texts import MACRO

FOLDERS: Mapping[str, str] = {
    "pipeline.workspace": "",
    "agent.tempdirectory": "/temp",
    "build.artifactstagingdirectory": "/staging",
    "common.testresultsdirectory": "/tests",
}
"""Predefined folders, below the runner's own temporary folder."""
EXPRESSIONS: Mapping[str, str] = {
    "system.accesstoken": "github.token",
    "agent.os": "runner.os",
    "build.sourceversion": "github.sha",
    "build.buildid": "github.run_id",
}
_WORD = re.compile(rf"(?<!\S)(?!['\"])(\S*{MACRO.pattern}\S*)")


@dataclass(frozen=True, slots=True)
class Words:
    """What macros of one job mean."""

    literal: Mapping[str, str]
    """Variables whose value is known, by name in small letters."""
    matrix: bool
    """Whether the job has a matrix: what is not known otherwise is one of its variables."""

    def script(self, text: str) -> str:
        """A script's text. What comes from outside is an environment variable there, never a part of the script."""
        quoted = _WORD.sub(r'"\1"', text)
        return MACRO.sub(lambda found: self._in_script(found.group(1), found.group(0)), quoted)

    def value(self, text: str) -> str:
        """An input or the value of an environment variable."""
        return MACRO.sub(lambda found: self._in_value(found.group(1), found.group(0)), text)

    def _in_script(self, name: str, whole: str) -> str:
        low = name.lower()
        if low in FOLDERS:
            return f"$RUNNER_TEMP{FOLDERS[low]}"
        if low in self.literal:
            return self.script(self.literal[low])
        return f"${environment_name(name)}" if self.matrix else whole

    def _in_value(self, name: str, whole: str) -> str:
        low = name.lower()
        if low in FOLDERS:
            return f"${{{{ runner.temp }}}}{FOLDERS[low]}"
        if low in EXPRESSIONS:
            return f"${{{{ {EXPRESSIONS[low]} }}}}"
        if low in self.literal:
            return self.value(self.literal[low])
        return f"${{{{ matrix.{name} }}}}" if self.matrix else whole

    def matrix_names(self, text: str) -> set[str]:
        """The matrix variables that a text uses."""
        known = {*FOLDERS, *EXPRESSIONS, *self.literal}
        return {name for name in MACRO.findall(text) if name.lower() not in known} if self.matrix else set()


def environment_name(name: str) -> str:
    """A variable's name in the environment of a step, as Azure Pipelines makes it."""
    return name.upper().replace(".", "_")
