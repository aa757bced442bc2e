"""No secret shows up anywhere: a canary is put wherever one could come from, and searched for wherever it could go."""

import base64
import os
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.slow

MODELYARD = Path(sys.executable).with_name("modelyard")
CANARY = "cAnArY-7f1c40d2-do-not-sing"
VARIABLES = (
    "ARM_CLIENT_SECRET",
    "ARM_OIDC_TOKEN",
    "AZURE_CLIENT_SECRET",
    "AZURE_STORAGE_KEY",
    "DATABRICKS_TOKEN",
    "PULUMI_ACCESS_TOKEN",
    "PULUMI_CONFIG_PASSPHRASE",
    "SYSTEM_ACCESSTOKEN",
)
"""Where people and pipelines keep secrets."""


def forms(secret):
    """How a text may be written down."""
    return [secret.encode(), base64.b64encode(secret.encode()).rstrip(b"="), secret.encode().hex().encode()]


def places_of(secret, folder, *, but=()):
    """Files below a folder that hold a secret."""
    files = (file for file in folder.rglob("*") if file.is_file() and not file.is_symlink() and file not in but)
    return [file for file in files if any(form in file.read_bytes() for form in forms(secret))]


@pytest.fixture(scope="module")
def told(yard, pulumi_home):
    """All that is printed in the life of an environment that is surrounded by canaries."""
    around = {**os.environ, **dict.fromkeys(VARIABLES, CANARY), "PULUMI_HOME": str(pulumi_home)}
    around |= {"MODELYARD_ROOT": str(yard.workspace.root), "MODELYARD_STATE": str(yard.workspace.state)}
    for name in (yard.environment("dev").notification.teams_url_secret, "MODELYARD_TEAMS_URL"):
        around[str(name)] = CANARY

    def run(*words):
        answer = subprocess.run(
            [str(MODELYARD), "infra", *words, "dev", "--simulate"],
            env=around,
            capture_output=True,
            text=True,
            check=False,
        )
        assert answer.returncode == 0, answer.stdout + answer.stderr
        return answer.stdout + answer.stderr

    said = [run("preview"), run("preview", "--format", "json"), run("up")]
    secret = yard.pulumi("config", "set", "--secret", "modelyard:canary", CANARY, stack="dev")
    assert secret.returncode == 0, secret.stderr
    said += [run("up", "--format", "json"), run("refresh"), run("outputs"), run("outputs", "--format", "json")]
    plain = [yard.pulumi("preview", "--diff", stack="dev"), yard.pulumi("stack", "export", stack="dev")]
    return [*said, *(answer.stdout + answer.stderr for answer in plain)]


def test_nothing_that_is_printed_holds_a_secret(yard, told):
    passphrase = yard.home.passphrase_file.read_text()
    assert [text for text in told if CANARY in text or passphrase in text] == []


def test_no_file_holds_a_secret_in_the_clear(yard, told, pulumi_home):
    file = yard.home.passphrase_file
    assert places_of(CANARY, yard.workspace.root) == []
    assert places_of(CANARY, pulumi_home) == []
    assert places_of(file.read_text(), yard.workspace.root, but=(file,)) == []
    assert places_of(file.read_text(), pulumi_home) == []


def test_a_secret_of_the_stack_is_kept_and_only_the_passphrase_opens_it(yard, told):
    assert "secure:" in yard.home.settings_file("dev").read_text()
    opened = yard.pulumi("config", "get", "modelyard:canary", stack="dev")
    assert opened.stdout.strip() == CANARY


def test_only_the_owner_can_read_the_passphrase(yard, told):
    assert yard.home.passphrase_file.stat().st_mode & 0o077 == 0


@pytest.mark.parametrize("form", [0, 1, 2])
def test_the_search_finds_what_is_there(tmp_path, form):
    """A search that finds nothing proves nothing unless it can find."""
    leak = tmp_path / "deep" / "state.json"
    leak.parent.mkdir()
    leak.write_bytes(b'{"key": "' + forms(CANARY)[form] + b'"}')
    assert places_of(CANARY, tmp_path) == [leak]
