"""The API test suite: what a model API must answer before its version takes traffic.

It works against any address that serves the model. A check never raises: whatever goes wrong in it is its finding.
"""

from __future__ import annotations

import statistics
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from modelyard.errors import ModelApiUnreachableError
from modelyard.release.bad_requests import bad_requests
from modelyard.release.calling import Answer, ModelApi
from modelyard.release.expectation import Expectation
from modelyard.release.openapi_form import faults_of
from modelyard.release.report import Check, SuiteReport

TOLERANCE = 1e-9
"""How far a prediction may be from the recorded one, absolute and relative."""
LATENCY_BUDGET_MS = 250.0
_CALLS = 40
_ROUNDS = 3
_OK = 200
_CLIENT_ERRORS = range(400, 500)


class _NotSoError(Exception):
    """A check did not hold; the message is what was found."""


@dataclass(slots=True)
class _Run:
    """One run of the suite; what it measures is kept here."""

    api: ModelApi
    expected: Expectation
    budget_ms: float
    p95_ms: float | None = None


Try = Callable[[_Run], None]


def run_suite(url: str, expected: Expectation, *, budget_ms: float = LATENCY_BUDGET_MS) -> SuiteReport:
    """The whole suite, as it gates a release.

    Args:
        url: Address of the model API.
        expected: What it has to serve.
        budget_ms: What 95 of 100 single-row predictions must not exceed.
    """
    return _run(_Run(ModelApi(url), expected, budget_ms), SUITE)


def run_smoke(url: str, expected: Expectation) -> SuiteReport:
    """The part that is quick and leaves no trace in a live API's error counters."""
    return _run(_Run(ModelApi(url), expected, LATENCY_BUDGET_MS), SMOKE)


def _run(run: _Run, checks: Sequence[tuple[str, Try]]) -> SuiteReport:
    done = tuple(_check(name, attempt, run) for name, attempt in checks)
    expected = run.expected
    return SuiteReport(
        url=run.api.url,
        model=expected.model,
        version=expected.version,
        digest=expected.digest,
        checks=done,
        p95_ms=run.p95_ms,
    )


def _check(name: str, attempt: Try, run: _Run) -> Check:
    try:
        attempt(run)
    except (_NotSoError, ModelApiUnreachableError) as error:
        return Check(name, passed=False, detail=str(error))
    except Exception as error:
        return Check(name, passed=False, detail=f"the answer has another form ({type(error).__name__})")
    return Check(name, passed=True)


def _must(holds: bool, found: object) -> None:  # noqa: FBT001 - reads as a sentence
    if not holds:
        raise _NotSoError(str(found)[:300])


def _is(answer: Answer, status: int) -> Answer:
    _must(answer.status == status, f"status {answer.status}, expected {status}: {answer.body[:200]!r}")
    return answer


def _live(run: _Run) -> None:
    _is(run.api.get("/v2/health/live"), _OK)


def _ready(run: _Run) -> None:
    _is(run.api.get("/v2/health/ready"), _OK)
    _is(run.api.get(f"/v2/models/{run.expected.model}/ready"), _OK)


def _server(run: _Run) -> None:
    found = _is(run.api.get("/v2"), _OK).json()
    _must({"name", "version", "extensions"} <= set(found), found)


def _names_version(run: _Run) -> None:
    answer = _is(run.api.get(f"/v2/models/{run.expected.model}"), _OK)
    found = answer.json()
    _must(found["versions"] == [run.expected.version], f"versions {found['versions']}")
    _must(found["parameters"]["digest"] == run.expected.digest, f"digest {found['parameters']['digest']}")
    _names(run, answer)


def _names(run: _Run, answer: Answer) -> None:
    found = (answer.headers.get("x-model-version"), answer.headers.get("x-model-digest"))
    _must(found == (run.expected.version, run.expected.digest), f"version and digest in the headers are {found}")


def _features(run: _Run) -> None:
    found = _is(run.api.get(f"/v2/models/{run.expected.model}"), _OK).json()
    names = [tensor["name"] for tensor in found["inputs"]]
    _must(names == list(run.expected.signature.names), f"inputs {names}")


def _infer_repeats(run: _Run) -> None:
    answer = _is(run.api.post(f"/v2/models/{run.expected.model}/infer", {"inputs": run.expected.tensors()}), _OK)
    found = answer.json()
    named = (found["model_name"], found["model_version"])
    _must(named == (run.expected.model, run.expected.version), f"answered by {named}")
    _names(run, answer)
    _same(run, answer)


