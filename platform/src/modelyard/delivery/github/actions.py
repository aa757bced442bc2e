"""The actions that take the place of tasks, each pinned by its commit: a tag can be moved by whoever owns it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Action:
    """One action at one commit."""

    name: str
    commit: str
    version: str
    """What the commit is called; a comment beside it."""

    @property
    def uses(self) -> str:
        """As a step names it."""
        return f"{self.name}@{self.commit}"


CHECKOUT = Action("actions/checkout", "11bd71901bbe5b1630ceea73d27597364c9af683", "v4.2.2")
PYTHON = Action("actions/setup-python", "0b93645e9fea7318ecaed2b359559ac225c90a2b", "v5.3.0")
CACHE = Action("actions/cache", "1bd1e32a3bdc45362d1e726936510720a7c30a57", "v4.2.0")
UPLOAD = Action("actions/upload-artifact", "b4b15b8c7c6ac21ea08fcf65892d2ee8f75cf882", "v4.4.3")
DOWNLOAD = Action("actions/download-artifact", "fa0a91b85d4f404e444e00e005971372dc801d16", "v4.1.8")
LOGIN = Action("azure/login", "a65d910e8af852a8061c627c456678983e180302", "v2.2.0")
ACTIONS = (CHECKOUT, PYTHON, CACHE, UPLOAD, DOWNLOAD, LOGIN)


def named(text: str) -> str:
    """A workflow's text, with each commit's version beside it."""
    for action in ACTIONS:
        text = text.replace(f"{action.uses}\n", f"{action.uses} # {action.version}\n")
    return text
