"""The outbox: a file with one JSON document a line, for every notification there ever was."""

from __future__ import annotations

import json
import logging
import os
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

from modelyard.notify.notification import Notification
from modelyard.notify.notifier import Delivery

LOCK_SECONDS = 30.0
logger = logging.getLogger(__name__)


def utc_now() -> datetime:
    """The time, with its zone."""
    return datetime.now(UTC)


class OutboxNotifier:
    """Appends notifications to a file. The same event is written once, however often it is told.

    Writers keep each other out with a lock beside the file. A line that a killed writer left unfinished is taken
    away by the next one: nobody was ever told that it had been written.
    """

    def __init__(self, file: Path, *, patience: float = LOCK_SECONDS, clock: Callable[[], datetime] = utc_now) -> None:
        self._file = file
        self._patience = patience
        self._clock = clock

    def notify(self, notification: Notification) -> Delivery:
        """Append the notification, unless the file has its event already."""
        from filelock import FileLock, Timeout

        try:
            self._file.parent.mkdir(parents=True, exist_ok=True)
            with FileLock(f"{self._file}.lock", timeout=self._patience):
                return self._append(notification)
        except OSError as error:
            why = "locked by another process" if isinstance(error, Timeout) else error.strerror
            reason = f"{self._file}: {why}"
            logger.warning("notification %s was not written to the outbox: %s", notification.id, reason)
            return Delivery("outbox", "failed", reason)

    def _append(self, notification: Notification) -> Delivery:
        if any(document.get("id") == notification.id for document in read_outbox(self._file)):
            return Delivery("outbox", "already sent")
        document = {"at": self._clock().isoformat(timespec="seconds"), **notification.to_json()}
        line = json.dumps(document, ensure_ascii=False, separators=(",", ":")) + "\n"
        with self._file.open("ab") as out:
            _drop_unfinished_line(self._file)
            out.write(line.encode())
            out.flush()
            os.fsync(out.fileno())
        return Delivery("outbox", "sent")


def read_outbox(file: Path) -> Iterator[dict[str, object]]:
    """Every notification of an outbox file, oldest first; lines that are no JSON document are left out."""
    if not file.is_file():
        return
    for line in file.read_bytes().splitlines():
        try:
            document = json.loads(line)
        except ValueError:
            continue
        if isinstance(document, dict):
            yield document


def _drop_unfinished_line(file: Path) -> None:
    content = file.read_bytes()
    if content and not content.endswith(b"\n"):
        os.truncate(file, content.rfind(b"\n") + 1)
