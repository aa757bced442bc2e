"""Starts the pipeline that releases a model, when a promotion makes its version the one in production.

The address is that of an incoming webhook of Azure DevOps. It verifies an HMAC-SHA1 of the body with a key that both
sides know, in the header that the service connection names:
https://learn.microsoft.com/azure/devops/pipelines/process/resources#webhooks-resource-definition
"""

from __future__ import annotations

import hashlib
import hmac
import json
import logging
import time
from collections.abc import Callable

from modelyard.notify.notification import Notification
from modelyard.notify.notifier import Delivery
from modelyard.notify.posting import TIMEOUT_SECONDS, Posting

PROMOTED = "model promoted"
SIGNATURE_HEADER = "X-Modelyard-Signature"
"""What the service connection of the webhook names as its HTTP header."""
logger = logging.getLogger(__name__)


class PipelineNotifier:
    """Posts a promotion, signed; every other event is none of a pipeline's business."""

    def __init__(
        self, url: str, key: str, *, timeout: float = TIMEOUT_SECONDS, wait: Callable[[float], None] = time.sleep
    ) -> None:
        self._posting = Posting(url, timeout=timeout, wait=wait)
        self._key = key.encode()

    def __repr__(self) -> str:
        """Without the URL and the key."""
        return "PipelineNotifier(url=<secret>, key=<secret>)"

    def notify(self, notification: Notification) -> Delivery:
        """Post the promotion: model, version, and the hash of the decision in the ledger."""
        if notification.kind != PROMOTED:
            return Delivery("pipeline", "already sent", "only promotions start a pipeline")
        facts = {name: notification.facts.get(name, "") for name in ("model", "version", "digest", "ledger")}
        body = json.dumps({"kind": notification.kind, "id": notification.id, **facts}).encode()
        # The service takes no other algorithm; the key is random and used for nothing else.
        signature = hmac.new(self._key, body, hashlib.sha1).hexdigest()
        reason = self._posting.post(body, {SIGNATURE_HEADER: signature})
        if not reason:
            return Delivery("pipeline", "sent")
        logger.warning("promotion %s did not start a pipeline: %s", notification.id, reason)
        return Delivery("pipeline", "failed", reason)
