"""Questions through the Azure CLI: what `az` is asked, and what its answers and refusals mean."""

import json
import textwrap

import pytest

from modelyard_infra.az_cli import AzCli, Said
from modelyard_infra.readiness.client import AzureRefusedError, SignIn
from modelyard_infra.readiness.rest import RestAzure
from modelyard_infra.readiness.transport import AbsentError, AzRest
from modelyard_infra.testing.az import FakeAz

SCOPE = "/subscriptions/00000000-0000-0000-0000-0000000000d1"


@pytest.fixture
def fake_az(tmp_path, monkeypatch):
    """An `az` on PATH that answers from a table of (part of the command, exit code, stdout, stderr)."""

    def with_answers(*answers):
        (tmp_path / "answers.json").write_text(json.dumps(answers))
        program = tmp_path / "az"
        program.write_text(
            textwrap.dedent(f"""\
            #!/usr/bin/env python3
            import json, sys
            line = " ".join(sys.argv[1:])
            with open({str(tmp_path / "asked")!r}, "a") as log:
                log.write(line + chr(10))
            for part, code, out, error in json.load(open({str(tmp_path / "answers.json")!r})):
                if part in line:
                    sys.stdout.write(out); sys.stderr.write(error); sys.exit(code)
            sys.exit(99)
            """)
        )
        program.chmod(0o755)
        monkeypatch.setenv("PATH", f"{tmp_path}:/usr/local/bin:/usr/bin:/bin")
        return tmp_path / "asked"

    return with_answers


def test_the_real_adapter_asks_az_on_path_and_reads_its_json(fake_az):
    asked = fake_az(
        ("account show", 0, '{"tenantId": "t", "user": {"name": "you"}}', ""),
        ("version --only-show-errors", 0, '{"azure-cli": "2.80.0"}', ""),
        (
            "/providers?",
            0,
            '{"value": [{"namespace": "Microsoft.App", "registrationState": "Registered"}]}',
            "WARNING: w",
        ),
    )
    client = RestAzure(AzRest(AzCli()))
    assert client.cli_version() == "2.80.0"
    assert client.signed_in() == SignIn("you", "t")
    assert client.registered(SCOPE.rpartition("/")[2]) == {"microsoft.app"}
    line = asked.read_text().splitlines()[-1]
    assert line.startswith("rest --only-show-errors --method get --url https://management.azure.com/subscriptions/")


def test_azure_devops_is_asked_with_a_token_of_its_own(fake_az):
    asked = fake_az(("dev.azure.com", 0, '{"instanceId": "i"}', ""))
    assert RestAzure(AzRest(AzCli())).organisation_id("org") == "i"
    assert "--resource 499b84ac-1321-427f-aa17-267ca6975798" in asked.read_text()


def test_nobody_signed_in_is_a_fact_and_not_a_failure(fake_az):
    fake_az(("account show", 1, "", "ERROR: Please run 'az login' to setup account.\n"))
    assert RestAzure(AzRest(AzCli())).signed_in() is None


def refused(error, code=1):
    return AzRest(FakeAz({"rest": Said(code, "", error)}))


@pytest.mark.parametrize(
    "error",
    [
        'ERROR: Not Found({"error":{"code":"ResourceNotFound","message":"The Resource \'x\' was not found."}})',
        'ERROR: Not Found({"error":{"code":"SubscriptionNotFound","message":"no such"}})',
        "ERROR: Not Found(no JSON at all)",
    ],
)
def test_what_is_not_there_is_told_from_a_refusal(error):
    with pytest.raises(AbsentError):
        refused(error).ask("GET", f"https://management.azure.com{SCOPE}")


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (
            'ERROR: Forbidden({"error":{"code":"AuthorizationFailed","message":"The client may not \\"read\\"."}})',
            'AuthorizationFailed: The client may not "read".',
        ),
        ("ERROR: Please run 'az login' to setup account.", "nobody is signed in"),
        (
            "ERROR: AADSTS700082: The refresh token has expired.\nTo re-authenticate, please run: az login",
            "AADSTS700082",
        ),
        ("", "az ended with 1"),
    ],
)
def test_a_refusal_says_what_azure_said_in_one_line(error, words):
    with pytest.raises(AzureRefusedError) as no:
        refused(error).ask("GET", f"https://management.azure.com{SCOPE}")
    assert not isinstance(no.value, AbsentError)
    assert words in str(no.value)
    assert "\n" not in str(no.value)


def test_a_page_for_people_instead_of_json_means_that_one_is_no_member():
    page = AzRest(FakeAz({"rest": Said(0, "<html>Sign in</html>", "")}))
    with pytest.raises(AzureRefusedError, match="not a member"):
        page.ask("GET", "https://dev.azure.com/org/_apis/connectionData")


def test_nothing_is_asked_twice():
    az = FakeAz({"rest": Said(0, '{"value": []}', "")})
    client = RestAzure(AzRest(az))
    for _ in range(3):
        client.resources("s", "rg")
    assert len(az.asked) == 1


def test_a_name_is_asked_for_with_its_type():
    az = FakeAz({"rest": Said(0, '{"nameAvailable": false, "reason": "AlreadyExists"}', "")})
    assert RestAzure(AzRest(az)).why_not_free("s", "registry", "cr1") == "AlreadyExists"
    body = json.loads(az.asked[0][az.asked[0].index("--body") + 1])
    assert body == {"name": "cr1", "type": "Microsoft.ContainerRegistry/registries"}


def test_a_subscription_that_nobody_is_signed_in_to_is_found_through_the_real_adapter(fake_az, load):
    from modelyard_infra.readiness.doctor import checks

    fake_az(
        ("version --only-show-errors", 0, '{"azure-cli": "2.80.0"}', ""),
        ("account show", 1, "", "ERROR: Please run 'az login' to setup account.\n"),
    )
    found = {check.name: check.status for check in checks(load("dev"), simulate=False)}
    assert found["Azure CLI"] == "ok"
    assert found["sign-in"] == "missing"
    assert found["everything else in Azure"] == "note"
