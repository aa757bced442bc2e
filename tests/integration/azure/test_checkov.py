"""checkov over both renderings of every environment: every failed check has a reason, and no run is empty."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from modelyard.environment.workspace import Workspace
from modelyard.errors import InfrastructureError, MissingToolError
from modelyard_infra.arm import resources_of
from modelyard_infra.blueprint.azure.draw import AzureBlueprint
from modelyard_infra.blueprint.graph import Resource
from modelyard_infra.checkov.justifying import Verdict
from modelyard_infra.checkov.running import ARM, TERRAFORM, run_checkov
from modelyard_infra.checkov.scanning import scan, verdict_text
from modelyard_infra.engine.preparing import prepare
from modelyard_infra.toolchain import ensure_pulumi

ENVIRONMENTS = ("dev", "test", "prod")
CHECKS_AT_LEAST = {
    "dev": {TERRAFORM: 50, ARM: 25},
    "test": {TERRAFORM: 65, ARM: 35},
    "prod": {TERRAFORM: 65, ARM: 35},
}
OPEN_ACCOUNT = {
    "azurerm_storage_account": {
        "careless": {"name": "careless", "min_tls_version": "TLS1_0", "public_network_access_enabled": True}
    }
}


@pytest.fixture(scope="module")
def verdicts(yard) -> dict[str, Verdict]:
    """One run of checkov for all environments: it takes longer to start than to look.

    The ARM templates are made of what the engine's preview says, and not of the blueprint that it was drawn from.
    """
    prepare(yard.home, ensure_pulumi(yard.workspace, say=yard.said.append))

    def previewed(blueprint: AzureBlueprint) -> list[Resource]:
        shown = yard.pulumi("preview", "--json", stack=blueprint.environment)
        assert shown.returncode == 0, shown.stderr
        return resources_of(json.loads(shown.stdout))

    blueprints = [yard.blueprint(name) for name in ENVIRONMENTS]
    found = scan(blueprints, root=Workspace.find().root, declared=previewed)
    return {verdict.environment: verdict for verdict in found}


@pytest.mark.parametrize("name", ENVIRONMENTS)
def test_every_failed_check_has_a_reason_and_every_reason_a_failed_check(name, verdicts):
    assert verdicts[name].problems == ()
    assert all(verdicts[name].failed.values())


@pytest.mark.parametrize("name", ENVIRONMENTS)
def test_no_run_is_silently_empty(name, verdicts):
    for framework, least in CHECKS_AT_LEAST[name].items():
        assert verdicts[name].ran[framework] >= least


def test_the_report_shows_each_difference_with_its_reason(verdicts):
    shown = verdict_text(verdicts["prod"])
    assert "CKV2_AZURE_57" in shown
    assert "takes no private endpoint" in shown
    assert shown.splitlines()[-1].startswith("environment prod passes")


@pytest.fixture(scope="module")
def careless(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("careless") / "cdk.tf.json"
    path.write_text(json.dumps({"resource": OPEN_ACCOUNT}))
    return path


def test_checkov_still_finds_an_account_that_is_open_to_everybody(careless):
    report = run_checkov([careless], [TERRAFORM], root=Workspace.find().root)
    assert {"CKV_AZURE_44", "CKV_AZURE_59", "CKV2_AZURE_40"} <= {finding.check for finding in report.failed}


def test_a_file_that_checkov_skips_is_an_error_and_no_success(careless, tmp_path):
    silent = tmp_path / "template.json"
    silent.write_text(json.dumps({"resources": []}))
    with pytest.raises(InfrastructureError, match="looked at nothing"):
        run_checkov([careless, silent], [TERRAFORM, ARM], root=Workspace.find().root)


def test_without_checkov_one_sentence_says_how_to_get_it(tmp_path):
    with pytest.raises(MissingToolError) as caught:
        run_checkov([tmp_path / "any.json"], [ARM], root=tmp_path)
    assert caught.value.hint == "uv sync --project tools/checkov --locked"
