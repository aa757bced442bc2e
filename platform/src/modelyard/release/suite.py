"""The API test suite: what a model API must answer before its version takes traffic.

It works against any address that serves the model. A check never raises: whatever goes wrong in it is its finding.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from modelyard.errors import ModelApiUnreachableError
from modelyard.release.calling import ModelApi
from modelyard.release.checks import predicting, refusing, speed, telling
from modelyard.release.checks.run import NotSoError, Run
from modelyard.release.credential import Credential
from modelyard.release.expectation import Expectation
from modelyard.release.forms import MLFLOW_CSV, MLFLOW_JSON, TYPED, V2_BINARY, V2_JSON, V2_VERSION
from modelyard.release.report import Check, SuiteReport

LATENCY_BUDGET_MS = 250.0
LOAD_SECONDS = 2.0
_CALL_SECONDS = 30.0

Try = Callable[[Run], None]


def run_suite(
    url: str,
    expected: Expectation,
    *,
    budget_ms: float = LATENCY_BUDGET_MS,
    load_seconds: float = LOAD_SECONDS,
    credential: Credential | None = None,
    beside: bool = False,
) -> SuiteReport:
    """The whole suite, as it gates a release.

    Args:
        url: Address of the model API.
        expected: What it has to serve.
        budget_ms: What 95 of 100 single-row predictions must not exceed.
        load_seconds: How long several clients ask at once.
        credential: What lets the suite in, where not everybody is let in.
        beside: Whether another version may be tried there. It may then answer what names no version.
    """
    api = ModelApi(url, seconds=_CALL_SECONDS, credential=credential)
    run = Run(api=api, expected=expected, budget_ms=budget_ms, load_seconds=load_seconds, beside=beside)
    return _run(run, SUITE)


def run_smoke(
    url: str, expected: Expectation, *, credential: Credential | None = None, beside: bool = False
) -> SuiteReport:
    """The part that is quick and leaves no trace in a live API's error counters.

    Args:
        url: Address of the model API.
        expected: What it has to serve.
        credential: What lets the suite in, where not everybody is let in.
        beside: Whether another version may be tried there. It may then answer what names no version.
    """
    api = ModelApi(url, credential=credential)
    return _run(Run(api=api, expected=expected, budget_ms=LATENCY_BUDGET_MS, load_seconds=0.0, beside=beside), SMOKE)


def _run(run: Run, checks: Sequence[tuple[str, Try]]) -> SuiteReport:
    done = tuple(_check(name, attempt, run) for name, attempt in checks)
    expected = run.expected
    return SuiteReport(
        url=run.api.url,
        model=expected.model,
        version=expected.version,
        digest=expected.digest,
        checks=done,
        p50_ms=run.p50_ms,
        p95_ms=run.p95_ms,
        sample=expected.origin,
        rows=len((expected.sample or expected.example).rows),
    )


def _check(name: str, attempt: Try, run: Run) -> Check:
    run.seconds.clear()
    run.found = ""
    try:
        attempt(run)
    except (NotSoError, ModelApiUnreachableError) as error:
        return Check.timed(name, run.seconds, passed=False, detail=str(error))
    except Exception as error:
        detail = f"the answer has another form ({type(error).__name__})"
        return Check.timed(name, run.seconds, passed=False, detail=detail)
    return Check.timed(name, run.seconds, passed=True, detail=run.found)


SMOKE: tuple[tuple[str, Try], ...] = (
    ("it is alive", telling.live),
    ("it is ready", telling.ready),
    ("it names the version and digest that were released", telling.names_version),
    ("it repeats the recorded predictions over the Open Inference Protocol", predicting.repeats(V2_JSON, V2_VERSION)),
    ("it repeats the recorded predictions in binary tensors", predicting.repeats(V2_BINARY)),
    ("it repeats the recorded predictions over MLflow's formats", predicting.repeats(*MLFLOW_JSON, MLFLOW_CSV)),
    ("it repeats the recorded predictions on its typed route", predicting.repeats(TYPED)),
)
SUITE: tuple[tuple[str, Try], ...] = (
    *SMOKE,
    ("it predicts as the registered model does", predicting.as_registered),
    ("labels follow the threshold", predicting.labels),
    ("it repeats a request's id", predicting.repeats_id),
    ("its explanations add up to the predictions", predicting.explains),
    ("it describes itself", telling.server),
    ("its metadata lists the model's features", telling.features),
    ("its OpenAPI document holds together", telling.openapi),
    ("its documentation names the model", telling.docs),
    ("it refuses bad requests with a reason", refusing.bad_inputs),
    ("it refuses unknown paths and methods", telling.paths),
    ("single rows are answered within the latency budget", speed.within_budget),
    ("under load every answer is right", speed.under_load),
    ("its metrics name the version", telling.metrics),
)
