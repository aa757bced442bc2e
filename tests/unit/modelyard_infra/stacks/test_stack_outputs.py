import json

import pytest

from modelyard.environment.connections import Connections
from modelyard.environment.stack_outputs import checkpoint_file, read_connections, read_outputs
from modelyard.errors import NotProvisionedError

CONNECTIONS = {
    "environment": "local",
    "lake": "/lake",
    "tracking": "http://127.0.0.1:5000",
    "deployments": "/deployments",
    "bundles": "/bundles",
    "model_api": "http://127.0.0.1:5001",
}


def keep(workspace, outputs):
    stack = {"type": "pulumi:pulumi:Stack", "outputs": outputs}
    file = checkpoint_file(workspace, "local")
    file.parent.mkdir(parents=True, exist_ok=True)
    resources = [{"type": "modelyard:local:Folder", "outputs": {"path": "/"}}, stack]
    file.write_text(json.dumps({"version": 3, "checkpoint": {"latest": {"resources": resources}}}))


def test_connections_are_read_from_the_checkpoint(workspace):
    keep(workspace, {"connections": CONNECTIONS, "services": {}})
    assert read_connections(workspace, "local") == Connections(**CONNECTIONS)
    assert read_outputs(workspace, "local").keys() == {"connections", "services"}


@pytest.mark.parametrize("outputs", [None, {}])
def test_a_stack_without_outputs_is_not_provisioned(workspace, outputs):
    keep(workspace, outputs)
    with pytest.raises(NotProvisionedError) as refused:
        read_connections(workspace, "local")
    assert refused.value.hint == "modelyard infra up local"


def test_without_a_stack_the_next_command_is_named(workspace):
    with pytest.raises(NotProvisionedError, match="environment local is not provisioned") as refused:
        read_connections(workspace, "local")
    assert refused.value.hint == "modelyard infra up local"


def test_connections_of_another_version_are_told_by_field(workspace):
    keep(workspace, {"connections": {**CONNECTIONS, "registry": "x"}})
    with pytest.raises(NotProvisionedError, match="does not understand: registry"):
        read_connections(workspace, "local")


@pytest.mark.parametrize("content", ["", "{", "[]", '{"checkpoint": 1}', "null"])
def test_a_spoilt_checkpoint_is_told_with_the_place_of_its_copies(workspace, content):
    keep(workspace, {})
    checkpoint_file(workspace, "local").write_text(content)
    with pytest.raises(NotProvisionedError, match="no checkpoint of Pulumi") as refused:
        read_connections(workspace, "local")
    assert "backups" in refused.value.hint
