"""Files that a module writes and a test holds to what it says: a schema, tables in the documents."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from modelyard.errors import InvalidSettingsError, ModelyardError, exit_code_of


@dataclass(frozen=True, slots=True, kw_only=True)
class GeneratedFile:
    """A file, and what it has to say."""

    file: Path
    text: str
    what: str
    """What it holds: `schema`, `table`."""
    source: str
    """Who says so: `the typed model says`."""
    module: str
    """What writes it: `python -m MODULE`."""

    def check(self) -> None:
        """Refuse a file that says something else.

        Raises:
            InvalidSettingsError: the file is missing or stale.
        """
        found = self.file.read_text(encoding="utf-8") if self.file.is_file() else ""
        if found != self.text:
            raise InvalidSettingsError(
                f"{self.file}: found {f'an old {self.what}' if found else 'no file'}; allowed: what {self.source}",
                hint=f"write it with: python -m {self.module}",
            )


def write_or_check(arguments: Sequence[str], generate: Callable[[], GeneratedFile]) -> int:
    """Write the file, or with --check only compare it; the exit code is 3 when it is stale."""
    try:
        generated = generate()
        if list(arguments) == ["--check"]:
            generated.check()
        else:
            generated.file.write_text(generated.text, encoding="utf-8")
    except ModelyardError as error:
        sys.stderr.write(f"{error.message}\n{error.hint}\n")
        return exit_code_of(error)
    return 0
