"""Strict reading of the small JSON documents in a bundle, and their digests."""

from __future__ import annotations

import hashlib
import json
import math
import re
from collections.abc import Mapping
from typing import Any

from modelyard_bundle.errors import BundleError

DIGEST = re.compile(r"[0-9a-f]{64}")
MODEL_NAME = re.compile(r"[a-z][a-z0-9_]{0,62}")
VERSION = re.compile(r"[0-9A-Za-z][0-9A-Za-z._-]{0,31}")
FEATURE_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,127}")
_SHOWN = 60


def sha256_of(content: bytes) -> str:
    """The SHA-256 digest of `content` in hexadecimal."""
    return hashlib.sha256(content).hexdigest()


def shown(value: object) -> str:
    """`value` as an error message quotes it: never longer than a line."""
    text = repr(value)
    return text if len(text) <= _SHOWN else f"{text[: _SHOWN - 1]}…"


def parse_document(content: bytes, *, where: str) -> dict[str, Any]:
    """The JSON object in `content`.

    Raises:
        BundleError: It is not UTF-8, not JSON, not an object, or it names a key twice, a number that is not finite or
            text that is none.
    """

    def unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        found = dict(pairs)
        if len(found) != len(pairs):
            keys = [key for key, _ in pairs]
            twice = sorted({key for key in keys if keys.count(key) > 1})
            raise BundleError(f"key {', '.join(map(shown, twice))} appears twice", where=where)
        return found

    def refuse(literal: str) -> float:
        raise BundleError(f"{literal} is not a JSON number", where=where)

    def finite(literal: str) -> float:
        value = float(literal)
        return value if math.isfinite(value) else refuse(shown(literal))

    try:
        document = json.loads(
            content.decode("utf-8"), object_pairs_hook=unique, parse_constant=refuse, parse_float=finite
        )
        if b"\\u" in content:
            # Half a character (a lone surrogate) can be escaped, but nobody could write it out again.
            json.dumps(document, ensure_ascii=False).encode("utf-8")
    except BundleError:
        raise
    except (ValueError, RecursionError) as error:
        raise BundleError(f"not a JSON document: {error}", where=where) from error
    if not isinstance(document, dict):
        raise BundleError(f"expected a JSON object, found {type(document).__name__}", where=where)
    return document


def render_document(document: Mapping[str, Any]) -> bytes:
    """`document` as the bytes that are stored: sorted keys, so that equal documents have equal digests."""
    return (json.dumps(document, indent=1, sort_keys=True, ensure_ascii=False, allow_nan=False) + "\n").encode()


class Fields:
    """Takes the fields of one JSON object out, each with its type checked, and refuses what is left over."""

    def __init__(self, document: object, *, where: str) -> None:
        if not isinstance(document, dict):
            raise BundleError(f"expected a JSON object, found {shown(document)}", where=where)
        self._left: dict[str, Any] = dict(document)
        self._where = where

    def take(self, key: str) -> Any:  # noqa: ANN401 - the caller checks what it is
        """The value of `key`, which must be there."""
        if key not in self._left:
            raise BundleError(f"{key} is missing", where=self._where)
        return self._left.pop(key)

    def text(self, key: str, pattern: re.Pattern[str] | None = None) -> str:
        """A string, of the form `pattern` where one is given."""
        value = self.take(key)
        if not isinstance(value, str) or (pattern is not None and pattern.fullmatch(value) is None):
            allowed = f"text of the form {pattern.pattern}" if pattern else "text"
            raise BundleError(f"{key} is {shown(value)}, allowed is {allowed}", where=self._where)
        return value

    def choice(self, key: str, allowed: tuple[str, ...]) -> str:
        """One of the strings in `allowed`."""
        value = self.take(key)
        if value not in allowed or not isinstance(value, str):
            raise BundleError(f"{key} is {shown(value)}, allowed is one of {', '.join(allowed)}", where=self._where)
        return value

    def flag(self, key: str) -> bool:
        """True or false."""
        value = self.take(key)
        if not isinstance(value, bool):
            raise BundleError(f"{key} is {shown(value)}, allowed is true or false", where=self._where)
        return value

    def number(self, key: str) -> float | None:
        """A finite number, or nothing."""
        value = self.take(key)
        if value is None:
            return None
        if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
            raise BundleError(f"{key} is {shown(value)}, allowed is a number or null", where=self._where)
        return value

    def texts(self, key: str) -> tuple[str, ...]:
        """A list of strings."""
        value = self.take(key)
        if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
            raise BundleError(f"{key} is {shown(value)}, allowed is a list of texts", where=self._where)
        return tuple(value)

    def mapping(self, key: str, kind: type) -> dict[str, Any]:
        """An object whose values are all of the type `kind`."""
        value = self.take(key)
        if not isinstance(value, dict) or not all(type(item) is kind for item in value.values()):
            raise BundleError(f"{key} is {shown(value)}, allowed is an object of {kind.__name__}", where=self._where)
        return value

    def end(self) -> None:
        """Refuse every field that nobody took."""
        if self._left:
            raise BundleError(f"unknown field {', '.join(map(shown, sorted(self._left)))}", where=self._where)
