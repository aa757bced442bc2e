"""What every lake promises that folders are made in: the simulated one, and the real client on a stand-in."""

import pytest

from modelyard_infra.lakefolders.dfs import DfsFolders
from modelyard_infra.lakefolders.folders import Place
from modelyard_infra.lakefolders.kind import LakeFolderKind
from modelyard_infra.lakefolders.rehearsed import RehearsedFolders
from modelyard_infra.local.kinds import Call, LocalResourceError
from modelyard_infra.simulator.store import Store, Stored
from modelyard_infra.testing.dfs import dfs_server

CALL = Call()
INPUTS = {"account": "stmyard", "fileSystem": "lake", "path": "RAW/flights"}
GROUP = "/subscriptions/s/resourceGroups/rg/providers/Microsoft.Storage/storageAccounts/stmyard"


class Known:
    """Gives a token that is none."""

    def token(self):
        return "canary"


@pytest.fixture(params=["simulated", "real"])
def folders(request, tmp_path):
    if request.param == "simulated":
        with Store(tmp_path / "azure.db").transaction() as tables:
            tables.put(Stored(GROUP, "storage:StorageAccount", {"isHnsEnabled": True}, 1))
            tables.put(Stored(f"{GROUP}/blobServices/default/containers/lake", "storage:BlobContainer", {}, 1))
        yield RehearsedFolders(str(tmp_path / "azure.db"))
        return
    with dfs_server("stmyard/lake") as server:
        yield DfsFolders(Known(), host=server.host, pause=0.01)


@pytest.fixture
def kind(folders):
    return LakeFolderKind(lambda: folders)


def test_a_folder_is_there_after_it_was_made_and_so_are_those_above(folders):
    place = Place("stmyard", "lake", "RAW/flights")
    assert not folders.exists(place)
    folders.make(place, CALL)
    assert folders.exists(place)
    assert folders.exists(Place("stmyard", "lake", "RAW"))
    assert not folders.exists(Place("stmyard", "lake", "CLEAN"))


def test_making_it_again_changes_nothing(folders):
    place = Place("stmyard", "lake", "RAW")
    folders.make(place, CALL)
    folders.make(place, CALL)
    assert folders.exists(place)


def test_a_file_system_that_does_not_exist_is_said_by_name(folders):
    with pytest.raises(LocalResourceError, match="cannot make the folder stmyard/other/RAW: FilesystemNotFound"):
        folders.make(Place("stmyard", "other", "RAW"), CALL)


def test_what_was_created_is_read_back_as_it_is_and_does_not_differ(kind):
    made = kind.create(INPUTS, CALL)
    assert made.id == "stmyard/lake/RAW/flights"
    assert kind.read(made.id, made.inputs, made.outputs) == made
    assert kind.read(made.id, {}, {}) == made
    assert kind.diff(made.inputs, made.outputs, INPUTS).changed == ()
    assert kind.foresee(INPUTS, {}) == made.outputs


def test_creating_again_after_a_crash_gives_the_same_thing(kind):
    assert kind.create(INPUTS, CALL) == kind.create(INPUTS, CALL)


def test_what_is_deleted_from_the_stack_stays_in_the_lake(kind, folders):
    made = kind.create(INPUTS, CALL)
    kind.delete(made.outputs, CALL)
    assert folders.exists(Place.of(made.id))


def test_a_folder_that_is_gone_is_read_as_none_and_an_update_brings_it_back(kind):
    assert kind.read("stmyard/lake/CLEAN", {}, {}) is None
    assert kind.update({**INPUTS, "path": "CLEAN"}, {}, CALL)["path"] == "CLEAN"
    assert kind.read("stmyard/lake/CLEAN", {}, {}) is not None
