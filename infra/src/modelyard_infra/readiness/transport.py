"""How a question gets to Azure: through `az rest`, which knows the sign-in, the proxy and the cloud already."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any, Protocol

from modelyard_infra.az_cli import Az, Said
from modelyard_infra.readiness.client import AzureRefusedError

Json = Any
DEVOPS_HOST = "https://dev.azure.com/"
DEVOPS_APPLICATION = "499b84ac-1321-427f-aa17-267ca6975798"
"""Azure DevOps as Entra knows it; the same in every tenant."""
ABSENT = re.compile(r"^(Not Found|\w*NotFound)\b")
"""Azure names what is missing: ResourceNotFound, ResourceGroupNotFound, SubscriptionNotFound, KeyNotFound."""
NOT_SIGNED_IN = re.compile(r"az login", re.IGNORECASE)
CODE_IN_BODY = re.compile(r'"code"\s*:\s*"([A-Za-z]+)"')
MESSAGE_IN_BODY = re.compile(r'"message"\s*:\s*"((?:[^"\\]|\\.)*)"')


class AbsentError(AzureRefusedError):
    """What was asked for is not there."""


class Transport(Protocol):
    """Asks questions."""

    def ask(self, method: str, address: str, body: Mapping[str, Json] | None = None) -> Json:
        """The answer as JSON.

        Raises:
            AbsentError: there is no such thing.
            AzureRefusedError: any other no.
        """
        ...

    def command(self, *arguments: str) -> Json | None:
        """The answer of another `az` command as JSON; None where it failed."""
        ...


class AzRest:
    """Asks with the Azure CLI, and asks nothing twice: a region's list of machines alone has some megabytes."""

    def __init__(self, az: Az) -> None:
        self._az = az
        self._answers: dict[tuple[str, ...], Said] = {}

    def ask(self, method: str, address: str, body: Mapping[str, Json] | None = None) -> Json:
        """Ask with `az rest`."""
        arguments = ["rest", "--only-show-errors", "--method", method.lower(), "--url", address]
        if address.startswith(DEVOPS_HOST):
            arguments += ["--resource", DEVOPS_APPLICATION]
        if body is not None:
            arguments += ["--body", json.dumps(body)]
        return _answer(self._remembered(tuple(arguments)))

    def command(self, *arguments: str) -> Json | None:
        """Run `az` and read its JSON."""
        said = self._az.run([*arguments, "--only-show-errors", "--output", "json"])
        return json.loads(said.out) if said.ok else None

    def _remembered(self, arguments: tuple[str, ...]) -> Said:
        if arguments not in self._answers:
            self._answers[arguments] = self._az.run(arguments)
        return self._answers[arguments]


def _answer(said: Said) -> Json:
    if not said.ok:
        raise _refusal(said)
    try:
        return json.loads(said.out or "{}")
    except ValueError as error:
        # Azure DevOps answers a sign-in that it does not know with a page for people.
        raise AzureRefusedError("the answer was a sign-in page: this sign-in is not a member there") from error


def _refusal(said: Said) -> AzureRefusedError:
    complaint = said.complaint
    code = CODE_IN_BODY.search(said.error)
    message = MESSAGE_IN_BODY.search(said.error)
    words = message[1].replace('\\"', '"').split("\\r")[0].split("\\n")[0] if message else complaint
    if ABSENT.match(complaint) or (code and ABSENT.match(code[1])):
        return AbsentError(words)
    if NOT_SIGNED_IN.search(complaint):
        return AzureRefusedError("nobody is signed in")
    return AzureRefusedError(f"{code[1]}: {words}" if code else words)
