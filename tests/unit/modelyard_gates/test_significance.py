from dataclasses import replace

import numpy as np
import polars as pl
import pytest

from modelyard.gates.contract import Column, Contract, Significance
from modelyard.gates.profile import Profile, merge, profile_of
from modelyard.gates.significance import check_significance

CONTRACT = Contract(
    id="t",
    version="1",
    source="t",
    columns=(Column("x", "double"), Column("y", "double"), Column("c", "string"), Column("n", "bigint")),
    rules=(),
    delivery="increment",
)


def frame(rng, rows=5_000, *, shift=0.0, scale=1.0):
    return pl.DataFrame(
        {
            "x": (rng.normal(size=rows) + 50 + shift) * scale,
            "y": rng.exponential(size=rows),
            "c": rng.choice(list("abcdef"), rows, p=[0.3, 0.25, 0.2, 0.1, 0.1, 0.05]),
            "n": rng.poisson(30, rows),
        }
    )


def history(batches=4, rows=5_000):
    return [profile_of(frame(np.random.default_rng(seed), rows), CONTRACT) for seed in range(batches)]


def judged(changed, past=None, contract=CONTRACT):
    return check_significance(profile_of(changed, contract), past or history(), contract, false_alarm_rate=0.01)


def subjects(findings):
    return {(finding.code, finding.subject) for finding in findings}


def test_more_of_the_same_passes_every_time():
    past = history()
    alarms = sum(bool(judged(frame(np.random.default_rng(seed)), past)[0]) for seed in range(100, 200))
    assert alarms == 0


def test_a_difference_that_is_significant_but_too_small_to_matter_passes():
    past = history(rows=200_000)
    findings, checks = judged(frame(np.random.default_rng(9), 200_000, shift=0.05), past)
    check = next(check for check in checks if (check.subject, check.name) == ("x", "distribution"))
    assert check.p_value < 1e-6
    assert findings == []
    assert check.outcome == "passed"


def test_a_difference_that_would_matter_but_may_be_chance_is_undecided():
    past = history(1, 15)
    findings, checks = judged(frame(np.random.default_rng(11), 12, shift=0.3), past)
    assert findings == []
    assert {check.outcome for check in checks if check.name == "distribution" and check.p_value is not None} == {
        "undecided"
    }


@pytest.mark.parametrize(
    ("change", "code", "subject", "hint"),
    [
        (pl.col("x") * 1.609344, "distribution", "x", "kilometres where miles"),
        ((pl.col("x") - 32) / 1.8, "distribution", "x", "Celsius where Fahrenheit"),
        (pl.lit(50.0).alias("x"), "distribution", "x", ""),
        (pl.when(pl.col("n") % 2 == 0).then(None).otherwise("y").alias("y"), "nulls", "y", ""),
        (pl.col("c").replace({"a": "A", "b": "B"}), "distribution", "c", "no longer there: a, b; new: A, B"),
        (pl.lit("a").alias("c"), "distribution", "c", "no longer there"),
        (pl.col("c").replace({"d": "q"}), "novelty", "c", "new: q"),
        (-pl.col("n"), "distribution", "n", "other way round"),
    ],
)
def test_a_changed_column_is_refused_and_named(change, code, subject, hint):
    findings, _ = judged(frame(np.random.default_rng(12)).with_columns(change))
    assert {finding.subject for finding in findings} == {subject}
    finding = next(finding for finding in findings if finding.code == code)
    assert hint in finding.hint.lower() or hint in finding.hint


def test_swapped_columns_are_recognised():
    findings, _ = judged(frame(np.random.default_rng(13)).with_columns(x="y", y="x"))
    assert {(finding.subject, finding.hint) for finding in findings} == {
        ("x", "looks swapped with y"),
        ("y", "looks swapped with x"),
    }


@pytest.mark.parametrize(("rows", "word"), [(1_000, "fewer"), (20_000, "more")])
def test_another_number_of_rows_is_refused(rows, word):
    findings, _ = judged(frame(np.random.default_rng(14), rows))
    assert subjects(findings) == {("volume", "table")}
    assert word in findings[0].message


def test_an_excluded_column_is_not_compared_and_the_report_says_why():
    excluded = replace(CONTRACT.columns[0], significance=Significance(excluded="it follows the sun"))
    contract = replace(CONTRACT, columns=(excluded, *CONTRACT.columns[1:]))
    findings, checks = judged(frame(np.random.default_rng(15), shift=9), history(), contract)
    assert findings == []
    assert "it follows the sun" in {check.note for check in checks}


def test_margins_are_learned_from_what_stored_batches_do():
    seasons = [profile_of(frame(np.random.default_rng(s), shift=s % 4), CONTRACT) for s in range(8)]
    summer = frame(np.random.default_rng(30), shift=3)
    assert judged(summer, seasons[:5][:1])[0]
    assert judged(summer, seasons)[0] == []
    assert subjects(judged(frame(np.random.default_rng(31), shift=12), seasons)[0]) == {("distribution", "x")}


def test_a_contracts_margin_holds_whatever_was_learned():
    strict = replace(CONTRACT.columns[0], significance=Significance(margin=0.2))
    contract = replace(CONTRACT, columns=(strict, *CONTRACT.columns[1:]))
    seasons = [profile_of(frame(np.random.default_rng(s), shift=s % 4), CONTRACT) for s in range(8)]
    assert judged(frame(np.random.default_rng(30), shift=3), seasons, contract)[0]


def test_a_first_batch_is_compared_with_nothing():
    findings, (check,) = check_significance(history(1)[0], [], CONTRACT, false_alarm_rate=0.01)
    assert (findings, check.outcome) == ([], "skipped")


def test_a_profile_survives_being_written_down():
    without = pl.lit(None, dtype=pl.Float64).alias("y")
    profile = profile_of(frame(np.random.default_rng(1)).with_columns(without), CONTRACT)
    again = Profile.from_json(profile.to_json())
    assert again.to_json() == profile.to_json()


def test_profiles_merge_into_that_of_all_rows():
    frames = [frame(np.random.default_rng(seed)) for seed in range(3)]
    whole = profile_of(pl.concat(frames), CONTRACT)
    together = merge([profile_of(each, CONTRACT) for each in frames])
    assert together.rows == whole.rows
    assert together.columns["c"].categories == whole.columns["c"].categories
