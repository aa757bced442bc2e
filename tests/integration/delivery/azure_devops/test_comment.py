"""One comment on a pull request, whatever happens on the way."""

import json

import pytest
from click.testing import CliRunner

from modelyard.cli.ci.group import ci
from modelyard.delivery.azure_devops.comments import AzureBoard, GitHubBoard, put_comment
from modelyard.delivery.azure_devops.rest.client import DevOps
from modelyard.delivery.azure_devops.rest.github import GitHub
from modelyard.delivery.azure_devops.rest.tokens import Token
from modelyard.delivery.azure_devops.runs import GitHubRun
from modelyard.errors import ExternalServiceError
from modelyard.testing.github_fakes import FakeGitHub
from modelyard.testing.rest_server import Fault

TITLE = "Preview of every environment"


@pytest.fixture
def github():
    with FakeGitHub() as fake:
        yield fake


@pytest.fixture(params=["azure", "github"])
def place(request, service, github):
    """A pull request on either service: the board, the fake, and what stands there."""
    if request.param == "azure":
        devops = DevOps(service.address, "modelyard", Token("s3cret"), wait=lambda _: None)

        def texts():
            return [thread["comments"][0]["content"] for thread in service.threads.get("7", [])]

        return AzureBoard(devops, repository="repo", pull_request="7"), service, texts
    run = GitHubRun(
        api=github.root, repository="fabrikam/modelyard", run="1", token="s3cret", pull_request="7", output=""
    )

    def bodies():
        return [one["body"] for one in github.comments.get("7", [])]

    return GitHubBoard(GitHub(run, wait=lambda _: None), pull_request="7"), github, bodies


def test_the_second_run_changes_the_comment_of_the_first(place):
    board, _, texts = place
    assert [put_comment(board, TITLE, text) for text in ("one", "two", "two")] == ["made", "changed", "as before"]
    (text,) = texts()
    assert text.endswith("two\n")
    assert text.startswith("<!-- modelyard:preview-of-every-environment -->\n## Preview of every environment\n")


def test_another_title_is_another_comment(place):
    board, _, texts = place
    put_comment(board, TITLE, "one")
    put_comment(board, "Benchmarks", "two")
    assert len(texts()) == 2


def test_an_unchanged_comment_is_not_written(place):
    board, fake, _ = place
    put_comment(board, TITLE, "one")
    writes = len(fake.writes)
    put_comment(board, TITLE, "one")
    assert len(fake.writes) == writes


@pytest.mark.parametrize("kind", ["refused", "after", "lost"])
@pytest.mark.parametrize("method", ["POST", "PATCH"])
def test_a_lost_answer_makes_no_second_comment(place, kind, method):
    board, fake, texts = place
    if method == "PATCH":
        put_comment(board, TITLE, "before")
    fake.faults.append(Fault(kind, method))
    assert put_comment(board, TITLE, "after") in {"made", "changed"}
    (text,) = texts()
    assert text.endswith("after\n")


def test_a_comment_that_somebody_deleted_is_made_again(service):
    devops = DevOps(service.address, "modelyard", Token("s3cret"))
    board = AzureBoard(devops, repository="repo", pull_request="7")
    put_comment(board, TITLE, "one")
    service.threads["7"][0]["isDeleted"] = True
    assert put_comment(board, TITLE, "one") == "made"


def test_the_thread_is_closed_so_that_nobody_has_to_resolve_it(service):
    devops = DevOps(service.address, "modelyard", Token("s3cret"))
    put_comment(AzureBoard(devops, repository="repo", pull_request="7"), TITLE, "one")
    assert service.threads["7"][0]["status"] == "closed"


def test_a_comment_behind_a_hundred_others_is_found(github):
    run = GitHubRun(
        api=github.root, repository="fabrikam/modelyard", run="1", token="s3cret", pull_request="7", output=""
    )
    github.comments["7"] = [{"id": 1000 + number, "body": "chat"} for number in range(150)]
    board = GitHubBoard(GitHub(run), pull_request="7")
    put_comment(board, TITLE, "one")
    put_comment(board, TITLE, "two")
    assert len(github.comments["7"]) == 151


def test_a_text_that_is_too_long_is_cut_and_says_so(place):
    board, _, texts = place
    put_comment(board, TITLE, "<details>\n\n```text\n" + "a line of the plan\n" * 20_000 + "```\n</details>")
    (text,) = texts()
    assert len(text) <= board.limit
    assert "more characters" in text
    assert text.count("```") % 2 == 0
    assert text.count("<details>") == text.count("</details>")


def test_a_token_that_may_not_comment_is_told_what_to_ask_for(place):
    board, fake, _ = place
    fake.faults.append(Fault("refused", "POST", status=403))
    with pytest.raises(ExternalServiceError) as refused:
        put_comment(board, TITLE, "one")
    assert "permission" in refused.value.hint
    assert "s3cret" not in refused.value.message


@pytest.fixture
def previews(tmp_path):
    for name in ("prod", "dev"):
        folder = tmp_path / f"preview-{name}"
        folder.mkdir()
        change = {"name": "lake", "kind": "storage account", "operation": "create", "detail": "", "concern": "lake"}
        document = {"environment": name, "changes": [change], "simulated": True, "estimate": None, "warnings": []}
        (folder / f"{name}.json").write_text(json.dumps(document), encoding="utf-8")
    return tmp_path


def azure_variables(service):
    return {
        "SYSTEM_COLLECTIONURI": f"{service.address}/",
        "SYSTEM_TEAMPROJECT": "modelyard",
        "BUILD_REPOSITORY_ID": "repo",
        "SYSTEM_PULLREQUEST_PULLREQUESTID": "7",
        "SYSTEM_ACCESSTOKEN": "s3cret",
    }


def test_the_command_comments_on_the_runs_own_pull_request(service, previews):
    result = CliRunner(env=azure_variables(service)).invoke(ci, ["comment", "--previews", str(previews)])
    assert result.exit_code == 0, result.output
    (thread,) = service.threads["7"]
    text = thread["comments"][0]["content"]
    assert text.index("**dev**") < text.index("**prod**")


def test_the_command_prints_outside_of_a_pull_request(service, previews):
    variables = {**azure_variables(service), "SYSTEM_PULLREQUEST_PULLREQUESTID": ""}
    result = CliRunner(env=variables).invoke(ci, ["comment", "--previews", str(previews)])
    assert result.exit_code == 0
    assert "**dev**" in result.stdout
    assert "not in a pull request" in result.stderr
    assert service.asked == []


def test_the_command_comments_on_github(github, tmp_path):
    text = tmp_path / "text.md"
    text.write_text("all well", encoding="utf-8")
    variables = {
        "GITHUB_ACTIONS": "true",
        "GITHUB_API_URL": github.root,
        "GITHUB_REPOSITORY": "fabrikam/modelyard",
        "GITHUB_TOKEN": "s3cret",
        "GITHUB_REF": "refs/pull/12/merge",
        "SYSTEM_COLLECTIONURI": "",
    }
    result = CliRunner(env=variables).invoke(ci, ["comment", "--title", "Benchmarks", "--file", str(text)])
    assert result.exit_code == 0, result.output
    assert github.comments["12"][0]["body"].endswith("all well\n")
