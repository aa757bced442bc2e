"""The shapes of the tables' rows.

In every row, `kind` is a kind of the catalogue, a path leads into its properties (see `paths`), and `source` says where
Azure or its users tell of the rule. Messages are templates (see `templates`).
"""

from __future__ import annotations

from dataclasses import dataclass

BAD_REQUEST, NOT_FOUND, CONFLICT = 400, 404, 409


@dataclass(frozen=True, slots=True)
class Refusal:
    """How Azure says no."""

    status: int
    code: str
    message: str


@dataclass(frozen=True, slots=True)
class WorldwideName:
    """A name that only one resource in all of Azure can have."""

    kind: str
    answer: Refusal
    source: str


@dataclass(frozen=True, slots=True)
class SoftDelete:
    """A deleted resource keeps its name for a while."""

    kind: str
    days: str
    """Path of the number of days."""
    protected: str
    """Path of the switch that forbids to purge it earlier."""
    recover: tuple[str, str]
    """Path and value with which a creation brings it back."""
    answer: Refusal
    source: str


@dataclass(frozen=True, slots=True)
class Reference:
    """A path that holds the id of something that must exist."""

    kind: str
    path: str
    target: str
    """The target's ARM type, or nothing where any will do."""
    answer: Refusal
    source: str


@dataclass(frozen=True, slots=True)
class Subnet:
    """What a service demands of the subnet that it is put into."""

    kind: str
    path: str
    """Of the subnet's id."""
    delegated_to: str
    """The service that the subnet must be delegated to; nothing: to none."""
    longest_prefix: int
    """The smallest range that is large enough, as its prefix length."""
    undelegated: Refusal
    too_small: Refusal
    source: str


@dataclass(frozen=True, slots=True)
class InUse:
    """A resource that cannot be deleted while another one uses it."""

    target: str
    """Kind of what is used."""
    user: str
    """Kind of who uses it."""
    path: str
    """Where the user names it; nothing: the user lies in it."""
    answer: Refusal
    source: str


@dataclass(frozen=True, slots=True)
class GroupIds:
    """The parts of a service that private endpoints can be made for."""

    target: str
    """ARM type."""
    allowed: tuple[str, ...]
    answer: Refusal
    source: str


@dataclass(frozen=True, slots=True)
class Fixed:
    """A property that cannot change once it is set."""

    kind: str
    path: str
    answer: Refusal
    source: str
    unless: tuple[tuple[object, object], ...] = ()
    """Changes from one value to another that Azure does make."""
    only_from: tuple[object, ...] = ()
    """It is fixed only at these values."""
    may_grow: bool = False
    """Numbers may become larger."""


@dataclass(frozen=True, slots=True)
class Kept:
    """A property that a PUT without it leaves as it is."""

    kind: str
    path: str
    source: str


@dataclass(frozen=True, slots=True)
class Unique:
    """Values that no two resources of a kind can have together."""

    kind: str
    paths: tuple[str, ...]
    answer: Refusal
    source: str
    below_parent: bool = False
    """Only those in one parent, or on one scope, are compared."""


@dataclass(frozen=True, slots=True)
class Needs:
    """A setting that is refused unless another one, here or elsewhere, has a certain value."""

    kind: str
    path: str
    when: tuple[object, ...]
    """Values to which this applies; none: any value that is not empty."""
    of: str
    """Whose other setting: `self`, `parent`, or the path here of an id."""
    other: str
    allowed: tuple[object, ...]
    answer: Refusal
    source: str
    of_type: str = ""
    """ARM type that the other resource must have for this to apply; nothing: any."""


@dataclass(frozen=True, slots=True)
class Busy:
    """While an operation is under way on one of these, Azure refuses to begin another one."""

    kind: str
    others: tuple[str, ...]
    """Kinds whose operations in the same parent are in the way; the parent's own always are."""
    answer: Refusal
    source: str


@dataclass(frozen=True, slots=True)
class Quota:
    """How many there may be in one subscription and region, or in one parent."""

    kind: str
    limit: int
    answer: Refusal
    source: str
    below_parent: bool = False


@dataclass(frozen=True, slots=True)
class Computed:
    """What Azure adds to an answer."""

    kind: str
    path: str
    value: object
    """A template if it is a text."""
    source: str
    needs: str = ""
    """Added only where this path holds something."""


@dataclass(frozen=True, slots=True)
class Singleton:
    """A resource that exists with its parent, and cannot be deleted: deleting it resets it."""

    kind: str
    name: str
    """The only name; nothing: any, each of which exists."""
    source: str


@dataclass(frozen=True, slots=True)
class Slow:
    """How long Azure usually takes."""

    kind: str
    seconds: float
    source: str


@dataclass(frozen=True, slots=True)
class MadeGroup:
    """A resource group that a service makes for itself, and takes away again."""

    kind: str
    path: str
    """Of the group's id."""
    answer: Refusal
    source: str


@dataclass(frozen=True, slots=True)
class Sizes:
    """CPUs and memory that containers may add up to."""

    kind: str
    containers: str
    """Path of the containers."""
    allowed: tuple[tuple[float, float], ...]
    """CPUs, and memory in GiB."""
    answer: Refusal
    source: str
