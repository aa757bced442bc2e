"""What is written to disk: fast, the same every time, and nothing that Terraform or the providers would refuse."""

from __future__ import annotations

import copy
import json
import os
import shutil
import subprocess
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from modelyard.errors import InfrastructureError, MissingToolError
from modelyard_infra.terraform.command import terraform
from modelyard_infra.terraform.rendering import Rendering, checked, write_terraform
from modelyard_infra.terraform.schema import load_schema, problems
from modelyard_infra.testing.terraform_provider import stand_in_providers

ENVIRONMENTS = ("dev", "test", "prod")
PROGRAM = shutil.which("terraform") or shutil.which("tofu")
with_terraform = pytest.mark.skipif(PROGRAM is None, reason="neither terraform nor tofu is on PATH")
SET_OUTPUT = "an output that nobody may set"
"""The real providers refuse this themselves, and not Terraform for them; the stand-ins don't."""
Change = Callable[[dict[str, Any]], Any]


def resource(configuration: dict[str, Any], address: str) -> dict[str, Any]:
    kind, name = address.split(".")
    found: dict[str, Any] = configuration["resource"][kind][name]
    return found


BROKEN: dict[str, Change] = {
    "an unknown argument": lambda it: resource(it, "azurerm_key_vault.vault").update(colour="blue"),
    "a missing argument": lambda it: resource(it, "azurerm_key_vault.vault").pop("tenant_id"),
    "a missing block": lambda it: resource(it, "azurerm_container_app.mlflow").pop("template"),
    "a text for a truth": lambda it: resource(it, "azurerm_key_vault.vault").update(
        rbac_authorization_enabled="of course"
    ),
    "a block twice": lambda it: resource(it, "azurerm_storage_account.lake_account").update(
        network_rules=resource(it, "azurerm_storage_account.lake_account")["network_rules"] * 2
    ),
    "a rule without its nulls": lambda it: resource(it, "azurerm_network_security_group.nsg_postgres")["security_rule"][
        0
    ].pop("description"),
    "a reference to nothing": lambda it: resource(it, "azurerm_key_vault.vault").update(
        resource_group_name="${azurerm_resource_group.nobody.name}"
    ),
    "an attribute that is not there": lambda it: resource(it, "azurerm_key_vault.vault").update(
        resource_group_name="${azurerm_resource_group.group.nickname}"
    ),
}


@pytest.mark.parametrize("name", ENVIRONMENTS)
def test_an_environment_is_written_in_less_than_ten_seconds(name, renderings):
    assert renderings[name].seconds < 10


@pytest.mark.parametrize("name", ENVIRONMENTS)
def test_the_providers_schema_knows_every_argument_and_misses_none(name, renderings):
    assert problems(renderings[name].read()) == []
    assert checked(renderings[name]) is renderings[name]


@pytest.mark.parametrize("broken", [*BROKEN, SET_OUTPUT])
def test_the_schema_finds_what_azurerm_would_refuse(broken, renderings):
    configuration = copy.deepcopy(dict(renderings["prod"].read()))
    changes = {**BROKEN, SET_OUTPUT: lambda it: resource(it, "azurerm_key_vault.vault").update(vault_uri="https://x")}
    changes[broken](configuration)
    assert problems(configuration) != []


def test_a_configuration_that_azurerm_would_refuse_is_not_handed_out(renderings, tmp_path):
    configuration = copy.deepcopy(dict(renderings["dev"].read()))
    BROKEN["an unknown argument"](configuration)
    path = tmp_path / "cdk.tf.json"
    path.write_text(json.dumps(configuration))
    with pytest.raises(InfrastructureError, match=r"azurerm_key_vault\.vault: colour: no such argument"):
        checked(Rendering("dev", path, 1, 0.0))


