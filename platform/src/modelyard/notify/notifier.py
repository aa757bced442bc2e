"""The contract of everything that tells people something."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, Protocol

from modelyard.notify.notification import Notification


@dataclass(frozen=True, slots=True)
class Delivery:
    """What became of a notification. A failed delivery is an answer, never an exception."""

    by: str
    """Who delivered: outbox, teams."""
    status: Literal["sent", "already sent", "failed"]
    """already sent: the same event was told before, so nobody was told again."""
    reason: str = ""
    """Why it failed, in words that hold no secret."""
    parts: tuple[Delivery, ...] = ()
    """The deliveries behind this one, where several were asked."""


class Notifier(Protocol):
    """Tells people. `modelyard.testing.notify_fakes` holds a fake, tests/contract/notify what every adapter does."""

    def notify(self, notification: Notification) -> Delivery:
        """Deliver one notification.

        Never raises for anything that the other side does, and takes no longer than a minute: what a run has
        achieved does not depend on whether somebody could be told.
        """
        ...
