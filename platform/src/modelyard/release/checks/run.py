"""One run of the API test suite: whom it asks, what it expects, and who may answer."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from modelyard.release.calling import Answer, ModelApi
from modelyard.release.expectation import Expectation, Piece
from modelyard.release.forms import V2_VERSION, Form, document_of
from modelyard.release.request import Request

TOLERANCE = 1e-9
"""How far a prediction may be from the registered model's, absolute and relative."""
OK = 200
_LONGEST = 300


class NotSoError(Exception):
    """A check did not hold; the message is what was found."""


def must(holds: bool, found: object) -> None:  # noqa: FBT001 - reads as a sentence
    """Go on only if it holds.

    Raises:
        NotSoError: It does not.
    """
    if not holds:
        raise NotSoError(str(found)[:_LONGEST])


def is_status(answer: Answer, status: int) -> Answer:
    """The answer, if it has this status.

    Raises:
        NotSoError: It has another one.
    """
    must(answer.status == status, f"status {answer.status}, expected {status}: {answer.body[:200]!r}")
    return answer


@dataclass(frozen=True, slots=True)
class Answerer:
    """A version that may answer."""

    version: str
    digest: str


@dataclass(slots=True, kw_only=True)
class Run:
    """One run. What its checks find and measure is kept here."""

    api: ModelApi
    expected: Expectation
    budget_ms: float
    load_seconds: float
    beside: bool = False
    """Whether a version that is tried beside the expected one may answer where no version is named."""
    seconds: list[float] = field(default_factory=list)
    """What each request of the check under way took."""
    found: str = ""
    """What the check under way has to tell."""
    p50_ms: float | None = None
    p95_ms: float | None = None
    _candidates: dict[str, Answerer] = field(default_factory=dict)

    @property
    def deployed(self) -> Answerer:
        """The expected version."""
        return Answerer(self.expected.version, self.expected.digest)

    @property
    def metadata_path(self) -> str:
        """Where the model is described."""
        return f"/v2/models/{self.expected.model}"

    def get(self, path: str) -> Answer:
        """Ask for a path."""
        return self._timed(self.api.get(path))

    def send(self, request: Request) -> Answer:
        """Send a request."""
        return self._timed(self.api.ask(request))

    def _timed(self, answer: Answer) -> Answer:
        self.seconds.append(answer.seconds)
        return answer

    def ask(self, form: Form, piece: Piece) -> Answer:
        """Ask for the predictions of some rows."""
        return is_status(self.send(self.request(form, piece)), OK)

    def request(self, form: Form, piece: Piece, *, version: str | None = None) -> Request:
        """The request for the predictions of some rows; of the expected version, where the form names one."""
        return form.request(self.expected.signature, piece.rows, version=version or self.expected.version)

    def candidate(self) -> Answerer | None:
        """The version that the metadata names as tried; none where there is none, or none may answer."""
        if not self.beside:
            return None
        rollout = (self.get(self.metadata_path).json() or {}).get("parameters", {}).get("rollout")
        if not rollout:
            return None
        found = Answerer(rollout["version"], rollout["digest"])
        self._candidates[found.version] = found
        return found

    def answerer(self, answer: Answer, *, alone: bool) -> Answerer:
        """Who answered: the expected version, or one that is tried beside it.

        Args:
            answer: What was said.
            alone: No other version than the expected one may have said it.

        Raises:
            NotSoError: Somebody else answered.
        """
        found = Answerer(answer.headers.get("x-model-version", ""), answer.headers.get("x-model-digest", ""))
        if found == self.deployed:
            return found
        if not alone and self.beside:
            known = self._candidates.get(found.version) or self.candidate()
            if found == known:
                return found
        named = (found.version or None, found.digest[:12] or None)
        raise NotSoError(f"version and digest in the headers are {named}")

    def wanted(self, answerer: Answerer, piece: Piece) -> Piece:
        """What an answerer has to say of some rows: the registered model's predictions, or what it says by its name."""
        if answerer == self.deployed:
            return piece
        answer = is_status(self.send(self.request(V2_VERSION, piece, version=answerer.version)), OK)
        said = Answerer(answer.headers.get("x-model-version", ""), answer.headers.get("x-model-digest", ""))
        must(said == answerer, f"version {answerer.version} was asked by its name, {said.version} answered")
        values = self.expected.predictions_in(document_of(answer))
        must(values is not None and len(values) == len(piece.rows), f"version {answerer.version} gave {values!r:.80}")
        return Piece(piece.rows, values or (), piece.start)

    def held_against(self, form: Form, answer: Answer, piece: Piece) -> float:
        """Hold the answer to a request in a form against what its answerer has to say; the largest difference.

        Raises:
            NotSoError: Another version answered, or with other predictions.
        """
        answerer = self.answerer(answer, alone=form.names_version)
        document = document_of(answer)
        self._named(document, answerer)
        return differs_by(self.expected.predictions_in(document), self.wanted(answerer, piece))

    def _named(self, document: Any, answerer: Answerer) -> None:  # noqa: ANN401 - JSON
        """The body names who answered, as the headers do."""
        if "model_name" in document:
            found = (document["model_name"], document["model_version"], document["parameters"]["model_digest"])
        else:
            found = tuple(document["model"][key] for key in ("name", "version", "digest"))
        must(found == (self.expected.model, answerer.version, answerer.digest), f"the body says {found} answered")


def differs_by(found: list[float] | None, piece: Piece) -> float:
    """The largest difference between what was found and what was wanted, relative where numbers are large.

    Raises:
        NotSoError: It is larger than the tolerance, or there is not one prediction a row.
    """
    wanted = piece.predictions
    must(found is not None and len(found) == len(wanted), f"predictions {found!r:.120}, expected {len(wanted)} rows")
    largest = 0.0
    for index, (given, right) in enumerate(zip(found or (), wanted, strict=True), start=piece.start):
        apart = abs(given - right) / max(1.0, abs(right))
        # Not `apart > TOLERANCE`: what is not a number is not right either.
        must(apart <= TOLERANCE, f"row {index}: {given!r}, the registered model says {right!r}")
        largest = max(largest, apart)
    return largest
