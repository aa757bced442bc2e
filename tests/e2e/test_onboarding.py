"""A second model on data that the yard has never seen: the same commands that the benchmark times, in a checkout."""

import json

import pytest

pytestmark = pytest.mark.slow


def test_a_bare_file_becomes_a_served_prediction_without_a_line_of_code(checkout, record_property):
    checkout.run("make", "setup")
    python = str(checkout.root / ".venv" / "bin" / "python")
    words = ("tests/bench/run.py", "--only", "onboarding", "--runs", "1", "--format", "json")
    (figure,) = json.loads(checkout.run(python, *words).stdout)["figures"]
    record_property("onboarding", figure)
    facts = figure["facts"]
    assert 0 < json.loads(facts["prediction"])["probability"] < 1
    assert facts["lines of code that a person wrote"] == 0
    assert facts["of them the declaration"] < 40
    assert facts["files touched outside the two new folders"] == 0
    assert facts["files made"] == 5
    assert checkout.processes() == []
