"""How things are worked through, without a service."""

import pytest

from modelyard.delivery.azure_devops.bootstrapping.planning import work_through
from modelyard.delivery.azure_devops.bootstrapping.showing import plan_text
from modelyard.delivery.azure_devops.bootstrapping.thing import Known, Thing
from modelyard.delivery.azure_devops.rest.refusals import ConflictError
from modelyard.errors import ExternalServiceError, ServiceUnavailableError


class Drawer:
    """Holds one thing; may fail the next writes."""

    def __init__(self, holds=None, fails=()):
        self.holds = holds
        self.fails = list(fails)
        self.written = 0

    def write(self, wanted):
        error, done = self.fails.pop(0) if self.fails else (None, True)
        if done:
            self.holds = {**wanted, "id": 1}
            self.written += 1
        if error:
            raise error
        return self.holds


def thing(drawer, *, name="a", known=None, **more):
    return Thing(
        kind="thing",
        name=name,
        why="for a test",
        find=lambda: drawer.holds,
        wanted=lambda: {"size": 3},
        **{
            "make": drawer.write,
            "change": lambda _, wanted: drawer.write(wanted),
            "keep": (lambda found: known.keep("thing", name, found["id"])) if known else lambda _: None,
            **more,
        },
    )


def worked(things, known=None, *, apply=True):
    return work_through(things, known or Known(), apply=apply, wait=lambda _: None)


@pytest.mark.parametrize(
    ("holds", "mark"),
    [(None, "+"), ({"id": 1, "size": 2}, "~"), ({"id": 1, "size": 3}, "=")],
    ids=["new", "old", "right"],
)
def test_only_what_differs_is_written(holds, mark):
    drawer = Drawer(holds)
    assert [one.mark for one in worked([thing(drawer)], apply=False).changes] == [mark]
    assert drawer.written == 0
    worked([thing(drawer)])
    assert drawer.written == (mark != "=")
    assert worked([thing(drawer)]).drift == ()


def test_a_lost_answer_is_followed_by_a_look_and_not_by_a_second_write():
    drawer = Drawer(fails=[(ServiceUnavailableError("gone"), True)])
    plan = worked([thing(drawer)])
    assert drawer.written == 1
    assert [one.mark for one in plan.changes] == ["+"]


def test_a_write_that_never_arrived_is_made_again():
    drawer = Drawer(fails=[(ServiceUnavailableError("gone"), False), (ConflictError("faster"), False)])
    worked([thing(drawer)])
    assert drawer.written == 1


def test_a_service_that_stays_away_is_told():
    drawer = Drawer(fails=[(ServiceUnavailableError("gone"), False)] * 3)
    with pytest.raises(ServiceUnavailableError):
        worked([thing(drawer)])


def test_a_no_is_a_no():
    drawer = Drawer(fails=[(ExternalServiceError("no"), False)])
    with pytest.raises(ExternalServiceError):
        worked([thing(drawer)])
    assert drawer.fails == []


def test_what_waits_for_a_missing_thing_is_planned_and_never_called():
    def never():
        raise AssertionError("nothing may be asked before its parent is known")

    waiting = Thing(
        kind="thing", name="b", why="", find=never, wanted=never, make=lambda _: None, needs=(("thing", "a"),)
    )
    (planned,) = worked([waiting], apply=False).changes
    assert (planned.mark, planned.details) == ("+", ("after thing a",))
    (applied,) = worked([waiting]).changes
    assert applied.mark == "."


def test_ids_go_from_one_thing_to_the_next():
    known, seen = Known(), []
    second = Thing(
        kind="thing",
        name="b",
        why="",
        find=lambda: seen.append(known.id("thing", "a")),
        wanted=dict,
        make=lambda _: {"id": 2},
        needs=(("thing", "a"),),
    )
    worked([thing(Drawer(), known=known), second], known)
    assert seen == ["1"]


def test_what_only_a_person_can_do_is_said_last():
    person = thing(Drawer(), make=None, change=None, person="create it by hand")
    plan = worked([person])
    assert [one.mark for one in plan.changes] == ["!"]
    assert plan_text(plan).splitlines()[-1] == "  thing a: create it by hand"


def test_a_plan_for_machines_says_whether_all_is_in_order():
    assert worked([thing(Drawer({"id": 1, "size": 3}))]).to_json()["in_order"] is True
    document = worked([thing(Drawer())], apply=False).to_json()
    assert document["in_order"] is False
    assert document["changes"][0] == {"mark": "+", "kind": "thing", "name": "a", "why": "for a test", "details": []}


def test_the_table_marks_names_and_counts():
    plan = worked([thing(Drawer({"id": 1, "size": 2})), thing(Drawer(), name="bb")], apply=False)
    assert plan_text(plan).splitlines() == [
        "~ thing  a: for a test",
        "         size: 2 → 3",
        "+ thing  bb: for a test",
        "",
        "1 to make, 1 to change",
    ]
