"""Revisions of container apps, as Azure keeps them: a name is taken once."""

import pytest

from modelyard_infra.simulator.errors import AzureError


@pytest.fixture
def app(cloud):
    environment = cloud.put("app:ManagedEnvironment")

    def put(suffix, image="one", traffic=()):
        containers = [{"name": "c", "image": image, "resources": {"cpu": 0.5, "memory": "1Gi"}}]
        return cloud.put(
            "app:ContainerApp",
            managedEnvironmentId=environment.id,
            template={"containers": containers, "revisionSuffix": suffix},
            configuration={"ingress": {"targetPort": 80, "traffic": list(traffic)}},
        )

    return put


def test_the_newest_revision_may_be_asked_for_again(app):
    app("a", "one")
    app("a", "one")


@pytest.mark.parametrize("image", ["one", "three"])
def test_the_name_of_an_earlier_revision_is_taken_also_for_its_own_template(app, image):
    app("a", "one")
    app("b", "two")
    with pytest.raises(AzureError, match="revision with suffix a already exists"):
        app("a", image)


def test_the_newest_revisions_name_is_taken_for_another_template(app):
    app("a", "one")
    with pytest.raises(AzureError, match="revision with suffix a already exists"):
        app("a", "two")


def test_requests_go_to_revisions_that_are_there(app):
    name = app("a", "one").name
    app("b", "two", [{"revisionName": f"{name}--a", "weight": 90}, {"latestRevision": True, "weight": 10}])
    with pytest.raises(AzureError, match="RevisionNotFound"):
        app("c", "three", [{"revisionName": f"{name}--x", "weight": 100}])


def test_an_app_that_is_made_anew_knows_nothing_of_the_old_one(app, cloud):
    cloud.plane.delete("app:ContainerApp", app("a", "one").id)
    app("a", "two")
