"""One comment on a pull request, and the same one again the next time: found by a mark that readers do not see.

Source: REST reference, "Git - Pull Request Threads" and "Pull Request Thread Comments" 7.1; GitHub Docs,
"Issue comments".
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any, Literal, Protocol

from modelyard.delivery.azure_devops.rest.addresses import part
from modelyard.delivery.azure_devops.rest.client import DevOps
from modelyard.delivery.azure_devops.rest.github import GitHub
from modelyard.errors import ServiceUnavailableError

Json = Any
Outcome = Literal["made", "changed", "as before"]
AZURE_LIMIT = 100_000
GITHUB_LIMIT = 65_536
"""Characters. Azure DevOps takes somewhat more; nobody reads them."""
TRIES = 3
FENCE = "```"
ROOM_FOR_NOTE = 200


@dataclass(frozen=True, slots=True)
class Found:
    """A comment that is there."""

    place: tuple[str, ...]
    """Ids that lead to it."""
    text: str


class Board(Protocol):
    """Where comments go."""

    limit: int
    """Characters that a comment may have."""

    def find(self, mark: str) -> Found | None:
        """The comment that begins with a mark."""
        ...

    def add(self, text: str) -> None:
        """Make a comment."""
        ...

    def change(self, found: Found, text: str) -> None:
        """Change a comment."""
        ...


def mark_of(title: str) -> str:
    """What a comment of this title begins with; no browser shows it."""
    slug = re.sub(r"[^a-z0-9]+", "-", title.lower()).strip("-")
    return f"<!-- modelyard:{slug} -->"


def put_comment(board: Board, title: str, text: str) -> Outcome:
    """Make the comment of this title say this.

    A lost answer makes no second comment: before the next try the first one is looked for.

    Raises:
        ExternalServiceError: the service said no.
    """
    mark = mark_of(title)
    body = fitted(f"{mark}\n## {title}\n\n{text.strip()}\n", board.limit)
    outcome: Outcome = "as before"
    for attempt in range(1, TRIES + 1):
        found = board.find(mark)
        if found is not None and found.text.strip() == body.strip():
            return outcome
        try:
            if found is None:
                outcome = "made"
                board.add(body)
            else:
                outcome = "changed" if outcome == "as before" else outcome
                board.change(found, body)
        except ServiceUnavailableError:
            if attempt == TRIES:
                raise
        else:
            return outcome
    raise AssertionError("the loop ends with a comment or an error")


def fitted(text: str, limit: int) -> str:
    """The text, cut at the end of a line if it is too long, with a note that says so."""
    if len(text) <= limit:
        return text
    kept = text[: limit - ROOM_FOR_NOTE].rpartition("\n")[0] or text[: limit - ROOM_FOR_NOTE]
    closing = f"\n{FENCE}" if kept.count(FENCE) % 2 else ""
    closing += "\n</details>" * max(kept.count("<details>") - kept.count("</details>"), 0)
    return (
        f"{kept}{closing}\n\n… cut: {len(text) - len(kept):,} more characters; the run's log and artifacts have them.\n"
    )


class AzureBoard:
    """A pull request in Azure Repos. The thread is closed from the start: nobody has to resolve it before a merge."""

    limit = AZURE_LIMIT

    def __init__(self, service: DevOps, *, repository: str, pull_request: str) -> None:
        self._service = service
        self._route = f"git/repositories/{part(repository)}/pullRequests/{part(pull_request)}/threads"

    def find(self, mark: str) -> Found | None:
        """The first comment of a thread, if it begins with the mark."""
        for thread in self._service.every(self._route):
            first: Json = next(iter(thread.get("comments") or ()), {})
            gone = thread.get("isDeleted") or first.get("isDeleted")
            if not gone and str(first.get("content") or "").startswith(mark):
                return Found((str(thread["id"]), str(first["id"])), first["content"])
        return None

    def add(self, text: str) -> None:
        """Begin a thread."""
        comment = {"parentCommentId": 0, "content": text, "commentType": "text"}
        self._service.write("POST", self._route, {"comments": [comment], "status": "closed"})

    def change(self, found: Found, text: str) -> None:
        """Change the thread's first comment."""
        thread, comment = found.place
        self._service.write("PATCH", f"{self._route}/{thread}/comments/{comment}", {"content": text})


class GitHubBoard:
    """A pull request on GitHub."""

    limit = GITHUB_LIMIT

    def __init__(self, service: GitHub, *, pull_request: str) -> None:
        self._service = service
        self._route = f"issues/{part(pull_request)}/comments"

    def find(self, mark: str) -> Found | None:
        """The comment that begins with the mark."""
        for one in self._service.every(self._route):
            if str(one.get("body") or "").startswith(mark):
                return Found((str(one["id"]),), one["body"])
        return None

    def add(self, text: str) -> None:
        """Make a comment."""
        self._service.write("POST", self._route, {"body": text})

    def change(self, found: Found, text: str) -> None:
        """Change a comment."""
        self._service.write("PATCH", f"issues/comments/{found.place[0]}", {"body": text})
