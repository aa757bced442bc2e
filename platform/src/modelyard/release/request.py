"""A request to a model API, before it is sent."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

JSON = "application/json"
CSV = "text/csv"
OCTETS = "application/octet-stream"
HEADER_LENGTH = "Inference-Header-Content-Length"


@dataclass(frozen=True, slots=True)
class Request:
    """What is sent to a path."""

    path: str
    body: bytes
    headers: Mapping[str, str]
