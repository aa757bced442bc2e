"""A fresh token for a service connection of Azure Pipelines. The one that a step begins with is good for some minutes.

The request is the one of azidentity's AzurePipelinesCredential (Azure SDK for Go, azure_pipelines_credential.go).
"""

from __future__ import annotations

import json
import urllib.error
import urllib.request
from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import quote, urlsplit

from modelyard.errors import ServiceUnavailableError

ADDRESS, BEARER = "SYSTEM_OIDCREQUESTURI", "SYSTEM_ACCESSTOKEN"
CONNECTION = "AZURESUBSCRIPTION_SERVICE_CONNECTION_ID"
API_VERSION = "7.1"
ANSWER_SECONDS = 30


@dataclass(frozen=True, slots=True)
class TokenRequest:
    """Where a fresh token can be had."""

    address: str
    """With the connection's id in it."""
    bearer: str = field(repr=False)
    """The token of the job."""


def request_in(variables: Mapping[str, str]) -> TokenRequest | None:
    """The request that a step's variables allow; None where they lack something."""
    address, bearer, connection = (variables.get(name) for name in (ADDRESS, BEARER, CONNECTION))
    if not (address and bearer and connection):
        return None
    return TokenRequest(f"{address}?api-version={API_VERSION}&serviceConnectionId={quote(connection)}", bearer)


def ask(request: TokenRequest) -> str:
    """A token of the service connection.

    Raises:
        ServiceUnavailableError: there is none to be had. No message has a token in it.
    """
    headers = {"Authorization": f"Bearer {request.bearer}", "X-TFS-FedAuthRedirect": "Suppress"}
    asked = urllib.request.Request(request.address, data=b"", headers=headers, method="POST")  # noqa: S310 - the agent's own address
    try:
        with urllib.request.urlopen(asked, timeout=ANSWER_SECONDS) as answer:  # noqa: S310 - the agent's own address
            return str(json.load(answer)["oidcToken"])
    except urllib.error.HTTPError as error:
        with error:
            said = f"answers {error.code}"
    except (OSError, ValueError, KeyError, TypeError):
        said = "gives no answer that holds one"
    raise ServiceUnavailableError(
        f"no token for the service connection: {urlsplit(request.address).hostname} {said}",
        hint="set env: SYSTEM_ACCESSTOKEN: $(System.AccessToken) at the step, and let the pipeline use the connection",
    )
