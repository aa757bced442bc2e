"""What the bootstrap makes: a state that survives accidents, a key, an identity without a secret, least roles."""

import json
import subprocess

import pytest

from modelyard.errors import ConfigurationError
from modelyard_infra.bootstrap.plan import bootstrap_steps
from modelyard_infra.bootstrap.roles import CONTRIBUTOR, ROLE_ADMINISTRATOR
from modelyard_infra.bootstrap.running import script
from modelyard_infra.bootstrap.state import state_home
from modelyard_infra.bootstrap.steps import Step, az

OWNER, ACCESS_ADMINISTRATOR = "8e3af657-a8ff-443c-a75c-2fe8c4bcb635", "18d7d88d-d35e-4fb5-a5c3-7773c20a72d9"


def only(steps, start):
    """The one step whose command begins like this; roles with a condition are for `conditional`."""
    fitting = [step for step in steps if " ".join(step.command).startswith(start)]
    (found,) = [step for step in fitting if "roleAssignments/" not in str(step.command)]
    return found


def options(step):
    """The options of a command, each with its first value."""
    words = step.command
    return {word: words[place + 1] for place, word in enumerate(words[:-1]) if word.startswith("--")}


def body(step):
    return json.loads(options(step)["--body"])


def test_the_state_has_a_home_of_its_own_in_names_that_azure_takes(load):
    home, environment = state_home(load("prod")), load("prod")
    assert home.backend_url == f"azblob://state?storage_account={home.account}"
    assert home.secrets_provider == f"azurekeyvault://{home.vault}.vault.azure.net/keys/pulumi"
    assert home.resource_group != environment.azure_name("resource group")
    assert home.account != environment.azure_name("storage account")
    assert home.vault != environment.azure_name("key vault")
    assert max(len(home.account), len(home.vault)) <= 24


def test_no_two_environments_share_a_state(load):
    homes = [state_home(load(name)) for name in ("dev", "test", "prod")]
    assert len({home.backend_url for home in homes}) == 3
    assert len({home.secrets_provider for home in homes}) == 3


def test_an_environment_on_this_machine_needs_no_bootstrap(load):
    with pytest.raises(ConfigurationError, match="state is kept in files") as refused:
        bootstrap_steps(load("local"), [])
    assert refused.value.hint == "modelyard infra up local"


def test_the_account_takes_no_keys_no_old_tls_and_no_strangers(plan):
    said = options(only(plan("prod"), "storage account create"))
    assert said["--allow-shared-key-access"] == "false"
    assert said["--allow-blob-public-access"] == "false"
    assert said["--min-tls-version"] == "TLS1_2"
    assert said["--https-only"] == "true"
    assert said["--sku"] == "Standard_GZRS"


def test_a_state_that_was_overwritten_or_deleted_can_be_brought_back(plan):
    said = options(only(plan("dev"), "storage account blob-service-properties update"))
    assert said["--enable-versioning"] == said["--enable-delete-retention"] == "true"
    assert int(said["--delete-retention-days"]) >= 7
    assert options(only(plan("dev"), "lock create"))["--lock-type"] == "CanNotDelete"


def test_the_vault_goes_by_roles_cannot_be_purged_and_is_made_only_once(plan):
    step = only(plan("dev"), "keyvault create")
    assert options(step)["--enable-rbac-authorization"] == "true"
    assert options(step)["--enable-purge-protection"] == "true"
    assert step.unless[:2] == ("keyvault", "show")


def test_the_key_is_made_by_the_control_plane_which_needs_no_role_in_the_vault(plan, load):
    step = only(plan("dev"), "rest --method put --url https://management.azure.com/subscriptions/")
    assert state_home(load("dev")).key_id in options(step)["--url"]
    assert body(step)["properties"]["keyOps"] == ["encrypt", "decrypt"]


def conditional(steps, role):
    (found,) = [step for step in steps if "roleAssignments/" in " ".join(step.command) and role in str(step.command)]
    return body(found)["properties"]


