"""Secrets are shown as `***`, in whatever form a step prints them."""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Iterable, Iterator
from typing import Any
from urllib.parse import quote

SHOWN = "***"
Json = Any


class Mask:
    """What must not be shown. It grows as steps set secrets."""

    def __init__(self, secrets: Iterable[str] = ()) -> None:
        self._forms: set[str] = set()
        self._pattern: re.Pattern[str] | None = None
        for secret in secrets:
            self.add(secret)

    def add(self, secret: str) -> None:
        """Hides a value from now on: as a whole, line by line, and as URLs, JSON and basic authentication carry it."""
        more = {form for form in _forms(secret) if form.strip()} - self._forms
        if more:
            self._forms |= more
            longest_first = sorted(self._forms, key=len, reverse=True)
            self._pattern = re.compile("|".join(map(re.escape, longest_first)))

    def __call__(self, text: str) -> str:
        """The text with every secret in it replaced."""
        return text if self._pattern is None else self._pattern.sub(SHOWN, text)

    def plain(self, value: Json) -> Json:
        """The same for every string in a tree of plain values. Keys are names that the code gave, and stay."""
        if isinstance(value, str):
            return self(value)
        if isinstance(value, dict):
            return {key: self.plain(part) for key, part in value.items()}
        if isinstance(value, list | tuple):
            return [self.plain(part) for part in value]
        return value


def _forms(secret: str) -> Iterator[str]:
    for text in (secret, *secret.splitlines()):
        stripped = text.strip("\r\n")
        yield stripped
        yield quote(stripped, safe="")
        yield json.dumps(stripped)[1:-1]
    for text in (secret, f":{secret}"):
        yield base64.b64encode(text.encode()).decode()
