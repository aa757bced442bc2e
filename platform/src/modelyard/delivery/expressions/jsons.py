"""Values as JSON."""

from __future__ import annotations

import json
from datetime import datetime

from modelyard.delivery.expressions.values import Value, Version, is_array, is_number, is_object, number_text, to_text


def to_json(value: Value) -> str:
    """A value as JSON, indented by two spaces. Versions and times become strings."""
    return _written(value, "\n")


def _written(value: Value, line: str) -> str:
    inner = line + "  "
    if is_object(value):
        pairs = [f"{_quoted(str(name))}: {_written(part, inner)}" for name, part in value.items()]
        return "{" + inner + ("," + inner).join(pairs) + line + "}" if pairs else "{}"
    if is_array(value):
        items = [_written(item, inner) for item in value]
        return "[" + inner + ("," + inner).join(items) + line + "]" if items else "[]"
    return _scalar(value)


def _scalar(value: Value) -> str:
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true" if value else "false"
    if is_number(value):
        return number_text(value)
    return _quoted(to_text(value) or "") if isinstance(value, Version | datetime) else _quoted(str(value))


def _quoted(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)
