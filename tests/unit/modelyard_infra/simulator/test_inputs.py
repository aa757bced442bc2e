"""What a program is told in a preview about what it sent."""

from modelyard_infra.catalogue import load_catalogue
from modelyard_infra.plugin.wire import UNKNOWN
from modelyard_infra.simulator.inputs import foreseen

IDENTITY = "/subscriptions/s/resourceGroups/g/providers/Microsoft.ManagedIdentity/userAssignedIdentities/one"
SENT = {
    "resourceGroupName": "g",
    "containerAppName": "mlflow",
    "location": "westeurope",
    "identity": {"type": "UserAssigned", "userAssignedIdentities": [IDENTITY]},
}


def test_a_preview_tells_again_what_was_sent():
    told = foreseen(load_catalogue()["app:ContainerApp"], SENT)
    assert told["location"] == "westeurope"
    assert told["identity"]["type"] == "UserAssigned"
    assert told["name"] == "mlflow"
    assert "resourceGroupName" not in told


def test_a_preview_does_not_tell_what_comes_back_in_another_form():
    told = foreseen(load_catalogue()["app:ContainerApp"], SENT)
    assert told["identity"]["userAssignedIdentities"] == UNKNOWN, "Azure answers with a map of them"
