"""A small client of Azure DevOps's REST interface: addresses, versions, pages.

Source: Microsoft Learn, "Azure DevOps Services REST API", version 7.1; where the reference and the service's own Python
client (azure-devops 7.1) name a preview version, that one is sent.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import urlencode

from modelyard.delivery.azure_devops.rest.addresses import checked_address, identities_address, part
from modelyard.delivery.azure_devops.rest.refusals import AbsentError
from modelyard.delivery.azure_devops.rest.tokens import Token
from modelyard.delivery.azure_devops.rest.transport import TIMEOUT_SECONDS, Transport
from modelyard.errors import ExternalServiceError

Json = Any
SERVICE = "Azure DevOps"
VERSION = "7.1"
PREVIEW = "7.1-preview.1"
CONTINUATION = "x-ms-continuationtoken"
MOST_PAGES = 200


class DevOps:
    """One organisation, and one project in it.

    Paths begin at the project; those of the organisation begin with a slash.
    """

    def __init__(
        self,
        address: str,
        project: str,
        token: Token,
        *,
        timeout: float = TIMEOUT_SECONDS,
        wait: Callable[[float], None] = time.sleep,
    ) -> None:
        self._address = checked_address(address, of="the organisation's address")
        self.project = project
        self._transport = Transport(
            service=SERVICE, headers={"Authorization": token.header}, timeout=timeout, wait=wait
        )

    def __repr__(self) -> str:
        """Without the token."""
        return f"DevOps({self._address}, {self.project})"

    def get(self, path: str, /, *, version: str = VERSION, **query: str) -> Json:
        """What is there.

        Raises:
            AbsentError: nothing.
            ExternalServiceError: any other no.
        """
        return self._read("GET", self._url(path, version, query))

    def get_if_there(self, path: str, /, *, version: str = VERSION, **query: str) -> Json | None:
        """What is there, or nothing."""
        try:
            return self.get(path, version=version, **query)
        except AbsentError:
            return None

    def every(self, path: str, /, *, version: str = VERSION, **query: str) -> Iterator[Json]:
        """Every entry of a list, page by page."""
        more = dict(query)
        for _ in range(MOST_PAGES):
            answer = self._transport.ask("GET", self._url(path, version, more))
            yield from self._parsed(answer.body, answer.json, path)["value"]
            token = answer.headers.get(CONTINUATION)
            if not token:
                return
            more["continuationToken"] = token
        raise ExternalServiceError(f"{SERVICE} has no end of pages at {path}", hint="run the same command again")

    def write(self, method: str, path: str, body: Json, /, *, version: str = VERSION, **query: str) -> Json:
        """Make or change something; asked once, unless the service said that it did not begin."""
        return self._read(method, self._url(path, version, query), body)

    def identities(self, kind: str, value: str) -> list[Json]:
        """Who is found by a mail address (`MailAddress`) or any name (`General`)."""
        query = {"searchFilter": kind, "filterValue": value, "queryMembership": "None", "api-version": VERSION}
        url = f"{identities_address(self._address)}/_apis/identities?{urlencode(query)}"
        found: list[Json] = self._read("GET", url)["value"]
        return found

    def _url(self, path: str, version: str, query: dict[str, str]) -> str:
        base = self._address if path.startswith("/") else f"{self._address}/{part(self.project)}"
        named = {f"${name[1:]}" if name.startswith("_") else name: value for name, value in query.items()}
        return f"{base}/_apis/{path.lstrip('/')}?{urlencode({**named, 'api-version': version})}"

    def _read(self, method: str, url: str, body: Json = None) -> Json:
        answer = self._transport.ask(method, url, body)
        return self._parsed(answer.body, answer.json, url)

    @staticmethod
    def _parsed(body: bytes, read: Callable[[], Json], what: str) -> Json:
        try:
            return read()
        except ValueError as error:
            where = what.partition("?")[0]
            raise ExternalServiceError(
                f"{SERVICE} answered {where} with something that is no JSON ({len(body)} bytes): a sign-in page?",
                hint="sign in again (az login); the sign-in must be a member of the organisation",
            ) from error
