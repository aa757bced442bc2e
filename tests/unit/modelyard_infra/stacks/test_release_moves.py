"""What becomes of what was released before: shares, finishing, one step back. Each order twice is the order once."""

import itertools

import pytest

from modelyard.environment.loading import load_environment
from modelyard.errors import ConfigurationError
from modelyard_infra.stacks.releases.folder import Release
from modelyard_infra.stacks.releases.moves import Order, ordered
from modelyard_infra.stacks.releases.permitted import permit

MODEL = "flight_delay"


def release(version, image="a"):
    return Release(MODEL, version, f"{version}" * 64, f"modelyard/flight-delay@sha256:{image * 63}{version}")


class Place:
    """An environment with one model. Every order is drawn, as it would be."""

    def __init__(self):
        self.releases, self.notes = {}, ()

    def order(self, version, percent=100, *, back=False):
        one = version if isinstance(version, Release) else release(version)
        planned, self.notes = ordered(self.releases, Order((one,), percent, back))
        self.releases = {name: what.drawn(lambda version: version.image) for name, what in planned.items()}
        return self

    @property
    def model(self):
        return self.releases.get(MODEL)

    @property
    def answers(self):
        """Percent by version, and nothing for none."""
        return {} if self.model is None else {name.split("-")[0]: share for name, share in self.model.answers.items()}

    @property
    def note(self):
        (note,) = self.notes
        return note


@pytest.fixture
def place():
    return Place()


def test_a_first_release_answers_everything(place):
    assert place.order(1).answers == {"v1": 100}
    assert place.note == "flight_delay: version 1 answers all requests"


def test_a_share_is_taken_from_the_current_version(place):
    assert place.order(1).order(2, 10).answers == {"v1": 90, "v2": 10}
    assert place.note == "flight_delay: version 2 answers 10% of the requests, version 1 the rest"


def test_a_larger_share_is_the_same_trial(place):
    before = place.order(1).order(2, 10).model.tried
    place.order(2, 50)
    assert place.answers == {"v1": 50, "v2": 50}
    assert place.model.tried == before, "its revision stays the one that it is"


def test_finishing_gives_everything_and_remembers_what_was_before(place):
    tried = place.order(1).order(2, 10).model.tried
    place.order(2)
    assert place.answers == {"v2": 100}
    assert place.model.current == tried, "no new revision starts when a trial is over"
    assert place.model.previous.version == 1


def test_a_first_release_that_is_tried_answers_alone(place):
    assert place.order(1, 10).answers == {"v1": 100}
    assert "nothing is there beside it" in place.note
    assert place.order(1).model.current.version == 1


def test_what_is_deployed_already_is_left_as_it_is_also_while_another_is_tried(place):
    place.order(1).order(2, 10)
    before = place.model
    assert place.order(1).model == before
    assert place.order(1, 5).model == before
    assert place.note == "flight_delay: version 1 is deployed already"


def test_a_second_trial_takes_the_place_of_the_first_and_says_so(place):
    place.order(1).order(2, 10).order(3, 20)
    assert place.answers == {"v1": 80, "v3": 20}
    assert place.note.endswith("version 2, which was tried with 10%, gives way")


class TestBack:
    def test_what_is_tried_goes_back_and_the_current_version_answers_everything(self, place):
        current = place.order(1).model.current
        place.order(2, 10).order(2, back=True)
        assert place.answers == {"v1": 100}
        assert place.model.current == current, "the revision that ran all the time"
        assert place.model.returned.version == 2

    def test_what_is_current_goes_back_to_what_was_before(self, place):
        first = place.order(1).model.current
        place.order(2).order(2, back=True)
        assert place.model.current == first
        assert place.note == "flight_delay: version 2 is taken back; version 1 answers again"

    def test_it_is_never_two_steps(self, place):
        place.order(1).order(2).order(3).order(3, back=True)
        before = place.model
        assert place.order(3, back=True).model == before
        assert "neither tried nor deployed" in place.note
        assert place.order(2, back=True).model == before, "nothing is known from before it"
        assert place.answers == {"v2": 100}

    def test_a_release_that_never_came_that_far_changes_nothing(self, place):
        assert place.order(1, back=True).model is None
        before = place.order(1).model
        assert place.order(2, back=True).model == before

    @pytest.mark.parametrize("percent", [10, 100])
    def test_a_first_release_goes_altogether(self, place, percent):
        place.order(1, percent).order(1, back=True)
        assert place.releases == {}
        assert "the model is taken away" in place.note

    def test_another_model_is_not_touched(self, place):
        other = Release("other", 7, "7" * 64, f"modelyard/other@sha256:{'c' * 64}")
        place.order(other).order(1).order(1, back=True)
        assert list(place.releases) == ["other"]

    def test_a_trial_that_is_somebody_elses_goes_on(self, place):
        place.order(1).order(2).order(3, 10).order(2, back=True)
        assert place.answers == {"v1": 90, "v3": 10}

    def test_the_same_release_can_be_tried_again_and_uses_its_revision(self, place):
        place.order(1).order(2, 10)
        revision = place.model.tried.revision
        place.order(2, back=True).order(2, 20)
        assert place.model.tried.revision == revision

    def test_the_same_version_with_another_image_is_another_release(self, place):
        place.order(1)
        rebuilt = release(1, image="b")
        place.order(rebuilt)
        assert place.model.previous.image == release(1).image
        assert place.order(rebuilt, back=True).model.current.image == release(1).image


ORDERS = [(1, 100, False), (2, 10, False), (2, 100, False), (2, 100, True), (1, 100, True), (3, 30, False)]


def test_whatever_came_before_an_order_that_is_repeated_changes_nothing_more():
    for orders in itertools.permutations(ORDERS, 3):
        place = Place()
        for version, percent, back in orders:
            once = place.order(version, percent, back=back).releases
            assert place.order(version, percent, back=back).releases == once


def test_whatever_is_ordered_no_name_of_a_revision_is_ever_used_for_two_templates():
    for orders in itertools.permutations(ORDERS, 4):
        place, seen = Place(), {}
        for version, percent, back in orders:
            place.order(version, percent, back=back)
            if place.model is not None:
                newest = place.model.newest
                assert seen.setdefault(newest.revision, newest.content) == newest.content
                assert sum(place.model.answers.values()) == 100


class TestPermission:
    def test_a_model_that_the_file_names_is_the_files(self, workspace):
        environment = load_environment(workspace, "dev")
        models = {MODEL: {"version": 1, "image": release(1).image, "rollout": None}}
        values = environment.model_dump()
        values["azure"]["container_apps"]["models"] = models
        named = type(environment).model_validate(values)
        for order in (Order((release(2),)), Order((release(2),), back=True)):
            with pytest.raises(ConfigurationError, match=r"environments/dev\.yaml names flight_delay") as refused:
                permit(named, order)
        assert "models: {}" in refused.value.hint
        values["azure"]["container_apps"]["models"] = {}
        permit(type(environment).model_validate(values), Order((release(2),)))

    def test_this_machine_has_no_revisions(self, environment):
        with pytest.raises(ConfigurationError, match="on this machine"):
            permit(environment, Order((release(1),)))
