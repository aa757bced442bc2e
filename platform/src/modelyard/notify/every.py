"""Tells everybody."""

from __future__ import annotations

import logging
from collections.abc import Sequence

from modelyard.notify.notification import Notification
from modelyard.notify.notifier import Delivery, Notifier

logger = logging.getLogger(__name__)


class EveryNotifier:
    """Hands each notification to several notifiers; one that fails keeps nobody else from being told."""

    def __init__(self, notifiers: Sequence[Notifier]) -> None:
        self._notifiers = tuple(notifiers)

    def notify(self, notification: Notification) -> Delivery:
        """Tell everybody. Sent if anybody was told, failed if anybody could not be told and nobody was."""
        parts = tuple(_safely(notifier, notification) for notifier in self._notifiers)
        found = {part.status for part in parts}
        if "sent" in found or not parts:
            return Delivery("every", "sent", _reasons(parts), parts)
        return Delivery("every", "failed" if found == {"failed"} else "already sent", _reasons(parts), parts)


def _safely(notifier: Notifier, notification: Notification) -> Delivery:
    """A notifier's answer, also where it raised against the contract; the text of that error may hold a secret."""
    try:
        return notifier.notify(notification)
    except Exception as error:
        name, kind = type(notifier).__name__, type(error).__name__
        logger.warning("notification %s was not delivered: %s raised %s", notification.id, name, kind)
        return Delivery(name, "failed", f"{name} raised {kind}")


def _reasons(parts: tuple[Delivery, ...]) -> str:
    return "; ".join(f"{part.by}: {part.reason}" for part in parts if part.reason)
