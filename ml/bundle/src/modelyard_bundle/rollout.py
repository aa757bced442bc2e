"""A rollout: a candidate beside the deployed version, and how it gets its part of the requests.

Three modes. A canary answers a share of the requests and is taken back when it does worse than its limits allow. A
shadow answers nothing: its predictions are compared with those that were given. In an A/B test every caller gets the
same version each time. The rollout lies in the deployment pointer, and only the platform writes it there.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, Literal

from modelyard_bundle.documents import DIGEST, FEATURE_NAME, VERSION, Fields, render_document, sha256_of, shown
from modelyard_bundle.errors import BundleError

Mode = Literal["canary", "shadow", "ab"]
MODES: tuple[Mode, ...] = ("canary", "shadow", "ab")
KeySource = Literal["header", "feature"]
KEY_SOURCES: tuple[KeySource, ...] = ("header", "feature")
WHOLE = 100.0
MOST_TOLERATED = 0.2
"""The largest share of errors or slow answers that may be tolerated: what is found is three times as much."""
MOST_RISK = 0.5
ID_LENGTH = 16
_WHERE = "rollout"
_TITLES: dict[Mode, str] = {"canary": "canary", "shadow": "shadow", "ab": "A/B test"}
_HEADER = re.compile(r"[a-z0-9][a-z0-9-]{0,63}")
_SALT = re.compile(r"[0-9a-f]{16}")
_TIME = re.compile(r"\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(\.\d{1,6})?\+00:00")
_MOST_REQUESTS = 1_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """The version that is tried."""

    version: str
    digest: str
    """SHA-256 of the version's model.skops."""
    bundle: str
    """The bundle's folder, relative to the root of all bundles."""

    @classmethod
    def from_document(cls, document: object, *, where: str) -> Candidate:
        """The candidate in a parsed document."""
        fields = Fields(document, where=where)
        candidate = cls(
            version=fields.text("version", VERSION),
            digest=fields.text("digest", DIGEST),
            bundle=fields.text("bundle"),
        )
        fields.end()
        return candidate


@dataclass(frozen=True, slots=True, kw_only=True)
class Key:
    """By whose value callers are assigned in an A/B test."""

    source: KeySource
    """header: a request header. feature: a feature of the request's rows, which must be the same in all of them."""
    name: str

    def __post_init__(self) -> None:
        form = _HEADER if self.source == "header" else FEATURE_NAME
        if form.fullmatch(self.name) is None:
            raise BundleError(
                f"name is {shown(self.name)}, allowed for a {self.source} is {form.pattern}", where="rollout.key"
            )

    @classmethod
    def from_document(cls, document: object, *, where: str) -> Key:
        """The key in a parsed document."""
        fields = Fields(document, where=where)
        source: Any = fields.choice("source", KEY_SOURCES)
        key = cls(source=source, name=fields.text("name"))
        fields.end()
        return key


@dataclass(frozen=True, slots=True, kw_only=True)
class RolloutLimits:
    """What the candidate of a canary or an A/B test may do worse than the deployed version, and how sure to be."""

    most_errors: float
    """Share of the requests that it may fail beyond those that the deployed version fails at the same time."""
    latency_ms: float
    """An answer that takes longer is slow."""
    most_slow: float
    """Share of the answers that may be slow beyond those of the deployed version."""
    alpha: float
    """How often a candidate within its limits is taken back, at most, over the whole rollout."""
    beta: float
    """How often a candidate that is three times as bad as allowed passes, at most."""
    least_requests: int
    """No verdict before the candidate answered so many."""

    def __post_init__(self) -> None:
        _as_numbers(self, "most_errors", "latency_ms", "most_slow", "alpha", "beta")
        for name, least, most in (
            ("most_errors", 0.0, MOST_TOLERATED),
            ("latency_ms", 0.0, 600_000.0),
            ("most_slow", 0.0, MOST_TOLERATED),
            ("alpha", 0.0, MOST_RISK),
            ("beta", 0.0, MOST_RISK),
            ("least_requests", 0.0, _MOST_REQUESTS),
        ):
            value = getattr(self, name)
            if not least < value <= most:
                allowed = f"more than {least:g}, at most {most:g}"
                raise BundleError(f"{name} is {shown(value)}, allowed is {allowed}", where="rollout.limits")

    @classmethod
    def from_document(cls, document: object, *, where: str) -> RolloutLimits:
        """The limits in a parsed document."""
        fields = Fields(document, where=where)
        least = fields.take("least_requests")
        if not isinstance(least, int) or isinstance(least, bool):
            raise BundleError(f"least_requests is {shown(least)}, allowed is a whole number", where=where)
        limits = cls(
            most_errors=_number(fields, "most_errors", where),
            latency_ms=_number(fields, "latency_ms", where),
            most_slow=_number(fields, "most_slow", where),
            alpha=_number(fields, "alpha", where),
            beta=_number(fields, "beta", where),
            least_requests=least,
        )
        fields.end()
        return limits


