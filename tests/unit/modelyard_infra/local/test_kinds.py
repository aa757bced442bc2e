import errno
import socket

import pytest

from modelyard_infra.local import ports
from modelyard_infra.local.folder import FolderKind
from modelyard_infra.local.kinds import Call, LocalResourceError
from modelyard_infra.local.service import ServiceKind
from modelyard_infra.plugin.wire import UNKNOWN, packed, plain


def test_whole_numbers_stay_whole_on_the_way_through_protobuf():
    properties = {"port": 5000, "seconds": 2.5, "deep": {"list": [1, "a", None, True]}}
    assert plain(packed(properties)) == properties


def test_a_file_in_place_of_a_folder_is_told(tmp_path):
    (tmp_path / "lake").write_text("")
    with pytest.raises(LocalResourceError, match="a file is in its place"):
        FolderKind().create({"path": str(tmp_path / "lake")}, Call())


def test_a_full_disk_is_told_in_the_systems_words(tmp_path, monkeypatch):
    def full(*args, **more):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("pathlib.Path.mkdir", full)
    with pytest.raises(LocalResourceError, match=r"cannot make the folder .*lake: No space left on device"):
        FolderKind().create({"path": str(tmp_path / "lake")}, Call())


def test_a_folder_must_have_an_absolute_path():
    assert FolderKind().check({"path": "lake"}) == [("path", "must be an absolute path, found 'lake'")]


@pytest.mark.parametrize(("port", "fine"), [(5000, True), ("auto", True), (UNKNOWN, True), ("5000", False)])
def test_a_port_is_a_number_or_auto(port, fine):
    problems = ServiceKind().check({"port": port, "command": ["x"]})
    assert (problems == []) is fine


def test_a_preview_keeps_a_port_that_was_chosen_and_does_not_guess_one():
    inputs = {"port": "auto"}
    assert ServiceKind().foresee(inputs, {})["address"] == UNKNOWN
    assert ServiceKind().foresee(inputs, {"port": 5000})["address"] == "http://127.0.0.1:5000"
    assert ServiceKind().foresee({"port": 6000}, {"port": 5000})["address"] == "http://127.0.0.1:6000"


def test_a_port_that_is_taken_is_not_free_and_its_holder_is_known():
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        assert not ports.is_free(port)
        assert "process" in ports.holder(port)
        assert ports.choose([port]) != port
    assert ports.is_free(port)
    assert ports.choose([port]) == port
    assert ports.choose([port], avoid={port}) != port


def test_a_kept_port_is_recalled_and_rubbish_is_not(tmp_path):
    file = tmp_path / "ports" / "mlflow"
    assert ports.recall(file) is None
    ports.remember(file, 5000)
    assert ports.recall(file) == 5000
    file.write_text("five thousand")
    assert ports.recall(file) is None
