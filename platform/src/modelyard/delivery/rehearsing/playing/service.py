"""Plays the part of Azure DevOps's REST interface that steps call during a run: comments, approvals, the timeline.

It listens on this machine only, lets in who shows the run's own token, and keeps comments in the folder of the run.
"""

from __future__ import annotations

import base64
import hmac
import json
import threading
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

from modelyard.delivery.rehearsing.planning.predefined import REPOSITORY_ID
from modelyard.delivery.rehearsing.playing.conversations import Conversations
from modelyard.delivery.rehearsing.recording.records import RunRecord

LARGEST_BODY = 2**20
NAMESPACE = uuid.UUID("6f0b6f57-7d7c-4a34-9d39-5a3a0c3d6f11")
Json = Any
Answer = tuple[int, Any]
NOT_HERE: Answer = (404, {"message": "a rehearsal does not play this part of the service"})


class PlayedService:
    """What the service answers."""

    def __init__(self, record: Callable[[], RunRecord], conversations: Conversations) -> None:
        self._record = record
        self._conversations = conversations
        self._lock = threading.Lock()

    def answer(self, method: str, path: str, *, query: dict[str, list[str]], body: Json) -> Answer:
        """Status and document for one request."""
        parts = [part for part in path.split("/") if part]
        if "_apis" not in parts:
            return NOT_HERE
        parts = parts[parts.index("_apis") + 1 :]
        with self._lock:
            if parts[:2] == ["pipelines", "approvals"] and method == "GET":
                return 200, self._approvals(parts[2:], query)
            if parts[:2] == ["build", "builds"] and method == "GET":
                return self._build(parts[2:])
            if parts[:2] == ["git", "repositories"]:
                return self._repository(method, parts[2:], body)
        return NOT_HERE

    def _approvals(self, named: list[str], query: dict[str, list[str]]) -> Json:
        wanted = ",".join(query.get("approvalIds", [])).split(",") if "approvalIds" in query else named
        chosen = [one for one in self._record().approvals if not wanted or one["id"] in wanted]
        found = [_approval(one, self._record().number) for one in chosen]
        return found[0] if named and found else {"count": len(found), "value": found}

    def _build(self, rest: list[str]) -> Answer:
        record = self._record()
        if not rest or rest[0] != str(record.number):
            return 404, {"message": f"there is no run {rest[0] if rest else ''}; this one is {record.number}"}
        if rest[1:2] == ["timeline"]:
            return 200, {"id": _id(record, "timeline"), "records": list(_timeline(record))}
        if len(rest) == 1:
            return 200, {"id": record.number, "buildNumber": f"rehearsal.{record.number}", "status": "inProgress"}
        return NOT_HERE

    def _repository(self, method: str, rest: list[str], body: Json) -> Answer:
        if len(rest) >= 4 and rest[1].lower() == "pullrequests" and rest[3] == "threads":  # noqa: PLR2004 - a path
            return self._conversations.answer(method, rest[2], rest=rest[4:], body=body)
        if len(rest) == 1 and method == "GET":
            return 200, {"id": REPOSITORY_ID, "name": rest[0], "defaultBranch": "refs/heads/main"}
        return NOT_HERE


def _approval(decision: dict[str, str], number: int) -> dict[str, Any]:
    person = {
        "displayName": decision["by"],
        "uniqueName": decision["by"],
        "id": str(uuid.uuid5(NAMESPACE, decision["by"])),
    }
    step = {
        "assignedApprover": person,
        "actualApprover": person,
        "status": decision["decision"],
        "comment": decision["reason"],
        "lastModifiedOn": decision["at"],
        "lastModifiedBy": person,
        "initiatedOn": decision["at"],
        "order": 1,
    }
    return {
        "id": decision["id"],
        "status": decision["decision"],
        "steps": [step],
        "createdOn": decision["at"],
        "lastModifiedOn": decision["at"],
        "instructions": "",
        "minRequiredApprovers": 1,
        "pipeline": {"id": "1", "name": "rehearsal", "owner": {"id": number, "name": f"rehearsal.{number}"}},
    }


def _timeline(record: RunRecord) -> Iterator[dict[str, Any]]:
    """Stages, and the approvals that were given before them, as a run's timeline shows them."""
    for order, stage in enumerate(record.stages, start=1):
        identity = _id(record, stage.name)
        yield {
            "id": identity,
            "parentId": None,
            "type": "Stage",
            "identifier": stage.name,
            "name": stage.name,
            "order": order,
        }
        checkpoint = _id(record, f"{stage.name}/checkpoint")
        given = _latest([one for one in record.approvals if one["stage"] == stage.name])
        if given:
            yield {
                "id": checkpoint,
                "parentId": identity,
                "type": "Checkpoint",
                "name": "Checkpoint",
                "state": "completed",
            }
        for one in given:
            result = "succeeded" if one["decision"] == "approved" else "failed"
            yield {
                "id": one["id"],
                "parentId": checkpoint,
                "type": "Checkpoint.Approval",
                "name": "Checkpoint.Approval",
                "state": "completed",
                "result": result,
            }


def _latest(approvals: list[dict[str, str]]) -> list[dict[str, str]]:
    """Those of the last attempt: a rerun asks again."""
    last = max((int(one["attempt"]) for one in approvals), default=0)
    return [one for one in approvals if int(one["attempt"]) == last]


def _id(record: RunRecord, name: str) -> str:
    return str(uuid.uuid5(NAMESPACE, f"{record.number}/{name}"))


@contextmanager
def serving(service: PlayedService, token: str) -> Iterator[str]:
    """Serves for as long as the block lasts; yields the address, with a slash at its end."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(service, token))
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def _handler(service: PlayedService, token: str) -> type[BaseHTTPRequestHandler]:
    allowed = [
        f"Bearer {token}",
        *(f"Basic {base64.b64encode(f'{user}:{token}'.encode()).decode()}" for user in ("", "pat")),
    ]

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            self._handle()

        do_POST = do_PATCH = do_PUT = do_DELETE = do_GET  # noqa: N815 - the library's names

        def _handle(self) -> None:
            length = int(self.headers.get("Content-Length") or 0)
            if length > LARGEST_BODY:
                self.close_connection = True
                self._send(413, {"message": "too large"})
                return
            content = self.rfile.read(length)
            given = self.headers.get("Authorization", "")
            if not any(hmac.compare_digest(given.encode(), one.encode()) for one in allowed):
                self._send(401, {"message": "System.AccessToken of this run is needed"})
                return
            address = urlsplit(self.path)
            try:
                body = json.loads(content) if content else None
            except ValueError:
                self._send(400, {"message": "the body is not JSON"})
                return
            self._send(*service.answer(self.command, address.path, query=parse_qs(address.query), body=body))

        def _send(self, status: int, document: Json) -> None:
            content = json.dumps(document).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *_: object) -> None:
            pass

    return Handler