@pytest.fixture
def validate(tmp_path: Path) -> Iterator[Callable[[Mapping[str, Any]], subprocess.CompletedProcess[str]]]:
    """The real `terraform validate`, with stand-ins for the providers, which nobody can download here."""
    with stand_in_providers() as leads_to_them:
        surroundings = {**os.environ, **leads_to_them, "CHECKPOINT_DISABLE": "1", "TF_IN_AUTOMATION": "1"}

        def run(configuration: Mapping[str, Any]) -> subprocess.CompletedProcess[str]:
            (tmp_path / "cdk.tf.json").write_text(json.dumps(configuration))
            for arguments in (["init", "-backend=false", "-input=false"], ["validate", "-no-color"]):
                ended = subprocess.run(
                    [str(PROGRAM), *arguments],
                    cwd=tmp_path,
                    env=surroundings,
                    capture_output=True,
                    text=True,
                    check=False,
                )
            return ended

        yield run


@with_terraform
@pytest.mark.parametrize("name", ENVIRONMENTS)
def test_terraform_itself_finds_the_configuration_valid(name, renderings, validate):
    ended = validate(renderings[name].read())
    assert ended.returncode == 0, ended.stderr


@with_terraform
@pytest.mark.parametrize("broken", BROKEN)
def test_terraform_itself_refuses_a_broken_copy(broken, renderings, validate):
    configuration = copy.deepcopy(dict(renderings["prod"].read()))
    BROKEN[broken](configuration)
    assert validate(configuration).returncode != 0


@with_terraform
def test_terraform_itself_sees_when_resources_need_each_other_in_a_circle(renderings, validate):
    configuration = copy.deepcopy(dict(renderings["prod"].read()))
    resource(configuration, "azurerm_virtual_network.network")["depends_on"] = ["azurerm_subnet.subnet_postgres"]
    ended = validate(configuration)
    assert ended.returncode != 0
    assert "Cycle" in ended.stderr


@pytest.mark.parametrize("name", ENVIRONMENTS)
def test_nothing_is_left_open_but_where_the_state_is_kept(name, renderings):
    said = renderings[name].read()["terraform"]
    assert said["backend"] == {"azurerm": {"key": f"modelyard-{name}.tfstate", "use_azuread_auth": True}}
    assert "required_version" not in said  # checkov breaks on it
    schema = load_schema()
    assert {provider: one["version"] for provider, one in said["required_providers"].items()} == {
        provider: schema.required_provider(provider)["version"] for provider in ("azurerm", "azapi")
    }


def test_the_same_blueprint_gives_the_same_bytes_wherever_it_is_written(blueprints, renderings, tmp_path):
    again = write_terraform(blueprints["dev"], tmp_path / "elsewhere")
    assert again.path.read_bytes() == renderings["dev"].path.read_bytes()


def test_without_node_one_sentence_says_what_is_missing_and_what_to_do(blueprints, tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.delenv("JSII_NODE", raising=False)
    with pytest.raises(MissingToolError, match=r"needs Node\.js") as caught:
        write_terraform(blueprints["dev"], tmp_path / "out")
    assert "nodejs.org" in caught.value.hint


def test_a_node_that_breaks_is_told_in_one_sentence(blueprints, tmp_path, monkeypatch):
    broken = tmp_path / "node"
    broken.write_text("#!/bin/sh\nexit 3\n")
    broken.chmod(0o755)
    monkeypatch.setenv("JSII_NODE", str(broken))
    with pytest.raises(InfrastructureError, match="CDK Terrain refused"):
        write_terraform(blueprints["dev"], tmp_path / "out")


def test_the_command_writes_the_file_and_says_what_comes_next(tmp_path):
    ended = CliRunner().invoke(terraform, ["dev", "--out", str(tmp_path)])
    assert ended.exit_code == 0, ended.output
    written = tmp_path / "stacks" / "dev" / "cdk.tf.json"
    assert str(written) in ended.output
    assert "terraform -chdir=" in ended.output
    assert json.loads(written.read_text())["resource"]["azurerm_resource_group"]["group"]
