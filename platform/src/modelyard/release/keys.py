"""API keys of the model API: issued, listed, revoked. Only hashes are kept; a key itself is seen once.

The model API reads the list again when it changes, so a key works, and a revoked one ends, within about a second of the
list being where it reads it.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import os
import secrets
import string
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Literal

from filelock import FileLock, Timeout
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, ValidationError

from modelyard.environment.access_settings import DOCUMENT, LIST, PEPPER, access_document, access_folder
from modelyard.environment.models import Environment
from modelyard.environment.workspace import Workspace
from modelyard.errors import ConfigurationError, ReleaseBusyError
from modelyard_bundle.atomic import write_atomically

FORMAT = 1
VALID_AT_ONCE = 2
"""Keys of one client: the one in use, and the one that follows it."""
MIN_PEPPER_BYTES = 32
CLIENT_FORM = r"^[a-z0-9](-?[a-z0-9]){0,62}$"
Role = Literal["predict", "explain", "read", "metrics"]
_ID_LETTERS = string.ascii_lowercase + string.digits
_ID_LENGTH = 12
_SECRET_BYTES = 32
_LOCK_SECONDS = 5.0


class ApiKey(BaseModel):
    """What is kept of a key."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    id: str = Field(pattern=r"^[a-z0-9]{12}$")
    """The part of the key before the point; no secret."""
    client: str = Field(pattern=CLIENT_FORM)
    """Who holds it."""
    hash: str = Field(pattern=r"^[0-9a-f]{64}$")
    """HMAC-SHA-256 of the key under the pepper."""
    roles: tuple[Role, ...] = Field(min_length=1)
    """What it allows."""
    models: tuple[str, ...] | None
    """The models it is for; null for all."""
    created: AwareDatetime
    """When it was issued."""
    expires: AwareDatetime
    """When it ends."""

    def is_valid(self, now: datetime) -> bool:
        """Whether it has not expired."""
        return now < self.expires


