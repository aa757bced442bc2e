"""Finds secrets that somebody wrote into a settings file, where only names of secrets may stand."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from modelyard.environment.document import KeyPath

SECRET_SHAPES = (
    r"(?i)(account|shared ?access|access|api|client)_?(key|secret)\s*[=:]",
    r"(?i)(password|pwd|passwd|secret|token)\s*[=:]",
    r"(?i)[?&;](sig|code|token|key|secret)=",
    r"-----BEGIN [A-Z ]*PRIVATE KEY",
    r"://[^/\s:@]+:[^/\s@]+@",
    r"\beyJ[\w-]{10,}\.[\w-]{10,}\.",
    r"\b[A-Za-z0-9+/]{86}==",
    r"\b[\w~.-]{3}8Q~[\w~.-]{34}",
    r"\b(ghp|gho|ghs|github_pat|glpat|xox[abp]|dapi)[_-]?[A-Za-z0-9_-]{20,}",
    r"(?i)https?://[^\s]*(webhook|logic\.azure\.com|powerplatform\.com)",
    r"\b[a-z2-7]{52}\b",
)
"""Connection strings, keys, signatures, tokens, private keys, Teams addresses, Azure DevOps access tokens."""

SHAPES = tuple(re.compile(shape) for shape in SECRET_SHAPES)


def looks_like_a_secret(text: str) -> bool:
    """Whether a text has the shape of a key, token, password or signed address."""
    return any(shape.search(text) for shape in SHAPES)


def secrets_in(values: object, path: KeyPath = ()) -> Iterator[KeyPath]:
    """Paths of all texts that look like secrets."""
    if isinstance(values, Mapping):
        for key, value in values.items():
            yield from secrets_in(value, (*path, key))
    elif isinstance(values, list):
        for place, value in enumerate(values):
            yield from secrets_in(value, (*path, place))
    elif isinstance(values, str) and looks_like_a_secret(values):
        yield path
