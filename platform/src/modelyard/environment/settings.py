"""What every section of an environment has in common: closed, frozen, strict, and without secrets."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Annotated, TypeAlias

from pydantic import BaseModel, ConfigDict, Field
from pydantic_core import PydanticCustomError

CROSS_FIELD_ERROR = "settings_disagree"
EXAMPLE_MARKS = ("00000000-0000-0000-0000-", "203.0.113.", "@example.com", "example-org", "sha256:00000000")
"""A value that holds one of these is an example and must be replaced before anything is provisioned."""

Guid: TypeAlias = Annotated[
    str,
    Field(
        pattern=r"^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$",
        description="A GUID in lower case, as `az account show` prints it.",
    ),
]
Email: TypeAlias = Annotated[str, Field(pattern=r"^[^@\s]+@[^@\s.]+(\.[^@\s.]+)+$", max_length=254)]
SecretName: TypeAlias = Annotated[
    str,
    Field(
        pattern=r"^[A-Za-z][A-Za-z0-9_-]{0,126}$",
        description="The NAME of a Key Vault secret, or in local of an environment variable. Never the secret itself.",
    ),
]
Cidr: TypeAlias = Annotated[str, Field(pattern=r"^(\d{1,3}\.){3}\d{1,3}/\d{1,2}$")]


class Section(BaseModel):
    """A part of an environment: unknown keys are refused, nothing is converted, nothing changes later."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing that is wrong: where, what was found, what is allowed."""

    key: str
    """Path of the key, with dots, relative to the section that noticed."""
    found: str
    """What the file says."""
    allowed: str
    """What it may say."""


def is_example(value: str) -> bool:
    """Whether a value stands in a file only to show what belongs there."""
    return any(mark in value for mark in EXAMPLE_MARKS)


def refuse(problems: Iterable[Problem]) -> None:
    """Refuse a section for all its problems at once.

    Raises:
        PydanticCustomError: there is at least one problem; pydantic turns it into a ValidationError.
    """
    found = list(problems)
    if found:
        text = "; ".join(f"{problem.key}: found {problem.found}, allowed: {problem.allowed}" for problem in found)
        raise PydanticCustomError(CROSS_FIELD_ERROR, "{text}", {"text": text, "problems": found})
