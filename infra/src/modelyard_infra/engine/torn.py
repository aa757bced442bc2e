"""What an engine leaves half-written when it is killed: the notes beside the files of its backend.

Pulumi's file backend keeps a small note beside each file (gocloud.dev's fileblob, `NAME.attrs`). The file itself is
written aside and put in place in one step; the note is not, so a killed engine can leave an empty one, and then no CLI
can read the file any more. Without a note the file is read as it is.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

from modelyard.environment.stack_outputs import PROJECT
from modelyard_infra.engine.homes import StackHome
from modelyard_infra.engine.locks import locks_of


def remove_torn(home: StackHome, stack: str) -> int:
    """Removes unreadable notes and drafts that nobody finished; returns how many there were.

    Nothing is touched while an engine works on the stack, and nothing in a backend elsewhere.
    """
    if home.folder is None or locks_of(home, stack):
        return 0
    torn = list(_torn(home.folder / ".pulumi", stack))
    for file in torn:
        file.unlink(missing_ok=True)
    return len(torn)


def _torn(backend: Path, stack: str) -> Iterator[Path]:
    stacks = backend / "stacks" / PROJECT
    yield from stacks.glob(f"{stack}.json.*.tmp")
    notes = [*stacks.glob(f"{stack}.json*.attrs"), *backend.glob(f"locks/organization/{PROJECT}/{stack}/*.attrs")]
    yield from (note for note in notes if not _is_readable(note))


def _is_readable(note: Path) -> bool:
    try:
        json.loads(note.read_bytes())
    except FileNotFoundError:
        return True
    except ValueError:
        return False
    return True
