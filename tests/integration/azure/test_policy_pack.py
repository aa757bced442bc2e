"""The policy pack under Pulumi's real engine: what breaks a rule is stopped by name, before it is made."""

import subprocess
import sys
import time
from importlib.metadata import version
from pathlib import Path

import grpc
import pytest
import yaml
from google.protobuf.empty_pb2 import Empty
from pulumi.runtime.proto.analyzer_pb2_grpc import AnalyzerStub

from modelyard_infra.engine.preparing import prepare
from modelyard_infra.policies.rules import RULES
from modelyard_infra.toolchain import ensure_pulumi

REPOSITORY = Path(__file__).parents[3]
PACK = REPOSITORY / "infra" / "policies" / "modelyard-policies"

PROGRAM = """import os
from dataclasses import replace

import pulumi

from modelyard.environment.loading import load_environment
from modelyard.environment.workspace import Workspace
from modelyard_infra.blueprint.azure.draw import draw_azure
from modelyard_infra.program import declare
from modelyard_infra.testing.rule_cases import BREAKS

blueprint = draw_azure(load_environment(Workspace.find(), pulumi.get_stack()))
rule = os.environ.get("BROKEN_RULE")
if rule:
    case = next(case for case in BREAKS if case.rule == rule)
    blueprint = replace(blueprint, graph=case.edit(blueprint.graph))
declare(blueprint)
"""
"""A program that has forgotten to ask the rules itself."""


@pytest.fixture(scope="module")
def careless(yard):
    """A workspace whose program does not ask the rules."""
    (yard.workspace.infra / "__main__.py").write_text(PROGRAM)
    prepare(yard.home, ensure_pulumi(yard.workspace, say=yard.said.append))
    return yard


def preview(yard, stack: str, **variables: str) -> subprocess.CompletedProcess:
    return yard.pulumi("preview", "--policy-pack", str(PACK), stack=stack, **variables)


def update(yard, stack: str, **variables: str) -> subprocess.CompletedProcess:
    return yard.pulumi("up", "--yes", "--skip-preview", "--policy-pack", str(PACK), stack=stack, **variables)


@pytest.mark.parametrize("stack", ["dev", "test", "prod"])
def test_an_environment_is_let_pass_in_seconds(careless, stack):
    begun = time.monotonic()

    shown = preview(careless, stack)

    assert shown.returncode == 0, shown.stdout + shown.stderr
    assert "modelyard-policies@" in shown.stdout
    assert "[mandatory]" not in shown.stdout
    assert time.monotonic() - begun < 60


@pytest.mark.parametrize("rule", ["storage-no-shared-keys", "logs-everywhere"])
def test_a_preview_is_stopped_by_name(careless, rule):
    shown = preview(careless, "prod", BROKEN_RULE=rule)

    assert shown.returncode != 0
    assert f"[mandatory]  {rule}  (" in shown.stdout
    assert "Next: " in shown.stdout


def test_without_the_pack_nothing_stops_it(careless):
    shown = careless.pulumi("preview", stack="prod", BROKEN_RULE="storage-no-shared-keys")

    assert shown.returncode == 0, shown.stdout + shown.stderr


def test_an_update_that_nobody_previewed_is_stopped_before_the_resource_is_made(careless):
    done = update(careless, "prod", BROKEN_RULE="storage-no-shared-keys")

    assert done.returncode != 0
    assert "[mandatory]  storage-no-shared-keys  (" in done.stdout
    assert not any("/storageaccounts/" in one.lower() for one in careless.exists("prod"))


def test_an_update_passes_with_ids_that_are_known(careless):
    done = update(careless, "test")

    assert done.returncode == 0, done.stdout + done.stderr
    assert "[mandatory]" not in done.stdout
    assert any("/storageaccounts/" in one.lower() for one in careless.exists("test"))


def test_a_stack_without_an_environment_file_is_refused_with_the_next_command(careless):
    assert careless.pulumi("stack", "init", "--no-select", stack="staging").returncode == 0

    refused = preview(careless, "staging")

    assert refused.returncode != 0
    assert "staging" in refused.stderr + refused.stdout
    assert "modelyard env list" in refused.stderr + refused.stdout


@pytest.mark.parametrize(
    "command", [[str(PACK)], [sys.executable, str(PACK.parent)]], ids=["as a file", "as a folder of Python"]
)
def test_both_forms_of_the_pack_serve_the_same_rules(command):
    with subprocess.Popen([*command, "127.0.0.1:0"], stdout=subprocess.PIPE, text=True) as pack:
        try:
            with grpc.insecure_channel(f"127.0.0.1:{pack.stdout.readline().strip()}") as channel:
                info = AnalyzerStub(channel).GetAnalyzerInfo(Empty())
        finally:
            pack.kill()

    assert [one.name for one in info.policies] == [rule.id for rule in RULES]


def test_the_pack_says_its_version_once():
    project = yaml.safe_load((PACK.parent / "PulumiPolicy.yaml").read_text())

    assert project["version"] == version("modelyard-infra")
