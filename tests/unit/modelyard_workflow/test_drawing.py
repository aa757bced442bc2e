from modelyard.workflow.drawing import draw
from modelyard.workflow.flow import Flow


def test_a_task_stands_below_what_it_needs_with_its_command(task):
    flow = Flow("f", "f", (task("a"), task("b", "a"), task("c", "a"), task("d", "b", "c")))
    assert draw(flow).splitlines() == [
        "a        modelyard env list",
        "├─ b     modelyard env list",
        "└─ c     modelyard env list",
        "   └─ d  modelyard env list   (after b too)",
    ]


def test_every_task_is_drawn_once(night, subjects):
    written = night.over(subjects, "dev")
    drawn = [line.lstrip("│├└─ ").split()[0] for line in draw(written).splitlines()]
    assert sorted(drawn) == sorted(task.name for task in written.tasks)
