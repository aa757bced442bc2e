"""A training job is called with what was asked for, and its own command line takes it."""

import pytest

from modelyard_pipelines.model.training import job_words
from modelyard_training.__main__ import main


@pytest.mark.parametrize(
    ("asked", "words"),
    [
        ({}, []),
        ({"data_version": 0, "seed": 0}, ["--data-version", "0", "--seed", "0"]),
        ({"variant": "boosted"}, ["--variant", "boosted"]),
    ],
)
def test_only_what_was_asked_for_is_said(asked, words):
    nothing = {"data_version": None, "seed": None, "variant": None}
    said = job_words("customer_churn", "local", **{**nothing, **asked})
    assert said == ["modelyard_training", "customer_churn", "--env", "local", *words]


def test_the_job_takes_every_word():
    said = job_words("customer_churn", "dev", data_version=3, seed=7, variant="boosted")
    context = main.make_context("job", said[1:])
    assert context.params["variant"] == "boosted"
    assert (context.params["data_version"], context.params["seed"]) == (3, 7)
