import json
import sys
import urllib.error
import urllib.request

import pytest

from modelyard.delivery.azure_devops.approvals import approved_on_azure
from modelyard.delivery.azure_devops.comments import AzureBoard, put_comment
from modelyard.delivery.azure_devops.rest.client import DevOps
from modelyard.delivery.azure_devops.rest.tokens import find_token
from modelyard.delivery.rehearsing.agent.masking import Mask
from modelyard.delivery.rehearsing.planning.predefined import REPOSITORY_ID
from modelyard.delivery.rehearsing.playing.approvals import Decision, Request, keep_decision
from modelyard.delivery.rehearsing.playing.conversations import Conversations
from modelyard.delivery.rehearsing.playing.service import PlayedService, serving
from modelyard.delivery.rehearsing.recording.records import RunRecord, StageRecord
from modelyard.errors import PromotionRefusedError

TOKEN = "canary-token"


@pytest.fixture
def record():
    stages = [StageRecord(name="decide", place="p.yml:1"), StageRecord(name="prod", place="p.yml:2")]
    return RunRecord(number=7, file="p.yml", commit="c" * 40, branch="main", begun_at="2026-01-01", stages=stages)


@pytest.fixture
def address(record, tmp_path):
    mask = Mask(["hunter2"])
    with serving(PlayedService(lambda: record, Conversations(tmp_path / "comments", mask)), TOKEN) as found:
        yield found


@pytest.fixture
def devops(address):
    token = find_token({"SYSTEM_ACCESSTOKEN": TOKEN}, signed_in=lambda: None)
    return DevOps(address, "project", token)


def approve(record, stage, *, approved=True, by="Grace", reason="better"):
    decision = Decision(approved=approved, by=by, reason=reason, how="given")
    keep_decision(record, Request(stage=stage, job="decide", environment="promotion"), decision)


def test_the_client_reads_who_approved_a_stage_and_why(devops, record):
    approve(record, "decide")
    found = approved_on_azure(devops, "promotion", build="7", stage="decide")
    assert "Grace" in found.by
    assert found.reason == "better"


def test_a_stage_that_nobody_approved_is_refused(devops, record):
    approve(record, "decide")
    with pytest.raises(PromotionRefusedError, match="waited for no approval"):
        approved_on_azure(devops, "promotion", build="7", stage="prod")


def test_a_rerun_asks_again_so_only_its_own_answer_counts(devops, record):
    approve(record, "decide", approved=False)
    with pytest.raises(PromotionRefusedError):
        approved_on_azure(devops, "promotion", build="7", stage="decide")
    record.attempt = 2
    approve(record, "decide", by="Linus")
    assert "Linus" in approved_on_azure(devops, "promotion", build="7", stage="decide").by


def test_comments_land_in_the_folder_of_the_run_and_the_second_changes_the_first(devops, tmp_path):
    board = AzureBoard(devops, repository=REPOSITORY_ID, pull_request="1")
    assert put_comment(board, "Preview", "3 to create; the password is hunter2") == "made"
    assert put_comment(board, "Preview", "4 to create") == "changed"
    assert put_comment(board, "Findings", "none") == "made"
    text = (tmp_path / "comments" / "pull-request-1.md").read_text()
    assert "4 to create" in text
    assert "3 to create" not in text
    assert "none" in text
    assert len(json.loads((tmp_path / "comments" / "pull-request-1.json").read_text())) == 2


def test_secrets_in_comments_are_not_written(devops, tmp_path):
    put_comment(AzureBoard(devops, repository=REPOSITORY_ID, pull_request="1"), "Preview", "the password is hunter2")
    assert all("hunter2" not in path.read_text() for path in (tmp_path / "comments").iterdir())


@pytest.mark.parametrize("header", [None, "Bearer other", "Basic Og=="])
def test_without_the_token_of_the_run_nobody_is_let_in(address, header):
    request = urllib.request.Request(f"{address}project/_apis/pipelines/approvals")
    if header:
        request.add_header("Authorization", header)
    with pytest.raises(urllib.error.HTTPError, match="401") as caught:
        urllib.request.urlopen(request)
    caught.value.close()


@pytest.mark.parametrize("path", ["project/_apis/build/builds/8/timeline", "project/_apis/wiki", "elsewhere"])
def test_what_is_not_played_here_is_not_found(address, path):
    request = urllib.request.Request(f"{address}{path}", headers={"Authorization": f"Bearer {TOKEN}"})
    with pytest.raises(urllib.error.HTTPError, match="404") as caught:
        urllib.request.urlopen(request)
    caught.value.close()


def test_the_service_listens_on_this_machine_only(address):
    assert address.startswith("http://127.0.0.1:")


def test_a_step_reaches_it_through_the_service_s_own_variables(project):
    project.commit(
        f"""
        steps:
          - script: {sys.executable} ask.py
            env: {{SYSTEM_ACCESSTOKEN: $(System.AccessToken)}}
        """,
        ask__py=(
            "import os, urllib.request as u\n"
            "e = os.environ\n"
            "url = e['SYSTEM_COLLECTIONURI'] + e['SYSTEM_TEAMPROJECT']\n"
            "url += f\"/_apis/build/builds/{e['BUILD_BUILDID']}/timeline\"\n"
            "r = u.Request(url, headers={'Authorization': f\"Bearer {e['SYSTEM_ACCESSTOKEN']}\"})\n"
            "assert b'__default' in u.urlopen(r).read()\n"
        ),
    )
    finished = project.rehearse()
    assert finished.failure is None, project.texts(finished)
