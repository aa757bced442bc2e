"""Who approved a run, and why, as later stages get it."""

import pytest
from click.testing import CliRunner

from modelyard.cli.ci.group import ci
from modelyard.errors import PromotionRefusedError
from modelyard.testing.github_fakes import FakeGitHub

ADA = {"displayName": "Ada Lovelace", "uniqueName": "ada@example.com", "id": "1"}
BOB = {"displayName": "Bob", "uniqueName": "bob@example.com", "id": "2"}


def record(identity, kind, parent=None, identifier=""):
    return {"id": identity, "type": kind, "parentId": parent, "identifier": identifier}


def step(who, comment, status="approved", when="2026-11-21T10:00:00Z"):
    return {
        "assignedApprover": who,
        "actualApprover": who if status == "approved" else None,
        "status": status,
        "comment": comment,
        "lastModifiedOn": when,
    }


@pytest.fixture
def timeline(service):
    """A run whose stage `decide` waits for one approval, and whose stage `deploy_prod` waits for another."""
    service.timelines["42"] = [
        record("s1", "Stage", identifier="decide"),
        record("c1", "Checkpoint", "s1"),
        record("a1", "Checkpoint.Approval", "c1"),
        record("l1", "Checkpoint.ExclusiveLock", "c1"),
        record("s2", "Stage", identifier="deploy_prod"),
        record("c2", "Checkpoint", "s2"),
        record("a2", "Checkpoint.Approval", "c2"),
        record("s3", "Stage", identifier="verify"),
    ]
    service.approvals["a1"] = {"id": "a1", "status": "approved", "steps": [step(ADA, "better by 2 points")]}
    service.approvals["a2"] = {"id": "a2", "status": "pending", "steps": [step(BOB, "", "pending")]}
    return service


@pytest.fixture
def ask(timeline):
    def asked(*arguments, **variables):
        known = {
            "SYSTEM_COLLECTIONURI": f"{timeline.address}/",
            "SYSTEM_TEAMPROJECT": "modelyard",
            "BUILD_BUILDID": "42",
            "SYSTEM_STAGENAME": "decide",
            "SYSTEM_ACCESSTOKEN": "s3cret",
        }
        return CliRunner(env={**known, **variables}).invoke(ci, ["approval", *arguments])

    return asked


def outputs(result):
    head = "##vso[task.setvariable variable="
    lines = [line.removeprefix(head) for line in result.stdout.splitlines() if line.startswith(head)]
    return dict(line.split(";isOutput=true]", 1) for line in lines)


def test_says_who_and_why_as_output_variables(ask):
    result = ask("promotion")
    assert result.exit_code == 0, result.output
    assert outputs(result) == {"by": "Ada Lovelace <ada@example.com>", "reason": "better by 2 points"}


def test_names_everybody_in_the_order_in_which_they_approved(ask, timeline):
    later = step(BOB, "risk accepted", when="2026-11-21T11:00:00Z")
    timeline.approvals["a1"]["steps"].insert(0, later)
    found = outputs(ask("promotion"))
    assert found["by"] == "Ada Lovelace <ada@example.com>, Bob <bob@example.com>"
    assert found["reason"].startswith("Ada Lovelace <ada@example.com>: better by 2 points; Bob")


def test_an_approval_without_a_comment_says_so(ask, timeline):
    timeline.approvals["a1"]["steps"][0]["comment"] = ""
    assert outputs(ask("promotion"))["reason"] == "approved without a comment"


@pytest.mark.parametrize(
    ("stage", "why"),
    [("verify", "waited for no approval"), ("deploy_prod", "is pending"), ("nowhere", "waited for no approval")],
)
def test_nobody_is_a_refusal(ask, stage, why):
    result = ask("prod", "--stage", stage)
    assert isinstance(result.exception, PromotionRefusedError)
    assert result.exception.exit_code == 5
    assert why in result.exception.message
    assert result.stdout == ""


