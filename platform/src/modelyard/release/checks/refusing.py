"""What a model API must refuse, and how."""

from __future__ import annotations

from modelyard.release.bad_requests import bad_requests
from modelyard.release.calling import Answer
from modelyard.release.checks.run import Run, must

_CLIENT_ERRORS = range(400, 500)
_PROTOCOL = "/v2/"


def bad_inputs(run: Run) -> None:
    """Every bad request is refused for what the client did, with a reason, in the form of its protocol."""
    sent = 0
    for bad in bad_requests(run.expected):
        answer = run.send(bad.request)
        where = f"{bad.name}: status {answer.status}"
        must(answer.status in _CLIENT_ERRORS, f"{where}, expected 4xx")
        _has_reason(answer, bad.request.path, where)
        sent += 1
    run.found = f"{sent} bad requests"


def _has_reason(answer: Answer, path: str, where: str) -> None:
    fault = answer.fault
    must(fault is not None and bool(fault.code and fault.request_id), f"{where} without a reason")
    is_text = isinstance(answer.json()["error"], str)
    must(is_text == path.startswith(_PROTOCOL), f"{where}, its reason is not in the form of its protocol")
    must(b"Traceback" not in answer.body and b'File "' not in answer.body, f"{where} with a stack trace")
