"""`modelyard model …` refuses what makes no sense before anything is opened, and says what would."""

import pytest
from click.testing import CliRunner

from modelyard_pipelines.commands.model import model


def run(*words):
    return CliRunner().invoke(model, list(words))


def test_every_verb_is_there():
    assert {"history", "verify", "rollback", "reproduce", "score", "new", "check", "upgrade"} <= set(model.commands)


def test_a_promotion_needs_somebody_who_decides():
    ended = run("promote", "parcels", "--reason", "better")
    assert ended.exit_code == 2
    assert "--by YOUR_NAME, or --by-policy" in ended.output


@pytest.mark.parametrize("more", [("--by", "Ada"), ("--reason", "better"), ("--override",), ("--evidence", "f" * 64)])
def test_a_policy_stands_alone(more):
    ended = run("promote", "parcels", "--by-policy", *more)
    assert ended.exit_code == 2
    assert "--by-policy stands alone" in ended.output


@pytest.mark.parametrize(
    ("at", "zone", "said"),
    [
        ("yesterday", "UTC", "is no time"),
        ("2013-10-27T02:30", "Europe/Rome", "happened twice"),
        ("2013-09-01", "Nowhere", "is no time zone"),
    ],
)
def test_a_time_that_is_not_clear_is_a_wrong_usage(at, zone, said):
    ended = run("history", "parcels", "--at", at, "--zone", zone)
    assert ended.exit_code == 2
    assert said in ended.output