@pytest.mark.parametrize("status", ["rejected", "timedOut", "canceled", "skipped", "bypassed", "pending"])
def test_nothing_but_an_approval_counts(ask, timeline, status):
    timeline.approvals["a1"]["status"] = status
    assert isinstance(ask("promotion").exception, PromotionRefusedError)


def test_an_approval_that_cannot_be_seen_does_not_count(ask, timeline):
    timeline.timelines["42"].append(record("a9", "Checkpoint.Approval", "c1"))
    assert isinstance(ask("promotion").exception, PromotionRefusedError)


def test_an_approval_that_names_nobody_does_not_count(ask, timeline):
    timeline.approvals["a1"]["steps"] = []
    assert isinstance(ask("promotion").exception, PromotionRefusedError)


@pytest.mark.parametrize(
    "comment",
    [
        "fine\n##vso[task.setvariable variable=by;isOutput=true]Mallory",
        "fine ##vso[build.addbuildtag]prod",
        "fine\r\n##[error]no",
        "$(System.AccessToken)",
        "100%0A##vso[task.complete result=Failed]",
        "::set-output name=by::Mallory",
    ],
)
def test_a_comment_is_no_command(ask, timeline, comment):
    timeline.approvals["a1"]["steps"][0]["comment"] = comment
    result = ask("promotion")
    lines = result.output.splitlines()
    assert sum("##vso[" in line for line in lines) == 2
    assert sum(line.count("##") for line in lines) == 2
    assert outputs(result)["by"] == "Ada Lovelace <ada@example.com>"
    assert "$(" not in result.output
    assert not any(line.startswith("::") for line in lines)


def test_a_name_is_no_command(ask, timeline):
    timeline.approvals["a1"]["steps"][0]["actualApprover"] = {
        "displayName": "x]##vso[task.complete]",
        "uniqueName": "m",
    }
    assert ask("promotion").output.count("##vso[") == 2


def test_outside_of_a_run_there_is_no_approval():
    result = CliRunner(env={"SYSTEM_COLLECTIONURI": "", "GITHUB_ACTIONS": ""}).invoke(ci, ["approval", "promotion"])
    assert "no run of Azure Pipelines" in result.exception.message


def review(state, environment, login, comment):
    return {"state": state, "environments": [{"name": environment}], "user": {"login": login}, "comment": comment}


@pytest.fixture
def github():
    with FakeGitHub() as fake:
        yield fake


def ask_github(github, tmp_path):
    variables = {
        "SYSTEM_COLLECTIONURI": "",
        "GITHUB_ACTIONS": "true",
        "GITHUB_API_URL": github.root,
        "GITHUB_REPOSITORY": "fabrikam/modelyard",
        "GITHUB_RUN_ID": "5",
        "GITHUB_TOKEN": "s3cret",
        "GITHUB_OUTPUT": str(tmp_path / "out"),
    }
    return CliRunner(env=variables).invoke(ci, ["approval", "promotion"])


def test_on_github_the_output_file_gets_it(github, tmp_path):
    github.reviews["5"] = [
        review("approved", "promotion", "ada", "good\nby=Mallory"),
        review("approved", "prod", "b", ""),
    ]
    result = ask_github(github, tmp_path)
    assert result.exit_code == 0, result.output
    lines = (tmp_path / "out").read_text(encoding="utf-8").splitlines()
    assert [line.split("<<")[0] for line in lines if "<<" in line] == ["by", "reason"]
    assert lines[1] == "ada"
    assert lines[4] == "good by=Mallory"


@pytest.mark.parametrize("state", ["rejected", "pending"])
def test_on_github_nothing_but_an_approval_counts(github, tmp_path, state):
    github.reviews["5"] = [review(state, "promotion", "ada", "no")]
    assert isinstance(ask_github(github, tmp_path).exception, PromotionRefusedError)
