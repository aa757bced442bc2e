"""What a stack's state says of releases."""

import json
from dataclasses import asdict

import pytest

from modelyard.errors import ProvisioningFailedError
from modelyard_infra.blueprint.azure.released import Remembered, Version
from modelyard_infra.engine.remembering import remembered_in

WHOLE = Remembered(current=Version(1, "i", "d", "v1-00000000", "c"), tried=Version(2, "j", "e"), percent=10, serial=4)


def state(content, **more):
    urn = "urn:pulumi:dev::modelyard::pulumi:index:Stash::releases"
    entry = {"urn": urn, "type": "pulumi:index:Stash", "inputs": {"input": content}, **more}
    return json.loads(json.dumps({"resources": [{"urn": "x", "type": "pulumi:pulumi:Stack"}, entry]}))


def test_what_was_written_is_read():
    assert remembered_in(state({"flight_delay": asdict(WHOLE)})) == {"flight_delay": WHOLE}


@pytest.mark.parametrize("deployment", [{}, {"resources": None}, {"resources": []}])
def test_where_nothing_was_released_nothing_is_remembered(deployment):
    assert remembered_in(deployment) == {}


def test_what_is_about_to_be_deleted_is_not_remembered():
    assert remembered_in(state({"flight_delay": asdict(WHOLE)}, delete=True)) == {}


@pytest.mark.parametrize("content", [None, [], {"flight_delay": {"current": {"version": "one"}}}, {"flight_delay": 3}])
def test_what_cannot_be_understood_is_refused_rather_than_taken_for_nothing(content):
    with pytest.raises(ProvisioningFailedError, match="cannot be understood") as refused:
        remembered_in(state(content))
    assert "later one" in refused.value.hint