@dataclass(frozen=True, slots=True, kw_only=True)
class Rollout:
    """One candidate, and how it is tried."""

    mode: Mode
    candidate: Candidate
    percent: float
    """canary, ab: share of the requests or callers that the candidate answers, below 100, because the deployed
    version is what it is held against. shadow: share of the requests that it is shown, up to 100."""
    salt: str
    """16 hex digits that make the assignments of this rollout unlike those of any other."""
    started_at: str
    """ISO 8601 in UTC."""
    key: Key | None = None
    """ab only."""
    limits: RolloutLimits | None = None
    """canary, ab."""
    tolerance: float | None = None
    """shadow: predictions differ when they are further apart than this, absolute, and relative above 1."""

    def __post_init__(self) -> None:
        _as_numbers(self, "percent", "tolerance")
        most_holds = self.percent <= WHOLE if self.mode == "shadow" else self.percent < WHOLE
        if not (self.percent > 0 and most_holds):
            allowed = "more than 0, at most 100" if self.mode == "shadow" else "more than 0, less than 100"
            raise BundleError(f"percent is {shown(self.percent)}, allowed is {allowed}", where=_WHERE)
        for name, pattern in (("salt", _SALT), ("started_at", _TIME)):
            value = getattr(self, name)
            if pattern.fullmatch(value) is None:
                raise BundleError(f"{name} is {shown(value)}, allowed is {pattern.pattern}", where=_WHERE)
        if self.tolerance is not None and not self.tolerance >= 0:
            raise BundleError(f"tolerance is {shown(self.tolerance)}, allowed is 0 or more", where=_WHERE)
        self._check_parts()

    def _check_parts(self) -> None:
        wanted = {"key": self.mode == "ab", "limits": self.mode != "shadow", "tolerance": self.mode == "shadow"}
        for name, needed in wanted.items():
            if (getattr(self, name) is not None) != needed:
                found, allowed = ("missing", "given") if needed else ("given", "null")
                raise BundleError(f"{name} is {found}, in mode {self.mode} it must be {allowed}", where=_WHERE)

    @property
    def id(self) -> str:
        """A digest of all that it says, 16 hex digits, so that a verdict belongs to one rollout and no other."""
        return sha256_of(render_document(self.to_document()))[:ID_LENGTH]

    @property
    def title(self) -> str:
        """The rollout in a few words."""
        return f"{_TITLES[self.mode]} of version {self.candidate.version} at {self.percent:g}%"

    @property
    def share(self) -> float:
        """`percent` as a weight from 0 to 1."""
        return self.percent / WHOLE

    def to_document(self) -> dict[str, Any]:
        """The rollout as JSON values."""
        return asdict(self)

    @classmethod
    def from_document(cls, document: object, *, where: str = _WHERE) -> Rollout:
        """The rollout in a parsed document.

        Raises:
            BundleError: A field is missing, unknown or of the wrong form, or does not belong to the mode.
        """
        fields = Fields(document, where=where)
        mode: Any = fields.choice("mode", MODES)
        candidate = Candidate.from_document(fields.take("candidate"), where=f"{where}.candidate")
        key, limits = fields.take("key"), fields.take("limits")
        rollout = cls(
            mode=mode,
            candidate=candidate,
            percent=_number(fields, "percent", where),
            salt=fields.text("salt", _SALT),
            started_at=fields.text("started_at", _TIME),
            key=None if key is None else Key.from_document(key, where=f"{where}.key"),
            limits=None if limits is None else RolloutLimits.from_document(limits, where=f"{where}.limits"),
            tolerance=fields.number("tolerance"),
        )
        fields.end()
        return rollout


def salt_of(parts: Mapping[str, str]) -> str:
    """A salt that follows from what a rollout is about, so that the same beginning gives the same assignments."""
    return sha256_of(render_document(parts))[:ID_LENGTH]


def _number(fields: Fields, key: str, where: str) -> float:
    value = fields.number(key)
    if value is None:
        raise BundleError(f"{key} is null, allowed is a number", where=where)
    return value


def _as_numbers(part: object, *names: str) -> None:
    """A whole number and the same number with a point are one setting, and must have one digest."""
    for name in names:
        if (value := getattr(part, name)) is not None:
            object.__setattr__(part, name, float(value))
