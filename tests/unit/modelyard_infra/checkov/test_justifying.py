"""Reasons against findings: what is not written down fails, and so does what is no longer needed."""

from __future__ import annotations

from pathlib import Path

import pytest

from modelyard.errors import InvalidSettingsError
from modelyard_infra.checkov.justifying import Justified, judge, load_justified
from modelyard_infra.checkov.running import Finding, Report

REASON = "the lake has no queues, so there is nothing to log"
KEYS = {"resource.lake_account": "lake-account", "azurerm_storage_container.lake_raw": "lake-raw"}


def finding(check="CKV_AZURE_33", resource="resource.lake_account", *, passed=False, framework="terraform_json"):
    return Finding(check, "wants something", resource, Path("/cdk.tf.json"), framework, passed)


def justified(*may_fail, **least):
    return Justified.model_validate({"checks_at_least": least or {"terraform_json": 1}, "may_fail": may_fail})


def verdict(findings, reasons):
    return judge(Report(tuple(findings)), reasons, environment="dev", keys=KEYS)


def reason(check="CKV_AZURE_33", resource="lake-account", text=REASON):
    return {"check": check, "resource": resource, "reason": text}


def test_a_failed_check_with_a_reason_passes():
    found = verdict([finding(), finding("CKV_AZURE_59", passed=True)], justified(reason()))
    assert found.problems == ()
    assert list(found.failed.values()) == [REASON]


def test_a_failed_check_without_a_reason_is_a_problem():
    (problem,) = verdict([finding()], justified()).problems
    assert "CKV_AZURE_33 fails on resource.lake_account" in problem


def test_a_reason_for_another_resource_or_check_does_not_count():
    assert len(verdict([finding()], justified(reason(resource="vault"))).problems) == 2
    assert len(verdict([finding()], justified(reason(check="CKV_AZURE_34"))).problems) == 2


def test_a_reason_that_is_no_longer_needed_is_a_problem():
    (problem,) = verdict([finding(passed=True)], justified(reason())).problems
    assert "not needed" in problem


def test_a_reason_may_speak_of_several_resources():
    failed = [finding(), finding(resource="azurerm_storage_container.lake_raw")]
    assert verdict(failed, justified(reason(resource="lake-*"))).problems == ()


def test_a_run_of_too_few_checks_is_a_problem():
    (problem,) = verdict([finding(passed=True)], justified(terraform_json=2)).problems
    assert problem == "1 checks ran over terraform_json, 2 at least should have"


def test_a_framework_that_did_not_run_is_a_problem():
    (problem,) = verdict([finding(passed=True)], justified(arm=1)).problems
    assert problem.startswith("0 checks ran over arm")


@pytest.mark.parametrize("text", ["", "todo", "because"])
def test_a_reason_that_says_nothing_is_refused(tmp_path, text):
    folder = tmp_path / "infra" / "checkov"
    folder.mkdir(parents=True)
    entry = f"  - {{check: CKV_AZURE_33, resource: lake-account, reason: '{text}'}}"
    (folder / "dev.yaml").write_text(f"checks_at_least: {{}}\nmay_fail:\n{entry}\n")
    with pytest.raises(InvalidSettingsError, match="reason"):
        load_justified(tmp_path, "dev")


def test_an_environment_without_a_file_is_refused(tmp_path):
    with pytest.raises(InvalidSettingsError, match=r"dev\.yaml is missing"):
        load_justified(tmp_path, "dev")
