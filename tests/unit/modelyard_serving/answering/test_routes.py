"""Paths lead to endpoints, and clients cannot make the table grow."""

from __future__ import annotations

import pytest

from modelyard_serving.access.roles import Role
from modelyard_serving.answering import routes as module
from modelyard_serving.answering.routes import Routes
from modelyard_serving.refusals import RequestRefusedError


async def nobody(call):
    raise AssertionError(call)


@pytest.fixture
def routes():
    made = Routes()
    made.add("/v2", "server", method="GET", handler=nobody)
    made.add("/v2/models/{name}/versions/{version}/infer", "infer", method="POST", handler=nobody)
    return made


def test_a_path_without_names_is_found(routes):
    assert routes.find("/v2", "GET").endpoint.name == "server"


def test_the_names_in_a_path_are_told(routes):
    for _ in range(2):
        match = routes.find("/v2/models/tiny/versions/2/infer", "POST")
        assert dict(match.names) == {"name": "tiny", "version": "2"}
        assert match.endpoint.role is Role.PREDICT


@pytest.mark.parametrize("path", ["/v2/", "/v2/models//versions/2/infer", "/v2/models/a/b/versions/2/infer", "", "//"])
def test_other_paths_lead_nowhere(routes, path):
    with pytest.raises(RequestRefusedError) as refused:
        routes.find(path, "GET")
    assert refused.value.status == 404


def test_another_method_is_told_the_right_one(routes):
    with pytest.raises(RequestRefusedError) as refused:
        routes.find("/v2", "POST")
    assert (refused.value.status, refused.value.headers) == (405, {"allow": "GET"})


def test_the_paths_that_are_remembered_are_bounded(routes, monkeypatch):
    monkeypatch.setattr(module, "_KNOWN_PATHS", 3)
    for index in range(20):
        routes.find(f"/v2/models/m{index}/versions/1/infer", "POST")
        assert len(routes._known) <= 3


def test_an_endpoint_that_nobody_gave_a_role_is_not_added(routes):
    with pytest.raises(LookupError, match="no role is said"):
        routes.add("/new", "new", method="GET", handler=nobody)
