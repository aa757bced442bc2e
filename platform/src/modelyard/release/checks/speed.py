"""How fast a model API answers, alone and under load."""

from __future__ import annotations

import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass, field

from modelyard.errors import ModelApiUnreachableError
from modelyard.release.calling import Answer
from modelyard.release.checks.predicting import sayable
from modelyard.release.checks.run import OK, Answerer, NotSoError, Run, differs_by, is_status, must
from modelyard.release.connection import Connection
from modelyard.release.expectation import Piece
from modelyard.release.forms import MLFLOW_CSV, RECORDS, TYPED, V2_BINARY, V2_JSON, V2_VERSION, Form, document_of
from modelyard.release.report import percentiles_ms
from modelyard.release.request import Request

_CALLS = 40
_ROUNDS = 3
_CLIENTS = 4
_SIZES = (1, 1, 8)
"""Rows of a request under load, in turn: most ask for one."""
_ITEMS = 36
"""Different requests under load."""
_MIX = (V2_JSON, V2_BINARY, RECORDS, TYPED, MLFLOW_CSV, V2_VERSION)


def within_budget(run: Run) -> None:
    """95 of 100 single rows are answered within the budget, asked one after the other."""
    # Other work on the machine can only make a round slower, so the fastest one says most about the model.
    for _ in range(_ROUNDS):
        half, most = percentiles_ms(_measured(run))
        if run.p95_ms is None or (most is not None and most < run.p95_ms):
            run.p50_ms, run.p95_ms = half, most
        if run.p95_ms is not None and run.p95_ms <= run.budget_ms:
            run.found = f"p95 is {run.p95_ms:g} ms, allowed are {run.budget_ms:g} ms"
            return
    raise NotSoError(f"p95 is {run.p95_ms:g} ms, allowed are {run.budget_ms:g} ms")


def _measured(run: Run) -> list[float]:
    first = run.expected.pieces(1)[0]
    return [run.ask(RECORDS, first).seconds for _ in range(_CALLS)]


@dataclass(frozen=True, slots=True)
class _Item:
    """One request of the load, and what each version that may answer has to say."""

    form: Form
    request: Request
    wanted: dict[Answerer, Piece]


@dataclass(slots=True)
class _Load:
    """Clients that ask without a pause, and hold every answer against what was wanted."""

    run: Run
    items: Sequence[_Item]
    until: float
    seconds: list[float] = field(default_factory=list)
    failures: list[str] = field(default_factory=list)

    def go(self) -> None:
        """Ask until the time is over."""
        threads = [threading.Thread(target=self._ask, args=(first,)) for first in range(_CLIENTS)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

    def _ask(self, at: int) -> None:
        with Connection(self.run.api) as connection:
            while time.monotonic() < self.until:
                item = self.items[at % len(self.items)]
                at += 1
                try:
                    answer = connection.ask(item.request)
                    self.seconds.append(answer.seconds)
                    _is_right(self.run, item, answer)
                except (NotSoError, ModelApiUnreachableError) as error:
                    self.failures.append(f"{item.form.name}: {error}")
                except Exception as error:
                    self.failures.append(f"{item.form.name}: another form of answer ({type(error).__name__})")


def _is_right(run: Run, item: _Item, answer: Answer) -> None:
    is_status(answer, OK)
    named = Answerer(answer.headers.get("x-model-version", ""), answer.headers.get("x-model-digest", ""))
    wanted = item.wanted.get(named)
    if wanted is None:
        raise NotSoError(f"version {named.version or None} answered")
    differs_by(run.expected.predictions_in(document_of(answer)), wanted)


def under_load(run: Run) -> None:
    """Several clients at once, for some seconds: no failure, and every answer right."""
    load = _Load(run, _items(run), until=time.monotonic() + run.load_seconds)
    run.seconds.clear()
    begun = time.monotonic()
    load.go()
    took = time.monotonic() - begun
    run.seconds.extend(load.seconds)
    sent = len(load.seconds)
    must(sent > 0, f"no answer in {run.load_seconds:g} s; {load.failures[:1]}")
    must(not load.failures, f"{len(load.failures)} of {sent} requests failed; {load.failures[:1]}")
    run.found = f"{_CLIENTS} clients, {sent / took:,.0f} requests a second, {len(load.items)} different ones"


def _items(run: Run) -> list[_Item]:
    """Requests in all forms and of several sizes, over the sample."""
    answerers = [run.deployed, *(() if (candidate := run.candidate()) is None else (candidate,))]
    items, pieces = [], {size: run.expected.pieces(size) for size in set(_SIZES)}
    for at in range(_ITEMS):
        # The size changes only when all forms have had their turn, so that each form comes in each size.
        form, own = _MIX[at % len(_MIX)], pieces[_SIZES[at // len(_MIX) % len(_SIZES)]]
        piece = own[at % len(own)]
        piece = sayable(piece) if form is MLFLOW_CSV else piece
        if not piece.rows:
            continue
        may = answerers[:1] if form.names_version else answerers
        items.append(_Item(form, run.request(form, piece), {one: run.wanted(one, piece) for one in may}))
    return items
