import os
import re
import stat

import pytest

from modelyard.errors import ConfigurationError
from modelyard_infra.engine.homes import PASSPHRASE_VARIABLE, local_home
from modelyard_infra.engine.preparing import prepare
from modelyard_infra.toolchain import PulumiCli
from modelyard_infra.toolchain.versions import MINIMUM, PINNED, is_good_enough


@pytest.fixture
def cli(tmp_path):
    """A Pulumi CLI that makes a stack file and nothing else."""
    path = tmp_path / "cli" / "pulumi"
    path.parent.mkdir()
    path.write_text(
        '#!/bin/sh\nfolder="${PULUMI_BACKEND_URL#file://}/.pulumi/stacks/modelyard"\n'
        'mkdir -p "$folder"\necho "{}" > "$folder/$3.json"\n'
    )
    path.chmod(0o755)
    return PulumiCli(path, PINNED, "test")


def test_only_the_owner_can_read_the_passphrase_and_it_stays(workspace, cli):
    prepare(local_home(workspace), cli)
    file = local_home(workspace).passphrase_file
    first = file.read_text()
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert len(first) >= 32
    prepare(local_home(workspace), cli)
    assert file.read_text() == first


def test_the_passphrase_is_in_no_variable_and_not_in_the_wrapper(workspace, cli):
    wrapper = prepare(local_home(workspace), cli)
    secret = local_home(workspace).passphrase_file.read_text()
    assert secret not in wrapper.read_text()
    assert secret not in str(local_home(workspace).variables("local"))


def test_a_state_without_its_passphrase_is_refused(workspace, cli):
    prepare(local_home(workspace), cli)
    local_home(workspace).passphrase_file.unlink()
    with pytest.raises(ConfigurationError, match="passphrase of Pulumi's state is gone"):
        prepare(local_home(workspace), cli)


def test_the_stand_in_for_the_language_host_is_used_only_where_there_is_no_official_one(workspace, cli):
    assert str(workspace.infra / "languages") in prepare(local_home(workspace), cli).read_text()
    (cli.path.parent / "pulumi-language-python").touch()
    assert str(workspace.infra / "languages") not in prepare(local_home(workspace), cli).read_text()


def test_another_projects_passphrase_is_kept_out(workspace):
    around = {PASSPHRASE_VARIABLE: "x", "PULUMI_STACK": "theirs", "PATH": os.environ["PATH"]}
    variables = local_home(workspace).environment_variables("local", around)
    assert variables.keys().isdisjoint({PASSPHRASE_VARIABLE, "PULUMI_STACK"})
    assert variables["PATH"].endswith(os.environ["PATH"])


def test_odd_characters_in_the_states_path_are_encoded(workspace, tmp_path):
    odd = type(workspace)(root=tmp_path, state=tmp_path / "100% a path")
    assert local_home(odd).variables("local")["PULUMI_BACKEND_URL"].endswith("/100%25%20a%20path/pulumi")


def test_the_module_that_is_built_is_the_version_that_is_pinned(repository):
    required = re.search(r"pulumi/pkg/v3 v(\S+)", (repository / "tools/pulumi/go.mod").read_text())
    assert required is not None
    assert required.group(1) == PINNED
    assert is_good_enough(PINNED)


@pytest.mark.parametrize(
    ("version", "good"),
    [(".".join(map(str, MINIMUM)), True), ("3.254.9", False), ("4.0.0", False), ("", False), (None, False)],
)
def test_a_version_is_good_enough_from_the_minimum_on(version, good):
    assert is_good_enough(version) is good