def _invocations_repeat(run: _Run) -> None:
    path = f"/models/{run.expected.model}/invocations"
    for body in ({"dataframe_records": run.expected.rows}, run.expected.split()):
        answer = _is(run.api.post(path, body), _OK)
        _names(run, answer)
        _same(run, answer)


def _same(run: _Run, answer: Answer) -> None:
    found, recorded = run.expected.predictions_in(answer.json()), run.expected.example.predictions
    _must(found is not None and len(found) == len(recorded), f"predictions {found}, recorded {len(recorded)} rows")
    for index, (given, wanted) in enumerate(zip(found or (), recorded, strict=True)):
        _must(abs(given - wanted) <= TOLERANCE * max(1.0, abs(wanted)), f"row {index}: {given!r}, recorded {wanted!r}")


def _labels(run: _Run) -> None:
    if run.expected.signature.task != "binary":
        return
    path = f"/models/{run.expected.model}/invocations"
    found = run.expected.labels_in(run.api.post(path, {"dataframe_records": run.expected.rows}).json())
    _must(found == run.expected.expected_labels(), f"labels {found}, expected {run.expected.expected_labels()}")


def _echoes_id(run: _Run) -> None:
    body = {"id": "suite-1", "inputs": run.expected.tensors(1)}
    found = _is(run.api.post(f"/v2/models/{run.expected.model}/infer", body), _OK).json()
    _must(found.get("id") == "suite-1", f"id {found.get('id')!r}")


def _refuses_bad_requests(run: _Run) -> None:
    for bad in bad_requests(run.expected):
        answer = run.api.post(bad.path, bad.body, content_type=bad.content_type)
        where = f"{bad.name}: status {answer.status}"
        _must(answer.status in _CLIENT_ERRORS, f"{where}, expected 4xx")
        fault = answer.fault
        _must(fault is not None and fault.code and fault.request_id, f"{where} without a reason")
        _must(b"Traceback" not in answer.body, f"{where} with a stack trace")


def _knows_its_paths(run: _Run) -> None:
    for path, status in (("/v2/models/no_such_model", 404), ("/no/such/path", 404), ("/invocations", 405)):
        _is(run.api.get(path), status)


def _openapi(run: _Run) -> None:
    document = _is(run.api.get("/openapi.json"), _OK).json()
    faults = faults_of(document, model=run.expected.model, features=run.expected.signature.names)
    _must(not faults, "; ".join(faults))


def _docs(run: _Run) -> None:
    answer = _is(run.api.get("/docs"), _OK)
    _must(answer.headers.get("content-type", "").startswith("text/html"), answer.headers.get("content-type"))
    _must(run.expected.model.encode() in answer.body, "the page does not name the model")


def _metrics(run: _Run) -> None:
    answer = _is(run.api.get("/metrics"), _OK)
    wanted = f'digest="{run.expected.digest}"'.encode()
    _must(b"modelyard_model_info" in answer.body and wanted in answer.body, "no sample for this version")


def _latency(run: _Run) -> None:
    # Other work on the machine can only make a round slower, so the fastest one says most about the model.
    for _ in range(_ROUNDS):
        p95_ms = _measure(run)
        run.p95_ms = p95_ms if run.p95_ms is None else min(run.p95_ms, p95_ms)
        if run.p95_ms <= run.budget_ms:
            return
    raise _NotSoError(f"p95 is {run.p95_ms:g} ms, allowed are {run.budget_ms:g} ms")


def _measure(run: _Run) -> float:
    path = f"/models/{run.expected.model}/invocations"
    body = {"dataframe_records": run.expected.rows[:1]}
    seconds = [_is(run.api.post(path, body), _OK).seconds for _ in range(_CALLS)]
    return round(statistics.quantiles(seconds, n=20, method="inclusive")[-1] * 1e3, 3)


SMOKE: tuple[tuple[str, Try], ...] = (
    ("it is alive", _live),
    ("it is ready", _ready),
    ("it names the version and digest that were released", _names_version),
    ("it repeats the recorded predictions over the Open Inference Protocol", _infer_repeats),
    ("it repeats the recorded predictions over MLflow's formats", _invocations_repeat),
)
SUITE: tuple[tuple[str, Try], ...] = (
    *SMOKE,
    ("it describes itself", _server),
    ("its metadata lists the model's features", _features),
    ("labels follow the threshold", _labels),
    ("it repeats a request's id", _echoes_id),
    ("it refuses bad requests with a reason", _refuses_bad_requests),
    ("it refuses unknown paths and methods", _knows_its_paths),
    ("its OpenAPI document holds together", _openapi),
    ("its documentation names the model", _docs),
    ("its metrics name the version", _metrics),
    ("single rows are answered within the latency budget", _latency),
)
