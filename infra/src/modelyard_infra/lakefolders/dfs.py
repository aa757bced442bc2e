"""Folders in a real lake, over the Data Lake Storage Gen2 REST interface.

Source: Microsoft Learn, "Azure Data Lake Storage Gen2 REST API": Path - Create, Path - Get Properties.
"""

from __future__ import annotations

import urllib.error
import urllib.request
from dataclasses import dataclass
from typing import NamedTuple
from urllib.parse import quote

from modelyard_infra.lakefolders.folders import Place
from modelyard_infra.lakefolders.tokens import Tokens
from modelyard_infra.local.kinds import Call, LocalResourceError

HOST = "https://{account}.dfs.core.windows.net"
VERSION = "2023-11-03"
ANSWER_SECONDS = 30
PAUSE_SECONDS = 10.0
CREATED, FOUND, ABSENT = 201, 200, 404
NO_ANSWER = "NoAnswer"


class Wait(NamedTuple):
    """A refusal that may pass."""

    pauses: int
    """How often to try again."""
    why: str
    """What is being waited for."""


WAITS = {
    "AuthorizationPermissionMismatch": Wait(60, "a role assignment takes effect within ten minutes"),
    "AuthorizationFailure": Wait(9, "a firewall rule takes effect within a minute"),
    "FilesystemNotFound": Wait(6, "a new file system shows within a minute"),
    "AccountIsDisabled": Wait(6, "a new account shows within a minute"),
    "ServerBusy": Wait(12, "the account is busy"),
    "InternalError": Wait(3, "the account had an internal error"),
    "OperationTimedOut": Wait(3, "the account took too long"),
    NO_ANSWER: Wait(6, "a new account's name is known within a minute"),
}
"""By the service's error code."""
ADVICE = {
    "AuthorizationPermissionMismatch": "whoever runs this needs the role Storage Blob Data Contributor on the account",
    "AuthorizationFailure": "the account's firewall keeps this machine out: run this inside the environment's network",
    NO_ANSWER: "the account does not answer: is this machine inside the environment's network?",
}


@dataclass(frozen=True, slots=True)
class Answer:
    """What the account said."""

    status: int
    """HTTP status; 0 for no answer."""
    code: str
    """The service's error code; empty for success."""
    is_folder: bool = False
    """Whether the path is a folder."""


class _Stay(urllib.request.HTTPRedirectHandler):
    """Follows nobody elsewhere: the token is for this account."""

    def redirect_request(self, *elsewhere: object) -> None:
        """Stay."""
        del elsewhere


class DfsFolders:
    """Speaks to storage accounts.

    Args:
        tokens: who one is.
        host: address of an account.
        pause: seconds between two attempts.
    """

    def __init__(self, tokens: Tokens, *, host: str = HOST, pause: float = PAUSE_SECONDS) -> None:
        self._tokens = tokens
        self._host = host
        self._pause = pause
        self._opener = urllib.request.build_opener(_Stay)

    def make(self, place: Place, call: Call) -> None:
        """Make it if it is not there; wait for what Azure says will pass."""
        left: dict[str, int] = {}
        while True:
            answer = self._ask("PUT", place, "?resource=directory")
            if answer.status == CREATED or (answer.code == "PathAlreadyExists" and self._is_folder(place)):
                return
            wait = WAITS.get(answer.code)
            left[answer.code] = left.get(answer.code, wait.pauses if wait else 0) - 1
            if wait is None or left[answer.code] < 0:
                raise LocalResourceError(f"cannot make the folder {place.id}: {_why(answer)}")
            call.note(f"waiting: {wait.why}")
            if call.cancelled.wait(self._pause):
                raise LocalResourceError(f"interrupted while the folder {place.id} was to be made; run again")

    def exists(self, place: Place) -> bool:
        """Ask for its properties."""
        answer = self._ask("HEAD", place, "")
        if answer.status == ABSENT:
            return False
        if answer.status != FOUND:
            raise LocalResourceError(f"cannot look for the folder {place.id}: {_why(answer)}")
        return answer.is_folder

    def _is_folder(self, place: Place) -> bool:
        if self.exists(place):
            return True
        raise LocalResourceError(f"cannot make the folder {place.id}: a file is in its place; move it away, run again")

    def _ask(self, method: str, place: Place, query: str) -> Answer:
        address = f"{self._host.format(account=place.account)}/{quote(place.file_system)}/{quote(place.path)}{query}"
        headers = {"Authorization": f"Bearer {self._tokens.token()}", "x-ms-version": VERSION}
        if method == "PUT":
            headers |= {"If-None-Match": "*", "Content-Length": "0"}
        request = urllib.request.Request(address, method=method, headers=headers)  # noqa: S310 - the address is our own, over https or on this machine
        try:
            with self._opener.open(request, timeout=ANSWER_SECONDS) as answer:
                return Answer(answer.status, "", answer.headers.get("x-ms-resource-type") == "directory")
        except urllib.error.HTTPError as error:
            with error:
                return Answer(error.code, error.headers.get("x-ms-error-code") or f"HTTP {error.code}")
        except OSError:
            return Answer(0, NO_ANSWER)


def _why(answer: Answer) -> str:
    advice = ADVICE.get(answer.code)
    return f"{answer.code}: {advice}" if advice else answer.code
