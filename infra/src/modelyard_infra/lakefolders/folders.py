"""Folders of a data lake, and the contract of whoever makes them."""

from __future__ import annotations

from typing import NamedTuple, Protocol

from modelyard_infra.local.kinds import Call


class Place(NamedTuple):
    """Where a folder is."""

    account: str
    """The storage account."""
    file_system: str
    """The file system in it: a blob container."""
    path: str
    """The folder, without a slash at either end."""

    @property
    def id(self) -> str:
        """What Pulumi knows the folder by: account/file system/path."""
        return "/".join(self)

    @classmethod
    def of(cls, identity: str) -> Place:
        """The place of an id."""
        account, file_system, path = identity.split("/", 2)
        return cls(account, file_system, path)


class Folders(Protocol):
    """Makes folders and looks for them. Nothing here takes a folder away: it holds data."""

    def make(self, place: Place, call: Call) -> None:
        """Make a folder and those above it; one that is there already is taken as it is.

        Raises:
            LocalResourceError: it could not be made.
        """
        ...

    def exists(self, place: Place) -> bool:
        """Whether the folder is there.

        Raises:
            LocalResourceError: that could not be found out.
        """
        ...
