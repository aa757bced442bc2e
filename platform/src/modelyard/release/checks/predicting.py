"""Predictions: the same in every form, those of the registered model, and explained."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from modelyard.release.checks.run import TOLERANCE, Run, is_status, must
from modelyard.release.expectation import Piece, tensor_in
from modelyard.release.forms import EVERY, MLFLOW_CSV, RECORDS, TYPED, V2_BINARY, V2_JSON, Form, document_of
from modelyard.release.request import JSON, Request

_EXPLAINED = 1
"""Rows that are explained: each costs a thousand predictions and more."""
_LABELLED = (V2_JSON, V2_BINARY, RECORDS, TYPED)


def repeats(*forms: Form) -> Callable[[Run], None]:
    """The example's recorded predictions, in some forms."""

    def check(run: Run) -> None:
        for form in forms:
            try_form(run, form, run.expected.recorded)
        run.found = ", ".join(form.name for form in forms)

    return check


def as_registered(run: Run) -> None:
    """Every row of the sample, in every form, as the registered model predicts it."""
    pieces, largest = run.expected.pieces(), 0.0
    for form in EVERY:
        largest = max(largest, *(try_form(run, form, piece) for piece in pieces))
    rows = sum(len(piece.rows) for piece in pieces)
    run.found = f"{rows} rows in {len(EVERY)} forms, {run.expected.origin}; largest difference {largest:.1e}"


def try_form(run: Run, form: Form, piece: Piece) -> float:
    """Ask in one form; the largest difference to what was wanted."""
    asked = sayable(piece) if form is MLFLOW_CSV else piece
    if not asked.rows:
        return 0.0
    return run.held_against(form, run.ask(form, asked), asked)


def sayable(piece: Piece) -> Piece:
    """The rows that CSV can say: there, an empty text is a missing value."""
    kept = [index for index, row in enumerate(piece.rows) if "" not in row.values()]
    return Piece([piece.rows[at] for at in kept], [piece.predictions[at] for at in kept], piece.start)


def labels(run: Run) -> None:
    """A label is what the probability beside it means."""
    if run.expected.signature.task != "binary":
        run.found = "the model gives numbers without labels"
        return
    for form in _LABELLED:
        document = document_of(run.ask(form, run.expected.recorded))
        found = run.expected.labels_in(document)
        wanted = [run.expected.label_of(value) for value in run.expected.predictions_in(document) or ()]
        must(bool(wanted) and found == wanted, f"{form.name}: labels {found}, expected {wanted}")


def repeats_id(run: Run) -> None:
    """A request's id comes back, in the body and in the header."""
    document = {"id": "suite-1", "inputs": run.expected.tensors(1)}
    found = is_status(run.send(_posted(f"{run.metadata_path}/infer", document)), 200).json()
    must(found.get("id") == "suite-1", f"id {found.get('id')!r}")
    request = run.request(RECORDS, run.expected.recorded)
    named = Request(request.path, request.body, {**request.headers, "X-Request-Id": "suite-2"})
    told = run.send(named).headers.get("x-request-id")
    must(told == "suite-2", f"x-request-id {told!r}")


def explains(run: Run) -> None:
    """What an explanation says adds up to the prediction, and is the same in both protocols that give one."""
    piece = Piece(run.expected.example.rows[:_EXPLAINED], run.expected.example.predictions[:_EXPLAINED])
    rows = [dict(row) for row in piece.rows]
    typed = _posted(f"/models/{run.expected.model}/predict", {"rows": rows, "explain": True})
    document = is_status(run.send(typed), 200).json()
    told = document["explanation"]
    answered = [document["model"]["version"]]
    _adds_up(run, document, told["base_value"], told["contributions"])
    tensors = {"inputs": run.expected.tensors(_EXPLAINED), "parameters": {"explain": True}}
    document = is_status(run.send(_posted(f"{run.metadata_path}/infer", tensors)), 200).json()
    answered.append(document["model_version"])
    names, flat = run.expected.signature.names, _numbers(tensor_in(document, "contributions"))
    lines = [dict(zip(names, flat[at : at + len(names)], strict=True)) for at in range(0, len(flat), len(names))]
    _adds_up(run, document, _numbers(tensor_in(document, "base_value"))[0], lines)
    # While another version is tried beside it, that one may have answered one of them: nothing to compare then.
    same = answered[0] == answered[1]
    for line, other in zip(lines, told["contributions"] if same else lines, strict=True):
        apart = [name for name in names if abs(line[name] - other[name]) > TOLERANCE * max(1.0, abs(other[name]))]
        must(not apart, f"tensors and rows differ in what {', '.join(apart)} contributed")
    run.found = f"{told['method']}, {len(names)} features"


def _adds_up(run: Run, document: object, base: float, lines: Sequence[Mapping[str, float]]) -> None:
    found = run.expected.predictions_in(document) or []
    must(len(lines) == len(found) == _EXPLAINED, f"{len(lines)} explanations of {len(found)} predictions")
    for prediction, line in zip(found, lines, strict=True):
        must(tuple(line) == run.expected.signature.names, f"explained are {', '.join(line)}")
        total = base + sum(line.values())
        apart = abs(total - prediction) / max(1.0, abs(prediction))
        must(apart <= TOLERANCE * len(line), f"they add up to {total!r}, predicted is {prediction!r}")


def _numbers(found: Any) -> list[float]:  # noqa: ANN401 - JSON
    must(isinstance(found, list) and bool(found), "the explanation lacks a tensor")
    return [float(value) for value in found]


def _posted(path: str, document: object) -> Request:
    return Request(path, json.dumps(document).encode(), {"Content-Type": JSON})
