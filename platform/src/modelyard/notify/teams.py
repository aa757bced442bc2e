"""Tells a Teams channel, through the URL of a Workflow. Whoever knows the URL can write there: it is a secret."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable

from modelyard.notify.card import message
from modelyard.notify.notification import Notification
from modelyard.notify.notifier import Delivery
from modelyard.notify.posting import TIMEOUT_SECONDS, Posting

logger = logging.getLogger(__name__)


class TeamsNotifier:
    """Posts an Adaptive Card to a Teams Workflow; tries again, at most twice, when Teams asks for it."""

    def __init__(
        self,
        url: str,
        *,
        timeout: float = TIMEOUT_SECONDS,
        wait: Callable[[float], None] = time.sleep,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._posting = Posting(url, timeout=timeout, wait=wait, clock=clock)

    def __repr__(self) -> str:
        """Without the URL."""
        return "TeamsNotifier(url=<secret>)"

    def notify(self, notification: Notification) -> Delivery:
        """Post the card."""
        reason = self._posting.post(message(notification))
        if not reason:
            return Delivery("teams", "sent")
        logger.warning("notification %s was not delivered to Teams: %s", notification.id, reason)
        return Delivery("teams", "failed", reason)
