"""Requests to storage accounts: what is sent, what is waited for, and what a refusal says."""

import pytest

from modelyard_infra.lakefolders.dfs import WAITS, DfsFolders
from modelyard_infra.lakefolders.folders import Place
from modelyard_infra.local.kinds import Call, LocalResourceError
from modelyard_infra.testing.dfs import dfs_server

PLACE = Place("stmyard", "lake", "RAW")


class Known:
    def token(self):
        return "canary"


@pytest.fixture
def server():
    with dfs_server("stmyard/lake") as running:
        yield running


@pytest.fixture
def folders(server):
    return DfsFolders(Known(), host=server.host, pause=0.001)


def test_the_request_is_the_one_that_the_service_documents(folders, server):
    folders.make(PLACE, Call())
    ((method, address, headers),) = server.heard
    assert (method, address) == ("PUT", "/stmyard/lake/RAW?resource=directory")
    given = {name.lower(): value for name, value in headers.items()}
    assert given["if-none-match"] == "*"
    assert given["authorization"] == "Bearer canary"
    assert given["x-ms-version"]
    assert given["content-length"] == "0"


def test_a_path_with_special_characters_stays_one_path(folders, server):
    place = Place("stmyard", "lake", "RAW/a b?c#d%e")
    folders.make(place, Call())
    assert "stmyard/lake/RAW/a b?c#d%e" in server.folders
    assert folders.exists(place)


def test_a_file_in_its_place_is_no_folder(folders, server):
    server.files.add("stmyard/lake/RAW")
    assert not folders.exists(PLACE)
    with pytest.raises(LocalResourceError, match="a file is in its place"):
        folders.make(PLACE, Call())


@pytest.mark.parametrize("code", ["AuthorizationPermissionMismatch", "FilesystemNotFound", "ServerBusy"])
def test_what_passes_is_waited_for_and_told(folders, server, code):
    server.refusals += [(403, code)] * 3
    told = []
    folders.make(PLACE, Call(note=told.append))
    assert folders.exists(PLACE)
    assert told == [f"waiting: {WAITS[code].why}"] * 3


def test_waiting_ends(folders, server):
    server.refusals += [(503, "ServerBusy")] * (WAITS["ServerBusy"].pauses + 1)
    with pytest.raises(LocalResourceError, match="ServerBusy"):
        folders.make(PLACE, Call())
    assert server.refusals == []


def test_different_refusals_are_waited_for_one_by_one(folders, server):
    server.refusals += [(500, "InternalError"), (404, "FilesystemNotFound"), (500, "InternalError")]
    folders.make(PLACE, Call())
    assert folders.exists(PLACE)


def test_a_refusal_that_stays_is_not_waited_for(folders, server):
    server.refusals += [(401, "InvalidAuthenticationInfo")]
    with pytest.raises(LocalResourceError, match="InvalidAuthenticationInfo"):
        folders.make(PLACE, Call())
    assert len(server.heard) == 1


def test_a_firewall_is_named_with_what_to_do(folders, server):
    server.refusals += [(403, "AuthorizationFailure")]
    with pytest.raises(LocalResourceError, match="run this inside the environment's network"):
        folders.exists(PLACE)


def test_a_user_who_has_had_enough_is_heard_at_once(server):
    server.refusals += [(403, "AuthorizationPermissionMismatch")]
    call = Call()
    call.cancelled.set()
    with pytest.raises(LocalResourceError, match="interrupted"):
        DfsFolders(Known(), host=server.host, pause=600).make(PLACE, call)


def test_an_account_that_does_not_answer_is_said_so(server):
    host = server.host
    server.shutdown()
    server.server_close()
    with pytest.raises(LocalResourceError, match="does not answer: is this machine inside"):
        DfsFolders(Known(), host=host, pause=0.001).exists(PLACE)


def test_nobody_is_followed_elsewhere_with_the_token(folders, server):
    with dfs_server("stmyard/lake") as stranger:
        server.elsewhere = f"http://127.0.0.1:{stranger.server_port}/stmyard/lake/RAW"
        with pytest.raises(LocalResourceError, match="HTTP 307"):
            folders.exists(PLACE)
        assert stranger.heard == []


def test_no_message_repeats_the_token(folders, server):
    server.refusals += [(401, "InvalidAuthenticationInfo")]
    with pytest.raises(LocalResourceError) as no:
        folders.make(PLACE, Call())
    assert "canary" not in str(no.value)
