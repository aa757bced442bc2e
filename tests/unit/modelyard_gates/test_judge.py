from datetime import UTC, datetime

import polars as pl
import pytest

from modelyard.gates.history import AcceptedBatch
from modelyard.gates.judge import judge
from modelyard.gates.rendering import render
from modelyard.gates.report import ValidationReport
from modelyard.gates.rules.compiled import CompiledEngine


@pytest.fixture
def offer(contract):
    def judged(path, stored=()):
        history = [
            AcceptedBatch(
                each.digest,
                each.content,
                each.report.file,
                each.report.rows,
                each.period,
                datetime(2020, 2, 1, tzinfo=UTC),
                each.profile,
            )
            for each in stored
        ]
        keys = [each.frame.select("ride") for each in stored]
        return judge(path, contract, history=history, stored_keys=lambda: pl.concat(keys), rules=CompiledEngine())

    return judged


def outcomes(judged, gate):
    return {check.outcome for check in judged.report.checks if check.gate == gate}


def test_a_good_batch_is_accepted_with_all_that_storing_it_needs(offer, csv_file):
    judged = offer(csv_file())
    assert judged.report.accepted
    assert judged.frame.height == judged.report.rows == judged.profile.rows == 40
    assert judged.period == judged.report.period == "2020-01"
    assert len(judged.digest) == len(judged.content) == 64
    assert set(judged.report.seconds) == {"format", "identity", "schema", "rules", "significance"}


def test_the_next_month_is_accepted_after_it(offer, csv_file):
    january = offer(csv_file())
    february = offer(csv_file(month=2, first=40), [january])
    assert february.report.accepted
    assert "passed" in outcomes(february, "significance")


def test_an_unreadable_file_skips_every_later_gate_and_says_so(offer, csv_file):
    path = csv_file()
    path.write_bytes(b"\xff\xfe" + path.read_bytes())
    judged = offer(path)
    assert {finding.gate for finding in judged.report.findings} == {"format"}
    assert judged.frame is None
    for gate in ("schema", "rules", "significance"):
        (check,) = [check for check in judged.report.checks if check.gate == gate]
        assert (check.outcome, check.note) == ("skipped", "the format gate refused")


def test_the_same_bytes_skip_the_rules(offer, csv_file):
    january = offer(csv_file())
    again = offer(csv_file(name="other.csv"), [january])
    assert {finding.code for finding in again.report.findings} == {"same_bytes"}
    assert outcomes(again, "rules") == {"skipped"}


def test_a_wrong_type_skips_the_rules_and_a_broken_rule_skips_nothing(offer, csv_file):
    january = offer(csv_file())
    assert outcomes(offer(csv_file(month=2, first=40, miles="far"), [january]), "rules") == {"skipped"}
    broken = offer(csv_file(month=2, first=40, miles="400"), [january])
    assert "refused" in outcomes(broken, "rules")
    assert "passed" in outcomes(broken, "significance")


def test_a_broken_rule_names_column_rows_values_and_what_is_allowed(offer, csv_file):
    (finding,) = offer(csv_file(miles="400")).report.refusals
    assert (finding.subject, finding.rows, finding.examples) == ("miles", 1, ("row 4: miles 400.0",))
    assert finding.allowed == "min_value 0, max_value 100"


def test_several_gates_can_refuse_one_batch(offer, csv_file):
    january = offer(csv_file())
    judged = offer(csv_file(month=2, first=39, miles="400"), [january])
    assert {finding.gate for finding in judged.report.refusals} == {"identity", "rules"}


def test_a_report_survives_being_written_down(offer, csv_file):
    report = offer(csv_file(miles="400")).report
    assert ValidationReport.from_json(report.to_json()) == report


def test_a_report_reads_well(offer, csv_file):
    good, bad = offer(csv_file()).report, offer(csv_file(miles="400")).report
    assert good.summary().startswith("rides: accepted rides.csv, 40 rows")
    assert bad.summary().startswith("rides: refused rides.csv, 40 rows: [rules] miles:")
    text = render(bad)
    assert "significance" in text
    assert "row 4: miles 400.0" in text
    assert "findings" not in render(good)


def test_markup_in_data_is_shown_as_it_is(offer, csv_file):
    assert "[red]" in render(offer(csv_file(miles="[red]")).report)


def test_a_stored_batch_survives_being_written_down(offer, csv_file):
    judged = offer(csv_file())
    batch = AcceptedBatch(
        judged.digest, judged.content, "a.csv", 40, judged.period, datetime(2020, 2, 1, tzinfo=UTC), judged.profile
    )
    again = AcceptedBatch.from_json(batch.to_json())
    assert again.to_json() == batch.to_json()
    assert again.accepted_at == batch.accepted_at
