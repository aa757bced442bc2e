"""What the engine is told about folders in a lake, before anything is called."""

import pytest

from modelyard_infra.lakefolders.dfs import DfsFolders
from modelyard_infra.lakefolders.kind import LakeFolderKind, chosen_folders
from modelyard_infra.lakefolders.rehearsed import RehearsedFolders
from modelyard_infra.local.kinds import Call
from modelyard_infra.plugin.wire import UNKNOWN

INPUTS = {"account": "stmyard", "fileSystem": "lake", "path": "RAW"}


def nothing():
    raise AssertionError("a preview called something")


def test_a_preview_calls_nothing():
    kind = LakeFolderKind(nothing)
    assert kind.check(INPUTS) == []
    assert kind.foresee(INPUTS, {}) == INPUTS
    assert kind.diff(INPUTS, INPUTS, INPUTS).changed == ()
    kind.delete(INPUTS, Call())
    with pytest.raises(AssertionError, match="a preview called something"):
        kind.create(INPUTS, Call())


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("account", "Lake"),
        ("account", ""),
        ("account", "evil.example/x"),
        ("fileSystem", "la--ke"),
        ("path", ""),
        ("path", "/RAW"),
        ("path", "RAW/"),
        ("path", "a//b"),
        ("path", "a/../b"),
        ("path", "."),
    ],
)
def test_what_azure_would_refuse_is_refused_before(key, value):
    (problem,) = LakeFolderKind(nothing).check({**INPUTS, key: value})
    assert problem[0] == key
    assert "allowed" in problem[1]


def test_a_missing_property_is_refused():
    assert [key for key, _ in LakeFolderKind(nothing).check({})] == ["account", "fileSystem", "path"]


@pytest.mark.parametrize("key", ["account", "fileSystem", "path"])
def test_what_is_not_known_before_the_update_is_accepted(key):
    assert LakeFolderKind(nothing).check({**INPUTS, key: UNKNOWN}) == []


@pytest.mark.parametrize("key", ["account", "fileSystem", "path"])
def test_another_place_is_another_folder(key):
    difference = LakeFolderKind(nothing).diff(INPUTS, INPUTS, {**INPUTS, key: "other"})
    assert difference.changed == difference.replaces == (key,)


def test_a_rehearsal_takes_the_simulated_lake_and_everything_else_the_real_one(monkeypatch, tmp_path):
    monkeypatch.setenv("MODELYARD_SIMULATED_AZURE", str(tmp_path / "azure.db"))
    assert isinstance(chosen_folders(), RehearsedFolders)
    assert not (tmp_path / "azure.db").exists()
    for unset in ("", None):
        if unset is None:
            monkeypatch.delenv("MODELYARD_SIMULATED_AZURE")
        else:
            monkeypatch.setenv("MODELYARD_SIMULATED_AZURE", unset)
        assert isinstance(chosen_folders(), DfsFolders)


def test_the_variable_is_the_one_that_the_stacks_set():
    from modelyard_infra.engine import homes
    from modelyard_infra.lakefolders import kind

    assert kind.SIMULATED_AZURE_VARIABLE == homes.SIMULATED_AZURE_VARIABLE
