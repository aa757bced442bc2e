"""test and prod converge too when every operation fails once, at one of the moments at which it can fail.

`before`: Azure refuses, nothing happened. `after`: Azure began, and the operation failed. `lost`: it is done, and
Azure's answer never arrives, so that nobody knows.
"""

import pytest

pytestmark = pytest.mark.slow

ON_AND_ON = {"PULUMI_OPTION_CONTINUE_ON_ERROR": "true"}
"""What does not depend on a failure goes on, so that a whole generation of resources fails in one update."""


@pytest.mark.parametrize("name", ["test", "prod"])
def test_the_others_come_up_and_down_although_every_operation_fails_once(trouble, name):
    other = trouble(name)
    other.arm("create", "lost", "after", "before", rotate=True)
    other.up(**ON_AND_ON)
    assert other.left() == []
    other.assert_right()
    other.arm("delete", "lost", "before", rotate=True)
    other.down(**ON_AND_ON)
    assert other.yard.exists(name) == {}
