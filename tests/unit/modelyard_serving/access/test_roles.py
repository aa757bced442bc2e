"""What each endpoint asks for."""

import pytest

from modelyard_serving.access.roles import ROLE_OF, Role, role_of
from modelyard_serving.observing.counters import ENDPOINTS


def test_probes_are_open_and_nothing_else():
    assert {name for name in ENDPOINTS if name != "other" and role_of(name) is None} == {
        "live",
        "ready",
        "model_ready",
        "ping",
    }


def test_every_endpoint_that_predicts_asks_for_predict():
    assert {name for name, role in ROLE_OF.items() if role is Role.PREDICT} == {"infer", "invocations", "predict"}


def test_metrics_are_apart_from_what_clients_read():
    assert role_of("metrics") is Role.METRICS
    assert role_of("openapi") is role_of("docs") is role_of("model") is Role.READ


def test_an_endpoint_that_nobody_thought_of_is_an_error_when_routes_are_made():
    with pytest.raises(LookupError, match="ROLE_OF"):
        role_of("debug")
