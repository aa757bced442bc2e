"""Every operation fails, at every moment at which it can fail, and the environment converges all the same.

`before`: Azure refuses, nothing happened. `after`: Azure began, and the operation failed. `lost`: it is done, and
Azure's answer never arrives, so that nobody knows.
"""

import pytest

pytestmark = pytest.mark.slow

ON_AND_ON = {"PULUMI_OPTION_CONTINUE_ON_ERROR": "true"}
"""What does not depend on a failure goes on, so that a whole generation of resources fails in one update."""


@pytest.fixture(scope="module")
def dev(trouble):
    return trouble("dev")


def test_dev_comes_up_although_azure_refuses_every_creation_once_and_breaks_off_every_one_once(dev):
    dev.arm("create", "before", "after")
    dev.up(**ON_AND_ON)
    assert dev.left() == []
    dev.assert_created_once()
    dev.assert_right()


def test_every_update_of_dev_fails_at_every_moment_and_is_made_all_the_same(dev):
    """A change that was begun, or whose answer got lost, is in place: so each of them takes a change of its own."""
    dev.yard.operation("dev").up()
    for moments in (("before", "after"), ("lost",)):
        wanted = f"fails {moments[-1]}"
        dev.yard.set("dev", "azure.tags.more", {"rehearsal": wanted})
        foreseen = dev.yard.operation("dev").preview()
        keys = [change.name for change in foreseen.changes if change.operation == "update"]
        assert len(keys) >= 25
        dev.arm("update", *moments, keys=keys)
        dev.up(**ON_AND_ON)
        assert dev.left() == []
        dev.assert_right()
        with dev.yard.azure() as azure:
            tags = [one.body["tags"] for one in azure.resources() if "tags" in one.body]
        assert {one["rehearsal"] for one in tags} == {wanted}


def test_dev_comes_down_although_every_deletion_fails_and_every_answer_gets_lost(dev):
    dev.yard.operation("dev").up()
    dev.arm("delete", "before", "lost")
    dev.down(**ON_AND_ON)
    assert dev.yard.exists("dev") == {}
    assert dev.yard.state("dev").get("resources", []) == []


def test_dev_comes_up_although_the_answer_to_every_creation_gets_lost(dev):
    dev.arm("create", "lost")
    dev.up(**ON_AND_ON)
    assert dev.left() == []
    dev.assert_created_once()
    dev.assert_right()
    dev.down()


def test_dev_comes_up_and_down_although_each_failure_stops_all_that_is_under_way(dev):
    dev.arm("create", "before", "lost", "after", rotate=True)
    dev.up()
    assert dev.left() == []
    dev.assert_right()
    dev.arm("delete", "before", "lost", rotate=True)
    dev.down()
    assert dev.yard.exists("dev") == {}
