import pytest

from modelyard.delivery.rehearsing.agent.secret_file import read_secrets
from modelyard.errors import ConfigurationError


def written(folder, name, text, mode=0o600):
    file = folder / name
    file.write_text(text)
    file.chmod(mode)
    return file


def test_lines_of_names_and_values_are_secret_variables(tmp_path):
    found = read_secrets(written(tmp_path, "s.env", "# comment\n\nexport TOKEN='a=b'\nKEY = x\n"))
    assert [(one.name, one.value, one.secret) for one in found.variables] == [
        ("TOKEN", "a=b", True),
        ("KEY", "x", True),
    ]


def test_mappings_in_yaml_are_variable_groups_and_may_hold_what_is_no_secret(tmp_path):
    text = "TOKEN: t\nmodelyard-dev:\n  password: p\n  region: {value: westeurope, secret: false}\n"
    found = read_secrets(written(tmp_path, "s.yaml", text))
    assert [one.name for one in found.variables] == ["TOKEN"]
    assert [(one.name, one.secret) for one in found.groups["modelyard-dev"]] == [("password", True), ("region", False)]
    assert found.values == ["t", "p"]


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o644])
def test_a_file_that_others_can_read_is_refused_with_the_command_that_mends_it(tmp_path, mode):
    file = written(tmp_path, "s.env", "A=1\n", mode)
    with pytest.raises(ConfigurationError, match="can be read by others") as caught:
        read_secrets(file)
    assert caught.value.hint == f"chmod 600 {file}"


@pytest.mark.parametrize(
    ("name", "text"), [("s.env", "A=1\nhunter2\n"), ("s.yaml", "a: [hunter2\n"), ("t.yaml", "- hunter2\n")]
)
def test_a_file_that_cannot_be_read_is_refused_without_showing_what_it_holds(tmp_path, name, text):
    with pytest.raises(ConfigurationError) as caught:
        read_secrets(written(tmp_path, name, text))
    assert "hunter2" not in str(caught.value)


def test_a_file_that_is_not_there_is_named(tmp_path):
    with pytest.raises(ConfigurationError, match=r"nowhere\.env"):
        read_secrets(tmp_path / "nowhere.env")
