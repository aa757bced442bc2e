"""The page of all policies says what the rules say, and every rule says enough."""

import re
from pathlib import Path

import pytest

from modelyard.errors import InvalidSettingsError
from modelyard_infra.policies.accepted import ACCEPTED
from modelyard_infra.policies.rules import RULES
from modelyard_infra.policies.table import AREAS, check_page, page

REPOSITORY = Path(__file__).parents[4]
MCSB = re.compile(r"(NS|IM|PA|DP|AM|LT|IR|PV|ES|BR|DS|GS)-\d{1,2}")
WAF = re.compile(r"(RE|CO|OE|SE|PE):\d\d")


def test_the_page_is_what_the_rules_say() -> None:
    check_page(REPOSITORY / "docs" / "policies.md")


def test_an_old_page_is_refused_with_the_command_that_renews_it(tmp_path: Path) -> None:
    old = tmp_path / "policies.md"
    old.write_text(page().replace("mandatory", "optional", 1))

    with pytest.raises(InvalidSettingsError, match="an old table") as refused:
        check_page(old)
    assert "modelyard_infra.policies.table" in refused.value.hint


def test_every_rule_stands_on_the_page_once() -> None:
    assert [rule for rules in AREAS.values() for rule in rules] == list(RULES)


def test_ids_are_unique_and_made_for_reports() -> None:
    ids = [rule.id for rule in RULES]

    assert len(set(ids)) == len(ids)
    assert all(re.fullmatch(r"[a-z][a-z-]+[a-z]", one) for one in ids)


@pytest.mark.parametrize("rule", RULES, ids=[rule.id for rule in RULES])
def test_a_rule_names_a_control_a_reason_and_a_next_step(rule) -> None:
    assert (MCSB if rule.control.benchmark == "MCSB" else WAF).fullmatch(rule.control.id)
    assert rule.title
    assert rule.control.reason
    assert rule.remedy


def test_only_advisory_rules_can_be_accepted() -> None:
    advisory = {rule.id for rule in RULES if rule.level == "advisory"}

    assert {one.rule for one in ACCEPTED} <= advisory
