"""Seeded defects: each is found where it is, by the rule that is meant to, and the correct pipeline has none."""

import pytest

from modelyard.delivery.linting.checking import lint
from modelyard.delivery.linting.registry import RULES
from modelyard.testing.pipeline_defects.sample import sample_command
from modelyard.testing.pipeline_defects.scoring import DEFECTS, findings_of, is_caught, score


def test_finds_nothing_in_the_correct_pipeline(sample):
    assert lint(sample, commands=sample_command) == []


@pytest.mark.parametrize("defect", DEFECTS, ids=lambda defect: defect.name)
def test_finds_a_mistake_where_it_is(tmp_path, defect):
    findings = findings_of(defect, tmp_path)
    assert is_caught(defect, findings, tmp_path), [str(finding) for finding in findings]
    assert all(finding.message and "\n" not in finding.message for finding in findings)


def test_every_rule_has_a_mistake_that_it_is_meant_to_find():
    assert {rule.id for rule in RULES} - {defect.rule for defect in DEFECTS} == set()
    assert {defect.rule for defect in DEFECTS} - {rule.id for rule in RULES} == set()


def test_the_score_counts_what_is_missed(tmp_path):
    caught = score(DEFECTS[:1])
    assert (caught.defects, caught.caught, caught.false_alarms, caught.missed) == (1, 1, 0, ())
    unseen = score([DEFECTS[0].__class__(name="none", rule="gates", file="uv.lock", old="", new="x", at="x")])
    assert (unseen.caught, unseen.missed) == (0, ("none",))


def test_a_mistake_whose_place_is_gone_says_so(sample):
    defect = DEFECTS[0].__class__(name="gone", rule="gates", file="Makefile", old="nowhere", new="", at="x")
    with pytest.raises(ValueError, match="gone: Makefile has 0 times 'nowhere'"):
        defect.put_into(sample)
