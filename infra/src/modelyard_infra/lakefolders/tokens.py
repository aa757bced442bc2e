"""Who makes the folders: the sign-in of the Azure CLI, or in a pipeline a federated token. There is no secret.

Tokens stay in memory, and no message ever repeats one.
"""

from __future__ import annotations

import json
import threading
import time
import urllib.error
import urllib.parse
import urllib.request
from abc import ABC, abstractmethod
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from modelyard.errors import ModelyardError, ServiceUnavailableError
from modelyard_infra.az_cli import Az, AzCli
from modelyard_infra.lakefolders.fresh_tokens import ask, request_in
from modelyard_infra.local.kinds import LocalResourceError

STORAGE = "https://storage.azure.com/"
AUTHORITY = "https://login.microsoftonline.com"
ASSERTION = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
ANSWER_SECONDS = 30
MARGIN_SECONDS = 300
"""A token that ends sooner is asked for anew: an update may take some minutes."""


class Tokens(Protocol):
    """Gives tokens for the data of storage accounts."""

    def token(self) -> str:
        """A bearer token that is good for some minutes.

        Raises:
            LocalResourceError: there is none to be had.
        """
        ...


@dataclass(frozen=True, slots=True)
class Token:
    """A token and the time in seconds since the epoch when it ends."""

    value: str
    ends: float

    def __repr__(self) -> str:
        return f"Token(ends={self.ends:.0f})"


class RememberedTokens(ABC):
    """Asks for a token once and uses it until shortly before it ends. Many folders are made at once."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._token = Token("", 0)

    def token(self) -> str:
        """The token of last time, or a new one."""
        with self._lock:
            if self._token.ends - time.time() < MARGIN_SECONDS:
                self._token = self._new()
            return self._token.value

    @abstractmethod
    def _new(self) -> Token: ...


class AzTokens(RememberedTokens):
    """Tokens of whoever is signed in with the Azure CLI."""

    def __init__(self, az: Az) -> None:
        super().__init__()
        self._az = az

    def _new(self) -> Token:
        command = ("account", "get-access-token", "--resource", STORAGE, "--output", "json")
        try:
            said = self._az.run(command)
        except ModelyardError as error:
            raise LocalResourceError(f"{error.message}; {error.hint}") from error
        if not said.ok:
            raise LocalResourceError(f"no token for the data lake: {said.complaint}; run: az login")
        document = json.loads(said.out)
        return Token(document["accessToken"], float(document["expires_on"]))


class FederatedTokens(RememberedTokens):
    """Tokens for an application or identity that trusts another issuer's token, as a pipeline has one."""

    def __init__(self, variables: Mapping[str, str], *, authority: str = AUTHORITY) -> None:
        super().__init__()
        self._variables = variables
        self._authority = authority

    @classmethod
    def possible(cls, variables: Mapping[str, str]) -> bool:
        """Whether the surroundings say who one is and where the other issuer's token is."""
        return all(_first(variables, names) for names in (CLIENTS, TENANTS, (*ASSERTIONS, *ASSERTION_FILES)))

    def _new(self) -> Token:
        form = {
            "client_id": _first(self._variables, CLIENTS),
            "grant_type": "client_credentials",
            "scope": f"{STORAGE}.default",
            "client_assertion_type": ASSERTION,
            "client_assertion": self._assertion(),
        }
        address = f"{self._authority}/{_first(self._variables, TENANTS)}/oauth2/v2.0/token"
        request = urllib.request.Request(address, data=urllib.parse.urlencode(form).encode())  # noqa: S310 - the address is our own, over https or on this machine
        try:
            with urllib.request.urlopen(request, timeout=ANSWER_SECONDS) as answer:  # noqa: S310 - the address is our own, over https or on this machine
                document = json.load(answer)
        except urllib.error.HTTPError as error:
            raise LocalResourceError(f"no token for the data lake: {_refusal(error)}") from error
        except OSError as error:
            raise LocalResourceError(f"no token for the data lake: {self._authority} does not answer") from error
        return Token(document["access_token"], time.time() + float(document["expires_in"]))

    def _assertion(self) -> str:
        request = request_in(self._variables)
        if request is not None:
            # What the step began with may have ended by now: folders are made when their account is there.
            with suppress(ServiceUnavailableError):
                return ask(request)
        given = _first(self._variables, ASSERTIONS)
        if given:
            return given
        file = Path(_first(self._variables, ASSERTION_FILES))
        try:
            return file.read_text(encoding="ascii").strip()
        except OSError as error:
            raise LocalResourceError(f"no token for the data lake: {file} cannot be read") from error


CLIENTS = ("AZURE_CLIENT_ID", "ARM_CLIENT_ID")
TENANTS = ("AZURE_TENANT_ID", "ARM_TENANT_ID")
ASSERTIONS = ("ARM_OIDC_TOKEN",)
ASSERTION_FILES = ("AZURE_FEDERATED_TOKEN_FILE", "ARM_OIDC_TOKEN_FILE_PATH")
"""Variables of workload identity, and of Pulumi's azure-native provider; the first that is set counts."""


def chosen_tokens(variables: Mapping[str, str]) -> Tokens:
    """Federated where the surroundings provide for it, else from the Azure CLI."""
    return FederatedTokens(variables) if FederatedTokens.possible(variables) else AzTokens(AzCli())


def _first(variables: Mapping[str, str], names: tuple[str, ...]) -> str:
    return next((variables[name] for name in names if variables.get(name)), "")


def _refusal(error: urllib.error.HTTPError) -> str:
    """Entra's own sentence, which names ids but never a token."""
    with error:
        try:
            return str(json.load(error)["error_description"]).splitlines()[0]
        except (ValueError, TypeError, KeyError, IndexError):
            return f"HTTP {error.code}"
