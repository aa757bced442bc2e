"""Comments on pull requests, kept as the service would keep them, and as files that people read."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from modelyard.delivery.rehearsing.agent.masking import Mask
from modelyard.delivery.rehearsing.recording.journal import keep

Json = Any
Answer = tuple[int, Any]
Thread = dict[str, Any]
NO_THREAD: Answer = (404, {"message": "there is no such thread"})


class Conversations:
    """The threads of every pull request of a run."""

    def __init__(self, folder: Path, mask: Mask) -> None:
        self._folder = folder
        self._mask = mask

    def answer(self, method: str, request: str, *, rest: list[str], body: Json) -> Answer:
        """Status and document for a request below `pullRequests/REQUEST/threads`."""
        if not request.isdecimal() or (body is not None and not isinstance(body, dict)):
            return 400, {"message": "a number of a pull request and an object are needed"}
        return self._answer(method, request, rest, body=body or {})

    def _answer(self, method: str, request: str, rest: list[str], *, body: Thread) -> Answer:
        threads = self._read(request)
        words: list[str] = [method, *rest]
        match words:
            case ["GET"]:
                return 200, _listed(threads)
            case ["POST"]:
                return self._begin(request, threads, body)
            case ["PATCH", thread]:
                return self._change(request, threads, thread, body=body)
            case ["POST", thread, "comments"]:
                return self._add(request, threads, thread, body=body)
            case ["PATCH", thread, "comments", comment]:
                return self._edit(request, threads, (thread, comment), body=body)
        return 405, {"message": f"{method} is not allowed here"}

    def _begin(self, request: str, threads: list[Thread], body: Thread) -> Answer:
        comments = [_comment(number, one) for number, one in enumerate(body.get("comments", []), start=1)]
        thread: Thread = {"id": len(threads) + 1, "status": body.get("status", "active"), "isDeleted": False}
        thread.update({key: body[key] for key in ("properties", "threadContext") if key in body}, comments=comments)
        threads.append(thread)
        self._write(request, threads)
        return 200, thread

    def _change(self, request: str, threads: list[Thread], named: str, *, body: Thread) -> Answer:
        thread = _find(threads, named)
        if thread is None:
            return NO_THREAD
        thread.update({key: body[key] for key in ("status", "properties") if key in body})
        self._write(request, threads)
        return 200, thread

    def _add(self, request: str, threads: list[Thread], named: str, *, body: Thread) -> Answer:
        thread = _find(threads, named)
        if thread is None:
            return NO_THREAD
        comment = _comment(len(thread["comments"]) + 1, body)
        thread["comments"].append(comment)
        self._write(request, threads)
        return 200, comment

    def _edit(self, request: str, threads: list[Thread], named: tuple[str, str], *, body: Thread) -> Answer:
        thread = _find(threads, named[0])
        comment = _find(thread["comments"], named[1]) if thread is not None else None
        if comment is None:
            return 404, {"message": "there is no such comment"}
        comment["content"] = str(body.get("content", comment["content"]))
        comment["lastUpdatedDate"] = _now()
        self._write(request, threads)
        return 200, comment

    def _read(self, request: str) -> list[Thread]:
        file = self._folder / f"pull-request-{request}.json"
        found: list[Thread] = json.loads(file.read_text(encoding="utf-8")) if file.is_file() else []
        return found

    def _write(self, request: str, threads: list[Thread]) -> None:
        self._folder.mkdir(parents=True, exist_ok=True)
        shown = self._mask.plain(threads)
        keep(self._folder / f"pull-request-{request}.json", json.dumps(shown, indent=2) + "\n")
        text = "\n\n---\n\n".join(str(one["content"]) for thread in shown for one in thread["comments"])
        keep(self._folder / f"pull-request-{request}.md", text + "\n")


def _comment(number: int, body: Thread) -> Thread:
    return {
        "id": number,
        "parentCommentId": body.get("parentCommentId", 0),
        "content": str(body.get("content", "")),
        "commentType": body.get("commentType", "text"),
        "author": {"displayName": "rehearsal", "uniqueName": "rehearsal"},
        "publishedDate": _now(),
        "lastUpdatedDate": _now(),
        "isDeleted": False,
    }


def _find(entries: list[Thread], named: str) -> Thread | None:
    return next((one for one in entries if str(one["id"]) == named), None)


def _listed(threads: list[Thread]) -> Thread:
    return {"count": len(threads), "value": threads}


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")
