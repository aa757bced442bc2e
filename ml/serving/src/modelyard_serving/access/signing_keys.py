"""The public keys that tokens are signed with, kept fresh beside the requests.

A file is read again when it changes. An address is asked by a thread of the worker's own: at the start, every 24 hours,
and once more when a token names a key that is not known. What was fetched once stays while the address does not answer.
"""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Mapping
from enum import Enum
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from modelyard_bundle import BundleError
from modelyard_bundle.documents import parse_document, shown
from modelyard_serving.access.caller import Tell
from modelyard_serving.access.fetching import fetch
from modelyard_serving.access.following import Followed
from modelyard_serving.access.key_page import SharedDocument

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey

MAX_AGE_SECONDS = 24 * 3600.0
FORCED_SECONDS = 30.0
"""A key that is not known makes the address be asked again, but not sooner than this after the last time."""
RETRY_SECONDS = 1.0
MOST_RETRY_SECONDS = 300.0
MIN_BITS, MAX_BITS = 2048, 8192
MAX_KEYS = 100


class Missing(Enum):
    """Why there is no key."""

    UNKNOWN = "the keys are fresh, and it is not among them"
    UNCERTAIN = "the keys cannot be had, or are being fetched"


Keys = Mapping[str, "RSAPublicKey"]


class SigningKeys(Protocol):
    """Public keys by their id."""

    @property
    def generation(self) -> int:
        """Grows when the keys change: what was verified before has to be verified again."""

    def look(self) -> None:
        """Read what has changed, without a thread."""

    def start(self, *, wait_seconds: float = 0.0) -> None:
        """Begin to have keys, waiting at most so long for them."""

    def find(self, name: str) -> RSAPublicKey | Missing:
        """The key of this id. Never waits."""

    def close(self) -> None:
        """Stop asking."""


def parse_signing_keys(content: bytes, *, where: str) -> Keys:
    """The usable keys in a JSON Web Key Set: RSA, for signatures, long enough, each with an id of its own.

    Raises:
        BundleError: It is no key set, or has no usable key.
    """
    document = parse_document(content, where=where)
    entries = document.get("keys")
    if not isinstance(entries, list) or len(entries) > MAX_KEYS:
        raise BundleError(f"keys is {shown(entries)}, allowed is a list of at most {MAX_KEYS}", where=where)
    found: dict[str, RSAPublicKey] = {}
    twice: set[str] = set()
    for entry in entries:
        name = entry.get("kid") if isinstance(entry, dict) else None
        key = _public_key(entry) if isinstance(name, str) and name else None
        if key is not None and isinstance(name, str):
            twice |= {name} & found.keys()
            found[name] = key
    # Two keys of one name: nobody can say which of them is meant.
    usable = {name: key for name, key in found.items() if name not in twice}
    if not usable:
        raise BundleError("there is no usable key in it: RSA, use sig, 2048 bits or more, with a kid", where=where)
    return usable


def _public_key(entry: Mapping[str, object]) -> RSAPublicKey | None:
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
    from jwt.algorithms import RSAAlgorithm
    from jwt.exceptions import PyJWTError

    if entry.get("kty") != "RSA" or entry.get("use", "sig") != "sig" or entry.get("alg", "RS256") != "RS256":
        return None
    try:
        key = RSAAlgorithm.from_jwk({part: entry[part] for part in ("kty", "n", "e")})
    except (PyJWTError, KeyError, TypeError, ValueError):
        return None
    return key if isinstance(key, RSAPublicKey) and MIN_BITS <= key.key_size <= MAX_BITS else None


class FileKeys:
    """Keys in a file."""

    def __init__(self, path: Path, *, tell: Tell) -> None:
        self._followed = Followed(path, lambda content: parse_signing_keys(content, where=str(path)), tell=tell)

    @property
    def generation(self) -> int:
        """How often the file has changed."""
        self._followed.get()
        return self._followed.generation

    def look(self) -> None:
        """Read the file again if it has changed."""
        self._followed.get()

    def start(self, *, wait_seconds: float = 0.0) -> None:
        """They are there already."""

    def find(self, name: str) -> RSAPublicKey | Missing:
        """The key of this id."""
        return self._followed.get().get(name, Missing.UNKNOWN)

    def close(self) -> None:
        """Nothing runs."""


