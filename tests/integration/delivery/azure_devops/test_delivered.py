"""What changed since the last run that ended well, so that a run that failed in between loses no model."""

import pytest

from modelyard.delivery.azure_devops.delivered import last_delivered
from modelyard.errors import ExternalServiceError
from modelyard.testing.github_fakes import FakeGitHub


def run(number, result, commit, *, branch="refs/heads/main"):
    return {"definition": {"id": number}, "result": result, "sourceVersion": commit, "sourceBranch": branch}


@pytest.fixture
def azure(service):
    return {
        "SYSTEM_COLLECTIONURI": f"{service.address}/",
        "SYSTEM_TEAMPROJECT": "modelyard",
        "SYSTEM_DEFINITIONID": "3",
        "BUILD_SOURCEBRANCH": "refs/heads/main",
        "SYSTEM_ACCESSTOKEN": "s3cret",
    }


@pytest.fixture
def github():
    with FakeGitHub() as fake:
        yield fake


@pytest.fixture
def actions(github):
    return {
        "GITHUB_ACTIONS": "true",
        "GITHUB_API_URL": github.root,
        "GITHUB_REPOSITORY": github.repository,
        "GITHUB_WORKFLOW_REF": f"{github.repository}/.github/workflows/main.yml@refs/heads/main",
        "GITHUB_REF_NAME": "main",
        "GITHUB_TOKEN": "s3cret",
    }


def test_azure_says_the_commit_of_the_last_run_of_this_pipeline_and_branch_that_ended_well(service, azure):
    service.builds = [
        run(3, "failed", "f"),
        run(4, "succeeded", "e"),
        run(3, "succeeded", "d", branch="refs/heads/try"),
        run(3, "partiallySucceeded", "c"),
        run(3, "succeeded", "b"),
    ]
    assert last_delivered(azure) == "c"


def test_where_no_run_ended_well_there_is_no_commit(service, azure):
    service.builds = [run(3, "canceled", "a")]
    assert last_delivered(azure) == ""


@pytest.mark.parametrize("odd", [{"SYSTEM_ACCESSTOKEN": ""}, {"SYSTEM_PULLREQUEST_PULLREQUESTID": "7"}])
def test_nobody_is_asked_without_a_token_or_for_a_pull_request(service, azure, odd):
    assert last_delivered({**azure, **odd}) is None
    assert last_delivered({}) is None


def test_a_rehearsal_that_does_not_play_this_part_leaves_it_open(service, azure):
    assert last_delivered({**azure, "SYSTEM_TEAMPROJECT": "elsewhere"}) is None


def test_a_token_that_the_service_does_not_know_is_an_error_and_no_guess(service, azure):
    with pytest.raises(ExternalServiceError, match="does not know this sign-in"):
        last_delivered({**azure, "SYSTEM_ACCESSTOKEN": "other"})


def test_github_says_the_commit_of_the_last_run_of_this_workflow_that_ended_well(github, actions):
    runs = [("failure", "main", "c"), ("success", "try", "b"), ("success", "main", "a")]
    github.runs["main.yml"] = [{"conclusion": end, "head_branch": at, "head_sha": sha} for end, at, sha in runs]
    assert last_delivered(actions) == "a"
    github.runs.clear()
    assert last_delivered(actions) == ""


def test_github_is_not_asked_for_a_pull_request(github, actions):
    assert last_delivered({**actions, "GITHUB_REF": "refs/pull/7/merge"}) is None
