"""A notification as an Adaptive Card in the envelope that Teams Workflows takes ("When a Teams webhook request is
received"). Legacy MessageCards are not used: Microsoft retires the connectors that took them.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from modelyard.notify.notification import Notification

CARD_VERSION = "1.4"
LARGEST_MESSAGE = 28 * 1024
"""Bytes that Teams takes in one message."""
CUT = " … (cut; the outbox has the whole text)"
TEXT_LIMITS = (4_000, 1_000, 250, 60)
"""Characters that one text may have: the next limit is tried while the message is too large."""
FACT_LIMITS = (40, 20, 10, 3)
MARKDOWN = str.maketrans({mark: f"\\{mark}" for mark in "\\[]*`"})
"""Texts may come from data: what would become a link or a format is shown as it is."""


def message(notification: Notification) -> bytes:
    """The JSON message for Teams, never larger than Teams takes."""
    for text_limit, fact_limit in zip(TEXT_LIMITS, FACT_LIMITS, strict=True):
        body = json.dumps(_envelope(notification, text_limit, fact_limit), ensure_ascii=False).encode()
        if len(body) <= LARGEST_MESSAGE:
            return body
    return body


def _envelope(notification: Notification, text_limit: int, fact_limit: int) -> dict[str, Any]:
    card = {
        "$schema": "http://adaptivecards.io/schemas/adaptive-card.json",
        "type": "AdaptiveCard",
        "version": CARD_VERSION,
        "msteams": {"width": "Full"},
        "fallbackText": _shown(notification.title, text_limit),
        "body": _body(notification, text_limit, fact_limit),
    }
    attachment = {"contentType": "application/vnd.microsoft.card.adaptive", "contentUrl": None, "content": card}
    return {"type": "message", "attachments": [attachment]}


def _body(notification: Notification, text_limit: int, fact_limit: int) -> list[dict[str, Any]]:
    facts: Mapping[str, str] = {
        "Where": notification.where,
        "How much": notification.how_much,
        "Next step": notification.next_step,
        **dict(list(notification.facts.items())[:fact_limit]),
    }
    pairs = [{"title": _shown(name, 80), "value": _shown(text, text_limit)} for name, text in facts.items() if text]
    return [
        _text(notification.title, text_limit, weight="Bolder", size="Medium"),
        _text(notification.what, text_limit),
        {"type": "FactSet", "facts": pairs},
        _text(f"{notification.kind} · {notification.id}", text_limit, isSubtle=True, size="Small"),
    ]


def _text(text: str, limit: int, **looks: Any) -> dict[str, Any]:  # noqa: ANN401  (JSON)
    return {"type": "TextBlock", "text": _shown(text, limit), "wrap": True, **looks}


def _shown(text: str, limit: int) -> str:
    cut = text if len(text) <= limit else text[:limit] + CUT
    return cut.translate(MARKDOWN)
