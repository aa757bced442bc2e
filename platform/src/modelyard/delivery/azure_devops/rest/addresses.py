"""Where a service is: over https, or on this machine. A token goes nowhere else."""

from __future__ import annotations

from urllib.parse import quote, urlsplit

from modelyard.errors import ConfigurationError

SERVICE = "https://dev.azure.com"
IDENTITIES = "https://vssps.dev.azure.com"
"""Azure DevOps keeps who is who under an address of its own."""
THIS_MACHINE = frozenset({"127.0.0.1", "localhost", "::1"})


def checked_address(address: str, *, of: str) -> str:
    """The address without a slash at its end.

    Args:
        address: where a service is.
        of: what it is called, for messages.

    Raises:
        ConfigurationError: a token must not go there.
    """
    try:
        parts = urlsplit(address)
        host, odd = parts.hostname, bool(parts.query or parts.fragment or parts.username or parts.password)
    except ValueError:
        host, odd = None, True
    safe = bool(host) and (parts.scheme == "https" or (parts.scheme == "http" and host in THIS_MACHINE))
    if not safe or odd:
        raise ConfigurationError(
            f"{of} must be an https:// address, or one on this machine, without a name or a question in it",
            hint=f"for example {SERVICE}/my-organisation",
        )
    return address.rstrip("/")


def on_this_machine(address: str) -> bool:
    """Whether an address leads to this machine."""
    return urlsplit(address).hostname in THIS_MACHINE


def organisation_address(organisation: str) -> str:
    """Where an organisation is; an address stays what it is."""
    return organisation.rstrip("/") if "://" in organisation else f"{SERVICE}/{part(organisation)}"


def identities_address(address: str) -> str:
    """Where an organisation's identities are; a stand-in on this machine answers for both."""
    return address.replace(SERVICE, IDENTITIES, 1) if address.startswith(SERVICE) else address


def part(name: str) -> str:
    """A name as one part of a path."""
    return quote(name, safe="")