class FetchedKeys:
    """Keys from an address. The thread begins with the first use, so that a fork before it loses nothing.

    What one worker has fetched, the workers that are forked later begin with.
    """

    def __init__(
        self,
        url: str,
        *,
        tell: Tell,
        max_age_seconds: float = MAX_AGE_SECONDS,
        forced_seconds: float = FORCED_SECONDS,
        retry_seconds: float = RETRY_SECONDS,
    ) -> None:
        self._url = url
        self._tell = tell
        self._max_age = max_age_seconds
        self._forced = forced_seconds
        self._retry = retry_seconds
        self._shared = SharedDocument()
        self._keys: Keys | None = None
        self._generation = 0
        self._process = 0
        self._failures = 0
        self._asked = 0.0
        """When the address was asked last, on the monotonic clock."""
        self._wake = self._tried = threading.Event()
        self._thread: threading.Thread | None = None
        self._closing = self._asking = False

    @property
    def generation(self) -> int:
        """How often the keys have changed."""
        self._run()
        return self._generation

    def look(self) -> None:
        """Nothing: asking needs a thread, and threads do not survive a fork."""

    def start(self, *, wait_seconds: float = 0.0) -> None:
        """Begin to ask, and wait for the first answer at most so long."""
        self._run()
        self._tried.wait(wait_seconds)

    def find(self, name: str) -> RSAPublicKey | Missing:
        """The key of this id; asks the address again, once in a while, for one that is not known."""
        self._run()
        keys = self._keys
        if keys is None:
            return Missing.UNCERTAIN
        key = keys.get(name)
        if key is not None:
            return key
        if not self._wake.is_set() and time.monotonic() - self._asked >= self._forced:
            self._wake.set()
        # While it is being asked, and while it does not answer, nobody can say whether there is such a key.
        is_certain = not (self._wake.is_set() or self._asking or self._failures)
        return Missing.UNKNOWN if is_certain else Missing.UNCERTAIN

    def close(self) -> None:
        """Stop asking."""
        self._closing = True
        self._wake.set()
        if self._thread is not None and self._process == os.getpid():
            self._thread.join(1.0)

    def _run(self) -> None:
        if self._process == os.getpid():
            return
        # Made here: after a fork, what another thread of the parent held then would be held for ever.
        self._process = os.getpid()
        self._wake, self._tried = threading.Event(), threading.Event()
        self._wake.set()
        if (known := self._shared.read()) is not None:
            self._take(known)
            self._tried.set()
        self._thread = threading.Thread(target=self._stay_fresh, name="signing-keys", daemon=True)
        self._thread.start()

    def _stay_fresh(self) -> None:
        while not self._closing:
            self._asking = True
            self._ask()
            self._asking = False
            self._wake.clear()
            self._tried.set()
            # Asked after the line that clears: whoever closes sets both, so one of the two is seen.
            if not self._closing:
                self._wake.wait(self._pause())

    def _ask(self) -> None:
        self._asked = time.monotonic()
        try:
            content = fetch(self._url)
            self._take(content)
        except (OSError, BundleError) as error:
            self._failures += 1
            self._tell("signing_keys_failed", url=self._url, reason=str(error), known=len(self._keys or ()))
            return
        self._failures = 0
        self._shared.write(content)

    def _take(self, content: bytes) -> None:
        keys = parse_signing_keys(content, where=self._url)
        if self._keys is None or _differ(self._keys, keys):
            self._keys = keys
            self._generation += 1
            self._tell("signing_keys_fetched", url=self._url, keys=len(keys))

    def _pause(self) -> float:
        if not self._failures:
            return self._max_age
        return float(min(self._retry * 2.0 ** min(self._failures - 1, 20), MOST_RETRY_SECONDS))


def _differ(old: Keys, new: Keys) -> bool:
    return old.keys() != new.keys() or any(old[name] != key for name, key in new.items())
