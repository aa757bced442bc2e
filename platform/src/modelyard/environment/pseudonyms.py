"""The key with which personal values are hashed on their way into CLEAN.

One for each environment and never in a file that people write. Where the variable is set (in Azure from Key Vault), it
is the key; else one is drawn at random, once, and lies beside the data that was hashed with it.
"""

from __future__ import annotations

import os
import secrets
from pathlib import Path

KEY_VARIABLE = "MODELYARD_PSEUDONYM_KEY"
KEY_BYTES = 32


def pseudonym_key(folder: Path) -> str:
    """The key of the environment whose data lies in `folder`; hexadecimal where it was drawn here.

    Losing the key means that new hashes no longer match stored ones, so it is removed with the data and not before.
    """
    given = os.environ.get(KEY_VARIABLE)
    if given:
        return given
    file = folder / "pseudonym.key"
    if not file.exists():
        _draw(file)
    return file.read_text(encoding="ascii")


def _draw(file: Path) -> None:
    """Puts a new key into `file`. A link to a finished file either is made or exists: two processes agree on one."""
    draft = file.with_name(f".{file.name}.{secrets.token_hex(8)}")
    handle = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "w", encoding="ascii") as stream:
        stream.write(secrets.token_hex(KEY_BYTES))
        stream.flush()
        os.fsync(stream.fileno())
    try:
        os.link(draft, file)
    except FileExistsError:
        pass
    finally:
        draft.unlink()
