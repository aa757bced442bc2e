"""What was released without a commit, as it is drawn: templates, names of revisions, shares of the requests."""

import pytest

from modelyard_infra.blueprint.azure.draw import draw_azure
from modelyard_infra.blueprint.azure.released import Remembered, Version

MODEL = "flight_delay"


def version(number, image="a"):
    return Version(number, f"modelyard/flight-delay@sha256:{image * 63}{number}", f"{number}" * 64)


@pytest.fixture
def draw(environments):
    """An environment without models in its file, with what was released, and with a setting changed."""

    def at(remembered, cpu=0.5, name="dev"):
        values = environments[name].model_dump()
        apps = values["azure"]["container_apps"]
        apps["models"], apps["model_api"] = {}, {"cpu": cpu, "memory_gb": 2 * cpu}
        return draw_azure(type(environments[name]).model_validate(values), releases={MODEL: remembered})

    return at


def app(blueprint):
    return blueprint.graph["model-flight-delay"].properties


def traffic(blueprint):
    return app(blueprint)["configuration"]["ingress"]["traffic"]


def kept(blueprint):
    return blueprint.releases[MODEL]


def test_a_released_model_is_drawn_like_one_that_the_file_names(draw, changed):
    drawn = app(draw(Remembered(current=version(1))))
    models = {MODEL: {"version": 1, "image": version(1).image, "rollout": None}}
    named = app(changed("dev", {"azure.container_apps.models": models}))
    for one in (drawn, named):
        del one["template"]["revisionSuffix"]
    assert drawn == named


def test_drawing_again_names_nothing_anew(draw):
    once = draw(Remembered(current=version(1)))
    assert draw(kept(once)) == once


def test_a_changed_setting_makes_a_new_revision_and_its_reversal_one_that_never_was(draw):
    first = draw(Remembered(current=version(1)))
    second = draw(kept(first), cpu=1)
    third = draw(kept(second))
    names = [app(one)["template"]["revisionSuffix"] for one in (first, second, third)]
    assert len(set(names)) == 3, "Azure takes a name once"
    assert kept(third).current.revision == names[-1]


def test_a_trial_is_two_shares_with_a_label_each(draw):
    current = kept(draw(Remembered(current=version(1)))).current
    blueprint = draw(Remembered(current=current, tried=version(2), percent=10, serial=1))
    older, newer = traffic(blueprint)
    assert older["revisionName"].endswith(f"--{current.revision}")
    assert (older["weight"], older["label"]) == (90, "v1")
    assert newer == {"latestRevision": True, "weight": 10, "label": "v2"}
    image = app(blueprint)["template"]["containers"][0]["image"]
    assert image.endswith(version(2).image)


def test_what_was_taken_back_stays_the_newest_revision_and_answers_nothing(draw):
    tried = kept(draw(Remembered(current=kept(draw(Remembered(current=version(1)))).current, tried=version(2))))
    back = Remembered(current=tried.current, returned=tried.tried, serial=tried.serial)
    blueprint = draw(back)
    assert kept(blueprint) == back, "nothing is started to step back"
    assert [one["weight"] for one in traffic(blueprint)] == [100, 0]
    assert app(blueprint)["template"]["revisionSuffix"] == tried.tried.revision


def test_after_a_step_back_a_changed_setting_reaches_the_version_that_answers(draw):
    tried = kept(draw(Remembered(current=kept(draw(Remembered(current=version(1)))).current, tried=version(2))))
    blueprint = draw(Remembered(current=tried.current, returned=tried.tried, serial=tried.serial), cpu=1)
    assert traffic(blueprint) == [{"latestRevision": True, "weight": 100, "label": "v1"}]
    assert kept(blueprint).returned is None
    assert kept(blueprint).current.revision not in {tried.current.revision, tried.tried.revision}


def test_a_version_that_was_built_again_has_a_label_of_its_own(draw):
    current = kept(draw(Remembered(current=version(1)))).current
    older, newer = traffic(draw(Remembered(current=current, tried=version(1, "b"), percent=50, serial=1)))
    assert older["label"] == "v1"
    assert newer["label"].startswith("v1-")


def test_a_model_that_the_file_names_is_drawn_by_the_file(environments, blueprints):
    values = environments["dev"].model_dump()
    models = {MODEL: {"version": 9, "image": version(9).image, "rollout": None}}
    values["azure"]["container_apps"]["models"] = models
    environment = type(environments["dev"]).model_validate(values)
    blueprint = draw_azure(environment, releases={MODEL: Remembered(current=version(1))})
    assert blueprint == draw_azure(environment)
    assert blueprint.releases == {}


def test_where_callers_have_keys_a_released_model_may_read_them(environments):
    values = environments["dev"].model_dump()
    values["azure"]["container_apps"]["models"] = {}
    values["serving"]["access"]["mode"] = "keys"
    environment = type(environments["dev"]).model_validate(values)
    assert "role-models-api-keys" not in draw_azure(environment).graph
    assert "role-models-api-keys" in draw_azure(environment, releases={MODEL: Remembered(current=version(1))}).graph


def test_an_example_in_the_file_decides_nothing_and_an_image_does(environments, changed):
    released = {MODEL: Remembered(current=version(2))}
    example = draw_azure(environments["dev"], releases=released)
    assert app(example)["template"]["containers"][0]["image"].endswith(version(2).image)
    image = f"modelyard/flight-delay@sha256:{'c' * 64}"
    values = environments["dev"].model_dump()
    values["azure"]["container_apps"]["models"] = {MODEL: {"version": 1, "image": image, "rollout": None}}
    decided = draw_azure(type(environments["dev"]).model_validate(values), releases=released)
    assert app(decided)["template"]["containers"][0]["image"].endswith(image)
