"""schemathesis reads the OpenAPI document of a live model API, and tries what it promises and what it does not."""

from __future__ import annotations

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, seed, settings
from schemathesis.generation import GenerationMode

OPERATIONS = (
    "GET /metrics",
    "GET /v2",
    "GET /v2/health/live",
    "GET /v2/health/ready",
    "GET /v2/models/tiny",
    "GET /v2/models/tiny/ready",
    "GET /v2/models/tiny/versions/1",
    "GET /v2/models/tiny/versions/1/ready",
    "POST /invocations",
    "POST /models/tiny/invocations",
    "POST /models/tiny/predict",
    "POST /v2/models/tiny/infer",
    "POST /v2/models/tiny/versions/1/infer",
)


@pytest.fixture
def document(live, train):
    """The OpenAPI document of a live model API."""
    train().deploy(live.bundles, live.deployments, version="1")
    live.ready()
    return schemathesis.openapi.from_url(f"{live.url}/openapi.json")


def operations_of(document):
    found = [result.ok() for result in document.get_all_operations()]
    return {f"{operation.method.upper()} {operation.path}": operation for operation in found}


def test_the_document_has_the_operations_that_are_tried(document):
    assert sorted(operations_of(document)) == sorted(OPERATIONS)


@pytest.mark.parametrize("mode", [GenerationMode.POSITIVE, GenerationMode.NEGATIVE])
@pytest.mark.parametrize("operation", OPERATIONS)
def test_no_request_fails_and_every_answer_is_as_promised(document, operation, mode):
    strategy = operations_of(document)[operation].as_strategy(generation_mode=mode)

    @seed(0)
    @settings(max_examples=30, deadline=None, database=None, suppress_health_check=list(HealthCheck), phases=[Phase.generate])
    @given(case=strategy)
    def ask(case):
        case.validate_response(case.call())

    ask()