def test_the_pipeline_signs_in_without_a_secret_through_a_connection_of_its_own(plan, load):
    steps = plan("prod")
    made = only(steps, "rest --method post")
    assert body(made)["name"] == load("prod").azure.pipelines.service_connection + "-infra"
    assert body(made)["authorization"]["scheme"] == "WorkloadIdentityFederation"
    assert "secret" not in " ".join(made.command).lower()
    trust = options(only(steps, "identity federated-credential create"))
    assert (trust["--issuer"], trust["--subject"]) == ("$ISSUER", "$SUBJECT")


def test_every_value_that_a_step_needs_was_found_out_before(plan):
    known = set()
    for step in plan("prod"):
        needed = {word for word in ("PRINCIPAL", "CLIENT", "PROJECT", "ISSUER", "SUBJECT") if f"${word}" in str(step)}
        assert needed <= known, step.title
        known |= {step.captures} - {""}


def test_the_pipeline_may_assign_the_graphs_roles_and_no_others(plan):
    properties = conditional(plan("prod"), ROLE_ADMINISTRATOR)
    for action, source in (("write", "@Request"), ("delete", "@Resource")):
        assert f"roleAssignments/{action}'" in properties["condition"]
        assert f"{source}[Microsoft.Authorization/roleAssignments:RoleDefinitionId]" in properties["condition"]
    assert "{7f951dda-4ed3-4680-a7ca-43fe172d538d}" in properties["condition"]


def test_nobody_becomes_owner_and_the_pipeline_reads_no_account_but_the_lake(plan, load):
    commands = [" ".join(step.command) for step in plan("prod")]
    assert not any(role in command for role in (OWNER, ACCESS_ADMINISTRATOR) for command in commands)
    wide = [one for one in commands if one.startswith("role assignment") and "/resourceGroups/" not in one]
    assert {one.split()[4] for one in wide} <= {CONTRIBUTOR, "28bf596f-4eb7-45ce-b5bc-6cf482fec137"}
    lake = conditional(plan("prod"), "ba92f5b4-2d11-453d-a403-e96b0029c9fe")
    assert f"StringEquals '{load('prod').azure_name('storage account')}'" in lake["condition"]


def test_where_a_change_waits_for_approval_people_only_read_the_state(plan):
    titles = {name: {step.title for step in plan(name)} for name in ("dev", "prod")}
    assert "the platform team reads the state" in titles["prod"]
    assert "the platform team writes the state" in titles["dev"]
    assert "the pipeline locks and unlocks" in titles["prod"] - titles["dev"]


def test_the_script_is_one_that_a_shell_understands(plan, load, tmp_path):
    file = tmp_path / "bootstrap.sh"
    file.write_text(script(state_home(load("prod")), plan("prod")))
    assert subprocess.run(["sh", "-n", str(file)], check=True, capture_output=True, text=True).stderr == ""


def test_the_script_hands_az_the_very_same_arguments(plan, load, tmp_path):
    log = tmp_path / "log"
    fake = tmp_path / "az"
    fake.write_text(f'#!/bin/sh\nprintf "%s\\036" "$@" >> {log}\nprintf "\\035" >> {log}\necho 42\n')
    fake.chmod(0o755)
    file = tmp_path / "bootstrap.sh"
    steps = [step for step in plan("prod") if not step.unless]
    file.write_text(script(state_home(load("prod")), steps))
    subprocess.run(
        ["sh", str(file)], check=True, env={"PATH": f"{tmp_path}:/usr/bin:/bin", "CLIENT": "", "PROJECT": ""}
    )
    calls = [call.split("\036")[:-1] for call in log.read_text().split("\035")[:-1]]
    places = ("$PRINCIPAL", "$ISSUER", "$SUBJECT")
    for step, call in zip(steps, calls, strict=True):
        wanted = list(step.command) + ([] if step.captures else ["--output", "none"])
        for place in places:
            wanted = [word.replace(place, "42") for word in wanted]
        assert call == wanted


def test_a_value_with_quotes_and_spaces_reaches_az_as_it_is():
    step = Step("a", az("rest", body='{"a b": "$PRINCIPAL\'s"}'))
    line = f'PRINCIPAL=p; az() {{ printf "%s|" "$@"; }}; {step.shell()}'
    said = subprocess.run(["sh", "-c", line], check=True, capture_output=True, text=True)
    assert said.stdout == 'rest|--body|{"a b": "p\'s"}|--output|none|'