class _KeyList(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    format: Literal[1]
    keys: tuple[ApiKey, ...]


@dataclass(frozen=True, slots=True)
class Issued:
    """A new key."""

    key: str
    """The key itself: a secret, kept nowhere."""
    kept: ApiKey
    """What is kept of it."""


@dataclass(frozen=True, slots=True)
class KeyRing:
    """The keys of one environment.

    Args:
        list_file: The list of hashes. It need not exist.
        pepper_file: What keys are hashed with: a secret.
    """

    list_file: Path
    pepper_file: Path

    @classmethod
    def of(cls, workspace: Workspace, environment: str) -> KeyRing:
        """The keys that this machine keeps for an environment."""
        folder = access_folder(workspace, environment)
        return cls(folder / LIST, folder / PEPPER)

    def listed(self) -> tuple[ApiKey, ...]:
        """All keys of the list, expired ones as well.

        Raises:
            ConfigurationError: The list is damaged.
        """
        try:
            content = self.list_file.read_bytes()
        except FileNotFoundError:
            return ()
        try:
            return _KeyList.model_validate_json(content).keys
        except ValidationError as error:
            first = error.errors(include_url=False)[0]
            where = ".".join(map(str, first["loc"]))
            raise ConfigurationError(
                f"{self.list_file}: {where or 'the list'}: {first['msg']}",
                hint="put back a list that was whole; until then the model API goes on with the one it has read",
            ) from error

    def issue(
        self,
        client: str,
        *,
        roles: Sequence[Role],
        lifetime: timedelta,
        now: datetime,
        models: Sequence[str] | None = None,
    ) -> Issued:
        """Make a key and add it to the list.

        Args:
            client: Who will hold it: lower-case letters, digits and hyphens.
            roles: What it allows.
            lifetime: How long it is valid.
            now: With its offset.
            models: The models it is for; all if none are named.

        Raises:
            ConfigurationError: The client has two valid keys, a name is not allowed, or there is no pepper.
            ReleaseBusyError: The list is being changed by somebody else.
        """
        name = "".join(secrets.choice(_ID_LETTERS) for _ in range(_ID_LENGTH))
        key = f"{name}.{secrets.token_urlsafe(_SECRET_BYTES)}"
        try:
            kept = ApiKey(
                id=name,
                client=client,
                hash=hmac.new(self._pepper(), key.encode(), hashlib.sha256).hexdigest(),
                roles=tuple(dict.fromkeys(roles)),
                models=tuple(models) if models else None,
                created=now.replace(microsecond=0),
                expires=now.replace(microsecond=0) + lifetime,
            )
        except ValidationError as error:
            first = error.errors(include_url=False)[0]
            what = f"{first['loc'][0]} is {first['input']!r}"
            raise ConfigurationError(f"no key was issued: {what}: {first['msg']}") from error
        with self._changing():
            keys = self.listed()
            valid = [one.id for one in keys if one.client == client and one.is_valid(now)]
            if len(valid) >= VALID_AT_ONCE:
                raise ConfigurationError(
                    f"{client} has {len(valid)} valid keys already ({', '.join(valid)}); allowed are {VALID_AT_ONCE}",
                    hint=f"end the one that is not used any more: modelyard serve keys revoke {valid[0]}",
                )
            self._write((*keys, kept))
        return Issued(key, kept)

    def revoke(self, name: str) -> ApiKey:
        """Take a key off the list.

        Args:
            name: Its id, or the whole key.

        Raises:
            ConfigurationError: The list has no such key.
            ReleaseBusyError: The list is being changed by somebody else.
        """
        found_name = name.partition(".")[0]
        with self._changing():
            keys = self.listed()
            gone = [one for one in keys if one.id == found_name]
            if not gone:
                raise ConfigurationError(
                    f"{self.list_file} has no key {found_name[:_ID_LENGTH]}", hint="see them: modelyard serve keys list"
                )
            self._write([one for one in keys if one.id != found_name])
        return gone[0]

    def draw_pepper(self) -> bool:
        """Make the secret that keys are hashed with, once; whether it was made now. A list is of no use without it."""
        self._make_folder()
        draft = self.pepper_file.with_name(f".{self.pepper_file.name}.{secrets.token_hex(8)}")
        handle = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(handle, "w", encoding="ascii") as stream:
            stream.write(secrets.token_hex(MIN_PEPPER_BYTES))
            stream.flush()
            os.fsync(stream.fileno())
        try:
            # A link to a finished file either is made or exists: two processes agree on one pepper.
            os.link(draft, self.pepper_file)
        except FileExistsError:
            return False
        finally:
            draft.unlink()
        return True

    def write_empty(self) -> None:
        """Put an empty list where there is none, so that the model API can start and lets nobody in."""
        with self._changing():
            if not self.list_file.exists():
                self._write(())

    def _pepper(self) -> bytes:
        try:
            found = self.pepper_file.read_bytes().strip()
        except FileNotFoundError as error:
            raise ConfigurationError(
                f"{self.pepper_file}: the pepper that keys are hashed with is not there",
                hint="fetch it from the key vault, or draw the first one: modelyard serve keys add … --draw-pepper",
            ) from error
        if len(found) < MIN_PEPPER_BYTES:
            raise ConfigurationError(
                f"{self.pepper_file}: the pepper has {len(found)} bytes, allowed are at least {MIN_PEPPER_BYTES}"
            )
        return found

    def _write(self, keys: Sequence[ApiKey]) -> None:
        document = {"format": FORMAT, "keys": [one.model_dump(mode="json") for one in keys]}
        write_atomically(self.list_file, (json.dumps(document, indent=1) + "\n").encode())

    @contextmanager
    def _changing(self) -> Iterator[None]:
        self._make_folder()
        try:
            with FileLock(f"{self.list_file}.lock", timeout=_LOCK_SECONDS):
                yield
        except Timeout as error:
            raise ReleaseBusyError(f"{self.list_file} is being changed by somebody else", hint="try again") from error

    def _make_folder(self) -> None:
        self.list_file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        self.pepper_file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)


def now_utc() -> datetime:
    """The time, with its offset."""
    return datetime.now(UTC)


def prepare_access(workspace: Workspace, environment: Environment) -> Path | None:
    """Write what the model API is told with `--access` on this machine; nothing where everybody may ask.

    With keys, a pepper and a list are made where there are none.
    """
    access = environment.serving.access
    if access.mode == "off":
        return None
    folder = access_folder(workspace, environment.name)
    if access.mode == "keys":
        ring = KeyRing.of(workspace, environment.name)
        ring.draw_pepper()
        ring.write_empty()
    tenant = None if environment.azure is None else environment.azure.tenant_id
    document = json.dumps(access_document(access, tenant), indent=1) + "\n"
    write_atomically(folder / DOCUMENT, document.encode())
    return folder / DOCUMENT
