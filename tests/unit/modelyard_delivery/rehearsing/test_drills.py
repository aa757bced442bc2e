import pytest

from modelyard.delivery.pipeline import Hook, Job, Pipeline, Stage, Step
from modelyard.delivery.places import Place
from modelyard.delivery.rehearsing.planning.drills import read_drill
from modelyard.errors import InvalidPipelineError

AT = Place("p.yml", 1)
VERIFY = Step(kind="script", does="check", name="verify", title="Verify prod", place=AT)
PIPELINE = Pipeline(
    file="p.yml",
    place=AT,
    stages=(
        Stage(
            name="prod",
            place=AT,
            jobs=(
                Job(name="tests", place=AT, steps=(VERIFY,)),
                Job(
                    name="deploy",
                    place=AT,
                    kind="deployment",
                    hooks=(Hook(name="postRouteTraffic", steps=(VERIFY,), place=AT),),
                ),
            ),
        ),
    ),
)


@pytest.mark.parametrize("step", ["verify", "Verify prod", "1"])
def test_a_step_is_named_by_its_name_its_title_or_its_number(step):
    drill = read_drill(f"prod/tests/{step}", PIPELINE)
    assert drill.hits("prod", "tests", hook="", step=VERIFY, number=1)
    assert not drill.hits("prod", "deploy", hook="", step=VERIFY, number=1)


def test_a_step_of_a_hook_is_named_with_or_without_the_hook():
    for text in ("prod/deploy/postRouteTraffic/verify", "prod/deploy/verify"):
        assert read_drill(text, PIPELINE).hits("prod", "deploy", hook="postRouteTraffic", step=VERIFY, number=1)


def test_one_job_of_a_matrix_or_all_of_them():
    assert read_drill("prod/tests/verify", PIPELINE).hits("prod", "tests.a", hook="", step=VERIFY, number=1)
    drill = read_drill("prod/tests.a/verify", PIPELINE)
    assert drill.hits("prod", "tests.a", hook="", step=VERIFY, number=1)
    assert not drill.hits("prod", "tests.b", hook="", step=VERIFY, number=1)


@pytest.mark.parametrize(
    "text", ["prod/tests/nothing", "prod/tests", "prod", "dev/tests/verify", "prod/deploy/deploy/verify"]
)
def test_a_step_that_does_not_exist_is_refused_with_those_that_do(text):
    with pytest.raises(InvalidPipelineError, match=r"prod/tests/verify|prod/deploy/postRouteTraffic/verify"):
        read_drill(text, PIPELINE)
