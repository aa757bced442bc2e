"""schemathesis reads the OpenAPI document of a live model API, and tries what it promises and what it does not."""

from __future__ import annotations

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, seed, settings
from schemathesis.core.failures import FailureGroup
from schemathesis.generation import GenerationMode
from schemathesis.specs.openapi.checks import negative_data_rejection, positive_data_acceptance

EXAMPLES = 30
TOLD = (
    "GET /metrics",
    "GET /v2",
    "GET /v2/health/live",
    "GET /v2/health/ready",
    "GET /v2/models/tiny",
    "GET /v2/models/tiny/ready",
    "GET /v2/models/tiny/versions/1",
    "GET /v2/models/tiny/versions/1/ready",
)
TYPED = "POST /models/tiny/predict"
"""Its schema says all there is to say: what follows it is answered, what does not is refused."""
LOOSE = (
    "POST /invocations",
    "POST /models/tiny/invocations",
    "POST /v2/models/tiny/infer",
    "POST /v2/models/tiny/versions/1/infer",
)
"""What makes these right cannot be said in a schema: columns of one length, shapes that fit the data, CSV."""


@pytest.fixture
def document(serving):
    """The OpenAPI document of a live model API."""
    return schemathesis.openapi.from_url(f"{serving.url}/openapi.json")


def operations_of(document):
    found = [result.ok() for result in document.get_all_operations()]
    return {f"{operation.method.upper()} {operation.path}": operation for operation in found}


def try_out(document, operation, mode, *excluded):
    """Ask for an operation in every way that schemathesis thinks of, and run all its checks but the excluded ones."""
    asked = []

    @seed(0)
    @settings(
        max_examples=EXAMPLES,
        deadline=None,
        database=None,
        suppress_health_check=list(HealthCheck),
        phases=[Phase.explicit, Phase.generate],
    )
    @given(case=operations_of(document)[operation].as_strategy(generation_mode=mode))
    def ask(case):
        response = case.call()
        asked.append(response.status_code)
        case.validate_response(response, excluded_checks=list(excluded))

    ask()
    return asked


def test_the_document_has_the_operations_that_are_tried(document):
    assert sorted(operations_of(document)) == sorted([*TOLD, TYPED, *LOOSE])


@pytest.mark.parametrize("operation", TOLD)
def test_what_tells_answers_as_promised(document, operation):
    assert set(try_out(document, operation, GenerationMode.POSITIVE)) == {200}


def test_the_typed_route_answers_whatever_follows_its_schema(document):
    assert set(try_out(document, TYPED, GenerationMode.POSITIVE)) == {200}


def test_the_typed_route_refuses_whatever_does_not(document):
    asked = try_out(document, TYPED, GenerationMode.NEGATIVE)
    assert {400} <= set(asked) <= {200, 400, 415}, "200: only the query had something that it does not know"


@pytest.mark.parametrize("operation", LOOSE)
def test_no_request_in_a_foreign_protocol_fails_and_every_answer_is_as_promised(document, operation):
    asked = try_out(document, operation, GenerationMode.POSITIVE, positive_data_acceptance)
    asked += try_out(document, operation, GenerationMode.NEGATIVE, negative_data_rejection)
    assert len(asked) > EXAMPLES
    assert max(asked) < 500


def test_schemathesis_would_say_so_if_an_answer_were_not_as_promised(document):
    document.raw_schema["components"]["schemas"]["tiny_answer"]["required"].append("signature")
    with pytest.raises((FailureGroup, ExceptionGroup), match="distinct failure"):
        try_out(document, TYPED, GenerationMode.POSITIVE)
