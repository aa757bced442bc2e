"""Bad input and bad surroundings: one sentence, and the next command."""

import json
import os
import socket

import pytest

from modelyard.environment.stack_outputs import PROJECT
from modelyard.errors import (
    ConfigurationError,
    InvalidSettingsError,
    MissingToolError,
    StackBusyError,
    UnknownEnvironmentError,
)

pytestmark = pytest.mark.slow


def write_lock(yard, *, pid, host):
    folder = yard.home.folder / ".pulumi" / "locks" / "organization" / PROJECT / "dev"
    folder.mkdir(parents=True, exist_ok=True)
    lock = {"pid": pid, "username": "ada", "hostname": host, "timestamp": "2026-01-01T00:00:00Z"}
    (folder / "one.json").write_text(json.dumps(lock))


@pytest.fixture(scope="module")
def dev(yard):
    yard.operation("dev").up()
    return yard


def test_wrong_settings_never_reach_the_engine(own_yard):
    own_yard.set("dev", "azure.lake.redundancy", "TRIPLE")
    with pytest.raises(ConfigurationError) as refused:
        own_yard.operation("dev").up()
    said = str(refused.value)
    assert all(part in said for part in ("dev.yaml", "azure.lake.redundancy", "TRIPLE", "GZRS"))
    assert not own_yard.home.folder.exists()


def test_a_missing_setting_never_reaches_the_engine(own_yard):
    file = own_yard.workspace.environments / "dev.yaml"
    file.write_text(file.read_text().replace("  subscription_id: 00000000-0000-0000-0000-0000000000d1\n", ""))
    with pytest.raises(ConfigurationError, match=r"dev.yaml.*azure.subscription_id"):
        own_yard.operation("dev").up()
    assert not own_yard.home.folder.exists()


def test_an_unknown_environment_is_told_with_those_that_there_are(own_yard):
    with pytest.raises(UnknownEnvironmentError, match=r"no environment 'stage'.*dev.*local.*prod.*test"):
        own_yard.operation("stage")


def test_an_unknown_environment_is_told_by_the_plain_cli_too(dev):
    answer = dev.pulumi("preview", stack="stage")
    assert answer.returncode != 0
    assert "stage" in answer.stderr


def test_example_values_never_reach_azure(own_yard):
    environment = own_yard.environment("dev")
    real = own_yard.operation("dev")
    with pytest.raises(InvalidSettingsError, match=r"environment dev still holds example values: .*subscription_id"):
        type(real)(own_yard.workspace, environment).up()


def test_a_wrong_passphrase_is_told_with_its_file(dev):
    file = dev.home.passphrase_file
    right = file.read_text()
    try:
        file.write_text("of another state")
        with pytest.raises(ConfigurationError) as refused:
            dev.operation("dev").up()
    finally:
        file.write_text(right)
    assert refused.value.message.startswith(f"the passphrase in {file} is not the one")
    assert refused.value.hint.endswith("then run: modelyard infra up dev --simulate")
    assert right not in str(refused.value)


def test_the_lock_of_an_engine_that_is_gone_is_released(dev):
    write_lock(dev, pid=2**22 - 1, host=socket.gethostname())
    assert not dev.operation("dev").up().has_changes
    assert "released the lock of an engine that was killed" in dev.said


def test_the_lock_of_somebody_elses_engine_is_respected_and_told(dev):
    write_lock(dev, pid=os.getpid(), host="another-machine")
    with pytest.raises(StackBusyError) as busy:
        dev.operation("dev").up()
    assert "by ada@another-machine" in busy.value.message
    assert busy.value.hint.endswith(f"{dev.home.wrapper} cancel -s dev --yes")
    assert dev.pulumi("cancel", "--yes", stack="dev").returncode == 0
    assert not dev.operation("dev").up().has_changes


def test_a_missing_plugin_is_told_with_how_to_get_it(own_yard):
    (own_yard.workspace.infra / "simulator").unlink()
    with pytest.raises(MissingToolError) as missing:
        own_yard.operation("dev").up()
    assert missing.value.message == (
        "environment dev needs Pulumi's provider azure-native 3.29.0, which is not installed"
    )
    assert missing.value.hint.endswith("plugin install resource azure-native 3.29.0")
