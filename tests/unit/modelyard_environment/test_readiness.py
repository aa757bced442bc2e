"""What `doctor` finds on machines of every kind, each with its remedy."""

import socket
from pathlib import Path

import pytest

from modelyard.environment.loading import load_environment
from modelyard.environment.machine import ThisMachine, nearest_existing
from modelyard.environment.readiness import GIBIBYTE, PULUMI_DOWNLOAD, Check, look_at

EVERYTHING = {name: f"/usr/bin/{name}" for name in ("git", "uv", "pulumi", "go")}


MIRRORS = {"PIP_INDEX_URL": "https://py.example.org/simple", "GOPROXY": "https://go.example.org,direct"}


class Imagined:
    """A machine as a test describes it."""

    def __init__(self, **facts):
        self.system = facts.get("system", "linux")
        self.python = facts.get("python", (3, 11))
        self._programs = facts.get("programs", EVERYTHING)
        self._free = facts.get("free", 100 * GIBIBYTE)
        self._unwritable = facts.get("unwritable", "")
        self._taken = facts.get("taken", set())
        self._variables = facts.get("variables", {})
        self._online = facts.get("online", {PULUMI_DOWNLOAD})
        self.asked = []

    def program(self, name):
        return self._programs.get(name, "")

    def free_bytes(self, folder):
        return self._free

    def why_not_writable(self, folder):
        return self._unwritable

    def port_is_free(self, port):
        return port not in self._taken

    def variable(self, name):
        return self._variables.get(name, "")

    def reaches(self, address):
        self.asked.append(address)
        return address in self._online


def without(*names):
    return {name: path for name, path in EVERYTHING.items() if name not in names}


@pytest.fixture
def look(workspace):
    def at(machine, name="local", **options):
        return look_at(machine, workspace, load_environment(workspace, name), **options)

    return at


def test_a_machine_with_everything_is_ready_and_the_network_is_not_asked(look):
    machine = Imagined()
    readiness = look(machine)
    assert readiness.missing == ()
    assert machine.asked == []
    assert readiness.to_json()["ready"] is True


@pytest.mark.parametrize(
    ("facts", "name"),
    [
        ({"system": "win32"}, "system"),
        ({"python": (3, 10)}, "Python"),
        ({"python": (3, 14)}, "Python"),
        ({"programs": without("git")}, "git"),
        ({"programs": without("uv"), "online": set(), "variables": MIRRORS}, "package index"),
        ({"programs": without("pulumi", "go"), "online": set()}, "Pulumi CLI"),
        ({"programs": without("pulumi"), "online": set(), "variables": MIRRORS}, "Go module proxy"),
        ({"free": GIBIBYTE}, "disk space"),
        ({"unwritable": "Read-only file system"}, "state folder"),
    ],
)
def test_what_is_missing_is_named_with_a_remedy(look, facts, name):
    readiness = look(Imagined(**facts))
    assert [check.name for check in readiness.missing] == [name]
    assert readiness.missing[0].next_step
    assert readiness.to_json()["ready"] is False


def test_building_pulumi_takes_more_space_than_having_it(look):
    space = {"free": 3 * GIBIBYTE}
    assert look(Imagined(**space)).missing == ()
    assert [check.name for check in look(Imagined(programs=without("pulumi"), **space)).missing] == ["disk space"]


def test_what_set_up_will_bring_is_a_note_and_not_missing(look):
    readiness = look(Imagined(programs=without("uv", "pulumi")))
    notes = {check.name for check in readiness.checks if check.status == "note"}
    assert {"uv", "Pulumi CLI"} <= notes
    assert readiness.missing == ()


def test_go_is_used_where_the_download_is_barred(look):
    machine = Imagined(programs=without("pulumi"), online=set())
    assert look(machine).missing == ()


def test_mirrors_that_the_surroundings_name_are_asked_instead(look):
    variables = {
        "GOPROXY": "https://go.example.org,direct",
        "UV_DEFAULT_INDEX": "https://me:hunter2@py.example.org/simple",
    }
    machine = Imagined(programs=without("uv", "pulumi"), variables=variables, online=set(variables.values()))
    readiness = look(machine)
    assert "https://go.example.org" in machine.asked
    assert "hunter2" not in str(readiness.to_json())


def test_tools_that_set_up_keeps_under_the_state_folder_count(look, workspace):
    for own in (workspace.state / "bin" / "pulumi", workspace.state / "tools" / "uv-1.2.3" / "bin" / "uv"):
        own.parent.mkdir(parents=True)
        own.touch()
    machine = Imagined(programs=without("pulumi", "uv", "go"), online=set())
    assert look(machine).missing == ()


def test_a_fixed_port_has_to_be_free_unless_our_own_service_has_it(look, rewrite):
    rewrite("local", "tracking: auto", "tracking: 5001")
    assert look(Imagined()).missing == ()
    taken = look(Imagined(taken={5001}))
    assert [check.name for check in taken.missing] == ["port 5001"]
    assert "local.ports.tracking to auto" in taken.missing[0].next_step
    assert look(Imagined(taken={5001}), own_ports=frozenset({5001})).missing == ()


def test_example_values_keep_an_azure_environment_from_being_ready(look):
    (missing,) = look(Imagined(), "dev").missing
    assert missing.name == "example values"
    assert "azure.subscription_id" in missing.found


def test_example_values_do_no_harm_in_a_rehearsal(look):
    readiness = look(Imagined(), "dev", simulated=True)
    assert readiness.missing == ()
    assert readiness.to_json()["simulated"] is True


def test_further_checks_come_last_and_count(look):
    readiness = look(Imagined()).with_more([Check("sign-in", "missing", "nobody", "somebody", "az login")])
    assert readiness.checks[-1].name == "sign-in"
    assert [check.name for check in readiness.missing] == ["sign-in"]


def test_a_teams_url_that_is_set_is_not_shown(look):
    unset = {check.name for check in look(Imagined()).checks}
    readiness = look(Imagined(variables={"MODELYARD_TEAMS_URL": "https://canary"}))
    assert "Teams" in unset
    assert "canary" not in str(readiness.to_json())


def test_this_machine_answers(tmp_path):
    machine = ThisMachine()
    assert machine.program("sh")
    assert machine.program("no-such-program") == ""
    assert machine.free_bytes(tmp_path / "not" / "there") > 0
    assert machine.why_not_writable(tmp_path / "not" / "there") == ""
    assert list(tmp_path.iterdir()) == []
    assert nearest_existing(Path("/no-such-folder/x")) == Path("/")
    assert machine.reaches("not an address") is False


def test_this_machine_knows_a_taken_port():
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        port = listener.getsockname()[1]
        assert ThisMachine().port_is_free(port) is False
        assert ThisMachine().reaches(f"http://127.0.0.1:{1}") is False
    assert ThisMachine().port_is_free(port) is True
