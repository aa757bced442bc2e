"""The typed route of a model: rows of named features in, described to the last detail by the OpenAPI document."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from modelyard_serving.decoding.columns import Values
from modelyard_serving.decoding.decoder import Decoder
from modelyard_serving.loading.served import ServedModel
from modelyard_serving.protocols.asking import Rendered, Told, read_flag, records_document, render_json
from modelyard_serving.protocols.bodies import parse_json
from modelyard_serving.protocols.invocations import decode_rows
from modelyard_serving.refusals import RequestRefusedError

_KEYS = frozenset({"rows", "explain"})


@dataclass(frozen=True, slots=True)
class TypedRequest:
    """A request to /models/NAME/predict."""

    columns: Mapping[str, Values]
    explain: bool

    def render(self, model: ServedModel, told: Told) -> Rendered:
        """One prediction a row, and which model gave them."""
        return render_json(records_document(model, told))


def read_rows(body: bytes, decoder: Decoder) -> TypedRequest:
    """The request in a body.

    Raises:
        RequestRefusedError: It is not an object with rows of the model's features.
    """
    document = parse_json(body)
    if "rows" not in document or not document.keys() <= _KEYS:
        found = ", ".join(key[:40] for key in sorted(document)[:5]) or "nothing"
        raise RequestRefusedError("unknown_format", f"expected rows, and explain if you like; found {found}")
    explain = read_flag(document.get("explain", False), "explain")
    return TypedRequest(decode_rows(document["rows"], decoder), explain)
