"""Notifiers for tests: one that remembers, one that always fails, one that breaks the contract."""

from __future__ import annotations

from modelyard.notify.notification import Notification
from modelyard.notify.notifier import Delivery


class RecordingNotifier:
    """Remembers what it was told, once per event, like the real adapters."""

    def __init__(self) -> None:
        self.sent: list[Notification] = []

    def notify(self, notification: Notification) -> Delivery:
        """Remember the notification."""
        if any(known.id == notification.id for known in self.sent):
            return Delivery("recording", "already sent")
        self.sent.append(notification)
        return Delivery("recording", "sent")


class FailingNotifier:
    """Never delivers, and says so."""

    def __init__(self, reason: str = "the other side said no") -> None:
        self.asked: list[Notification] = []
        self._reason = reason

    def notify(self, notification: Notification) -> Delivery:
        """Fail."""
        self.asked.append(notification)
        return Delivery("failing", "failed", self._reason)


class RaisingNotifier:
    """Breaks the contract: raises instead of answering."""

    def __init__(self, message: str = "broken") -> None:
        self._message = message

    def notify(self, notification: Notification) -> Delivery:
        """Raise.

        Raises:
            RuntimeError: always.
        """
        raise RuntimeError(f"{self._message}: {notification.id}")
