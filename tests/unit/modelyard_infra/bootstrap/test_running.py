"""Running the bootstrap: step by step, again and again, and what happens when one fails."""

import pytest
from click.testing import CliRunner

from modelyard.errors import ConfigurationError, MissingToolError, ProvisioningFailedError, exit_code_of
from modelyard_infra.az_cli import AzCli, Said
from modelyard_infra.bootstrap import command
from modelyard_infra.bootstrap.running import run_steps
from modelyard_infra.bootstrap.state import state_home
from modelyard_infra.testing.az import FakeAz

VALUES = {
    "identity show": Said(0, "11111111-2222-3333-4444-555555555555\n", ""),
    "rest --method get": Said(0, "found\n", ""),
    "rest --method get --resource 499b84ac-1321-427f-aa17-267ca6975798 --url "
    "https://dev.azure.com/example-org/modelyard/_apis/serviceendpoint": Said(0, "found\n", ""),
}
NEW = {**VALUES, "keyvault show": Said(3, "", "ERROR: (ResourceNotFound) no such vault")}


@pytest.fixture
def run(plan, load):
    def over(az, name="prod"):
        told = []
        already = run_steps(plan(name), az, home=state_home(load(name)), tell=told.append)
        return already, told

    return over


def test_every_step_is_run_once_in_order_and_told(run, plan):
    az = FakeAz(NEW)
    _, told = run(az)
    assert len(told) == len(plan("prod"))
    assert told[0].startswith(f"1/{len(told)} resource group")
    wanted = [step.command[:2] for step in plan("prod")]
    looks = {("keyvault", "show"), ("rest", "--method")}
    assert [words[:2] for words in az.asked if words[:2] not in looks] == [one for one in wanted if one not in looks]


def test_values_that_were_found_out_reach_the_later_steps(run):
    az = FakeAz(NEW)
    run(az)
    assigned = [asked for asked in az.asked if asked[:2] == ("role", "assignment")]
    assert any("11111111-2222-3333-4444-555555555555" in asked for asked in assigned)
    assert not any("$" in word for asked in az.asked for word in asked)


def test_run_again_makes_no_second_vault_and_no_second_connection(run):
    az = FakeAz({**VALUES, "keyvault show": Said(0, "/subscriptions/x\n", "")})
    already, told = run(az)
    assert already == 2
    assert sum("there already" in line for line in told) == 2
    assert not any(asked[:2] == ("keyvault", "create") for asked in az.asked)
    assert not any(asked[:3] == ("rest", "--method", "post") for asked in az.asked)


def test_the_first_failure_stops_the_run_and_says_where_why_and_what_next(run):
    refused = Said(1, "", "WARNING: slow\nERROR: (AuthorizationFailed) you may not\nCode: AuthorizationFailed\n")
    az = FakeAz({**NEW, "storage account create": refused})
    with pytest.raises(ProvisioningFailedError) as failed:
        run(az)
    assert "step 2/" in failed.value.message
    assert failed.value.message.endswith("(AuthorizationFailed) you may not")
    assert failed.value.hint.endswith("then run again: modelyard infra bootstrap prod --run")
    assert az.asked[-1][:3] == ("storage", "account", "create")
    assert exit_code_of(failed.value) == 6


def test_the_second_run_goes_on_where_the_first_stopped(run):
    once = iter([Said(1, "", "ERROR: busy")])
    az = FakeAz({**NEW, "identity create": lambda asked: next(once, Said(0, "", ""))})
    with pytest.raises(ProvisioningFailedError):
        run(az)
    _, told = run(az)
    assert told[-1].endswith("the platform team uses the key")


def test_a_value_that_azure_does_not_know_is_a_failure_and_not_an_empty_argument(run):
    with pytest.raises(ProvisioningFailedError, match="Azure knows no such value"):
        run(FakeAz({**NEW, "identity show": Said(0, "\n", "")}))


def test_a_machine_without_the_azure_cli_is_told_how_to_get_it(monkeypatch, tmp_path):
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(MissingToolError, match="no Azure CLI") as missing:
        AzCli().run(["version"])
    assert "install" in missing.value.hint


def test_the_real_adapter_hands_over_arguments_result_and_complaint(monkeypatch, tmp_path):
    fake = tmp_path / "az"
    fake.write_text('#!/bin/sh\necho "got $2"\necho "WARNING: a\nERROR: it broke" >&2\nexit 3\n')
    fake.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    said = AzCli().run(["rest", "a b"])
    assert (said.code, said.out, said.complaint, said.ok) == (3, "got a b\n", "it broke", False)


@pytest.mark.usefixtures("project")
def test_without_run_the_command_prints_a_script_and_touches_nothing():
    printed = CliRunner().invoke(command.bootstrap, ["dev"])
    assert printed.exit_code == 0, printed.output
    assert printed.stdout.startswith("#!/bin/sh")
    assert "az storage account create" in printed.stdout


@pytest.mark.usefixtures("project")
def test_run_refuses_example_values_before_anything_is_made(tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", str(tmp_path))
    refused = CliRunner().invoke(command.bootstrap, ["dev", "--run"])
    assert isinstance(refused.exception, ConfigurationError)
    assert "azure.subscription_id" in refused.exception.message


def test_run_from_the_command_line_says_what_was_made_and_what_comes_next(project, monkeypatch, tmp_path):
    for file in (project.root / "environments").glob("*.yaml"):
        text = file.read_text().replace("00000000-0000-0000-0000-", "10000000-0000-0000-0000-")
        text = text.replace("203.0.113.", "203.0.112.").replace("@example.com", "@company.example")
        file.write_text(text.replace("example-org", "company").replace("sha256:00000000", "sha256:10000000"))
    fake = tmp_path / "az"
    fake.write_text("#!/bin/sh\necho there\n")
    fake.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    ran = CliRunner().invoke(command.bootstrap, ["dev", "--run"])
    assert ran.exit_code == 0, ran.output
    assert ran.stdout.startswith("state of dev: azblob://state?storage_account=stsmyarddev")
    assert "azurekeyvault://kvsmyarddev" in ran.stdout
    assert "there already; next: modelyard doctor dev" in ran.stderr
