"""What a caller shows a model API that does not let everybody in: an API key, or a token."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from modelyard.errors import ConfigurationError

CREDENTIAL_VARIABLE = "MODELYARD_MODEL_API_KEY"
"""The environment variable that holds what lets releases in, where the model API does not let everybody in."""
_TOKEN = re.compile(r"eyJ[\w-]+\.[\w-]+\.[\w-]*")
_SHOWN = re.compile(r"[!-~]{1,8192}")


@dataclass(frozen=True, slots=True)
class Credential:
    """A header with a secret in it."""

    header: str
    value: str = field(repr=False)

    @classmethod
    def of(cls, secret: str) -> Credential:
        """The header for a secret: `Authorization: Bearer` for a token, `X-API-Key` for a key."""
        if _TOKEN.fullmatch(secret):
            return cls("Authorization", f"Bearer {secret}")
        return cls("X-API-Key", secret)

    @classmethod
    def in_variable(cls, name: str, variables: Mapping[str, str] | None = None) -> Credential:
        """What an environment variable holds. A secret on a command line would be seen by everybody on the machine.

        Args:
            name: The variable.
            variables: All of them; those of this process unless told.

        Raises:
            ConfigurationError: It is not set, or what it holds is no key and no token.
        """
        secret = (os.environ if variables is None else variables).get(name, "").strip()
        if _SHOWN.fullmatch(secret) is None:
            found = "not set, or empty" if not secret else "set to something with spaces or control characters in it"
            raise ConfigurationError(
                f"the environment variable {name} is {found}; it has to hold an API key or a token",
                hint=f"read -rs {name} && export {name}",
            )
        return cls.of(secret)
