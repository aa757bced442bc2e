"""Who asks: a token from the surroundings, never from a command line, and in no message."""

from __future__ import annotations

import base64
import shutil
import subprocess
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Literal

from modelyard.errors import ConfigurationError

JOB_TOKEN = "SYSTEM_ACCESSTOKEN"  # noqa: S105 - the name of a variable
PERSONAL_TOKEN = "AZURE_DEVOPS_EXT_PAT"  # noqa: S105 - the name of a variable
APPLICATION = "499b84ac-1321-427f-aa17-267ca6975798"
"""Azure DevOps as Entra knows it; the same in every tenant."""
ANSWER_SECONDS = 60


@dataclass(frozen=True, slots=True)
class Token:
    """A token, which no text shows."""

    value: str = field(repr=False)
    kind: Literal["bearer", "personal"] = "bearer"
    """A personal access token goes where a password goes."""

    @property
    def header(self) -> str:
        """What the header Authorization says."""
        if self.kind == "bearer":
            return f"Bearer {self.value}"
        return "Basic " + base64.b64encode(f":{self.value}".encode()).decode("ascii")


def find_token(variables: Mapping[str, str], *, signed_in: Callable[[], str]) -> Token:
    """The job's own token, a personal one, or the one of whoever is signed in to Azure, in this order.

    Args:
        variables: the environment's variables.
        signed_in: gives the token of the sign-in, or nothing.

    Raises:
        ConfigurationError: there is none of them.
    """
    if job := variables.get(JOB_TOKEN, "").strip():
        return Token(job)
    if personal := variables.get(PERSONAL_TOKEN, "").strip():
        return Token(personal, "personal")
    if own := signed_in().strip():
        return Token(own)
    raise ConfigurationError(
        f"nobody is signed in to Azure DevOps: no {JOB_TOKEN}, no {PERSONAL_TOKEN}, and `az` gave no token",
        hint=f"az login; in a pipeline: env: {{{JOB_TOKEN}: $(System.AccessToken)}} on the step",
    )


def azure_cli_token() -> str:
    """The token of the Azure CLI's sign-in; empty where there is no CLI or nobody is signed in."""
    program = shutil.which("az")
    if program is None:
        return ""
    question = ("account", "get-access-token", "--resource", APPLICATION, "--query", "accessToken", "--output", "tsv")
    return _asked(program, question)


def azure_cli_client(subscription: str, group: str, identity: str) -> str:
    """The client id of an identity in Azure; empty where it is not there yet, or cannot be seen."""
    program = shutil.which("az")
    if program is None:
        return ""
    place = ("--subscription", subscription, "--resource-group", group, "--name", identity)
    return _asked(program, ("identity", "show", *place, "--query", "clientId", "--output", "tsv"))


def _asked(program: str, question: tuple[str, ...]) -> str:
    """What `az` answers; its complaints are its own, and might hold more than they should."""
    try:
        said = subprocess.run(
            [program, *question],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=ANSWER_SECONDS,
            check=False,
        )
    except subprocess.TimeoutExpired:
        return ""
    return said.stdout.strip() if said.returncode == 0 else ""
