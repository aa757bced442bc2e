import pytest

from modelyard.errors import InvalidSettingsError, ModelNotFoundError
from modelyard.workflow.flow import Flow


def edges(flow):
    return {(need, task.name) for task in flow.tasks for need in task.needs}


def test_a_task_is_written_out_for_everything_that_it_is_done_for(night, subjects):
    names = [task.name for task in night.over(subjects, "dev").order()]
    data, scores = ["data-churn", "data-delay"], ["score-late", "score-leaves", "score-very_late"]
    assert sorted(names[:2]) == data
    assert sorted(names[2:5]) == scores
    assert names[5:] == ["report"]


def test_a_model_needs_the_data_of_its_own_purpose_and_what_is_done_once_needs_everything(night, subjects):
    assert edges(night.over(subjects, "dev")) == {
        ("data-delay", "score-late"),
        ("data-delay", "score-very_late"),
        ("data-churn", "score-leaves"),
        ("score-late", "report"),
        ("score-leaves", "report"),
        ("score-very_late", "report"),
    }


def test_a_purpose_needs_what_is_done_for_its_sources_and_for_its_models(task, subjects):
    flow = Flow(
        "f",
        "f",
        (
            task("look", each="source"),
            task("train", each="model"),
            task("tell", "look", "train", each="purpose"),
            task("again", "train", each="model"),
        ),
    ).over(subjects, "dev")
    needs = {one.name: set(one.needs) for one in flow.tasks}
    assert needs["tell-churn"] == {"look-customers", "look-weather", "train-leaves"}
    assert needs["tell-delay"] == {"look-flights", "look-weather", "train-late", "train-very_late"}
    assert needs["again-late"] == {"train-late"}


def test_every_place_of_a_command_is_filled_in_and_a_model_is_its_owners(night, subjects):
    by_name = {task.name: task for task in night.over(subjects, "dev").tasks}
    assert by_name["data-delay"].command == ("modelyard", "data", "run", "delay", "--env", "dev")
    assert by_name["score-leaves"].owner == "care"
    assert by_name["score-leaves"].retries == 1
    assert by_name["report"].command[-1] == "dev"


def test_a_schedulers_own_words_fill_commands_and_not_titles(task, subjects):
    flow = Flow("f", "f", (task("go", command=("x", "{model}"), title="{model}: go"),), parameters=("model",))
    (written,) = flow.over(subjects, "${target}", model="{{ params.model }}").tasks
    assert written.command == ("x", "{{ params.model }}")
    assert written.title == "model: go"


def test_a_flow_about_some_models_leaves_the_rest_out(night, subjects):
    names = {task.name for task in night.over(subjects.about(["leaves"]), "dev").tasks}
    assert names == {"data-churn", "score-leaves", "report"}
    with pytest.raises(ModelNotFoundError, match="no model 'none'; found late, leaves, very_late"):
        subjects.about(["none"])


def test_without_any_model_what_is_done_for_each_of_them_is_not_there(night, subjects):
    written = night.over(subjects.about([]), "dev")
    assert [(task.name, task.needs) for task in written.tasks] == [("report", ())]


@pytest.mark.parametrize(
    ("wanted", "left"), [("score", {"score-late", "score-leaves", "score-very_late"}), ("score-late", {"score-late"})]
)
def test_some_tasks_alone_need_nothing_that_is_not_among_them(night, subjects, wanted, left):
    part = night.over(subjects, "dev").only((wanted,))
    assert {task.name for task in part.tasks} == left
    assert edges(part) == set()


def test_a_task_that_is_not_there_is_refused_with_those_that_are(night, subjects):
    with pytest.raises(InvalidSettingsError, match="no task 'scores'; found data-churn, data-delay") as refused:
        night.over(subjects, "dev").only(("scores",))
    assert refused.value.hint == "modelyard schedule show night"


@pytest.mark.parametrize(
    ("more", "says"),
    [
        ({"name": "Score it"}, "a name that schedulers refuse"),
        ({"name": "a" * 101}, "a name that schedulers refuse"),
        ({"timeout_minutes": 0}, "time-out below one minute"),
        ({"retries": -1}, "fewer retries than none"),
        ({"needs": ("b",)}, "needs 'b', which is none"),
        ({"needs": ("a",)}, "need each other"),
    ],
)
def test_refuses_a_flow_that_does_not_hold_together(task, more, says):
    with pytest.raises(InvalidSettingsError, match=says):
        Flow("f", "f", (task(more.pop("name", "a"), *more.pop("needs", ()), **more),))


def test_refuses_a_place_that_nothing_fills_in(task, subjects):
    flow = Flow("f", "f", (task("a", command=("x", "{purpose}"), each="model"),))
    with pytest.raises(InvalidSettingsError, match=r"place \{purpose\} that nothing fills in; allowed: env, model"):
        flow.over(subjects, "dev")
