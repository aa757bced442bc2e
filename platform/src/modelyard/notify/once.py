"""Tells an event once, through a notifier that has no memory of its own."""

from __future__ import annotations

import logging
import os
from pathlib import Path

from modelyard.notify.notification import Notification
from modelyard.notify.notifier import Delivery, Notifier

LOCK_SECONDS = 60.0
logger = logging.getLogger(__name__)


class OnceNotifier:
    """Remembers in a file what another notifier has delivered, and does not ask it again.

    What failed is asked again the next time. A process that is killed between delivering and remembering tells
    twice: better twice than never.
    """

    def __init__(self, inner: Notifier, memory: Path) -> None:
        self._inner = inner
        self._memory = memory

    def notify(self, notification: Notification) -> Delivery:
        """Deliver the notification, unless its event was delivered before."""
        from filelock import FileLock

        try:
            self._memory.parent.mkdir(parents=True, exist_ok=True)
            with FileLock(f"{self._memory}.lock", timeout=LOCK_SECONDS):
                return self._deliver(notification)
        except OSError as error:
            logger.warning("%s cannot be used (%s): telling without it", self._memory, type(error).__name__)
            return self._inner.notify(notification)

    def _deliver(self, notification: Notification) -> Delivery:
        known = self._memory.read_text(encoding="utf-8", errors="replace") if self._memory.is_file() else ""
        if notification.id in known.splitlines():
            return Delivery(type(self._inner).__name__, "already sent")
        delivery = self._inner.notify(notification)
        if delivery.status != "failed":
            self._remember(notification.id, unfinished=bool(known) and not known.endswith("\n"))
        return delivery

    def _remember(self, identity: str, *, unfinished: bool) -> None:
        try:
            with self._memory.open("a", encoding="utf-8") as out:
                out.write(f"{chr(10) if unfinished else ''}{identity}\n")
                out.flush()
                os.fsync(out.fileno())
        except OSError as error:
            logger.warning("%s cannot be written (%s): this may be told again", self._memory, error.strerror)
