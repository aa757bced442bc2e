"""In a container, variables stand for the command line, and a small program asks whether the API is alive."""

from __future__ import annotations

import socket
import threading
from dataclasses import fields
from pathlib import Path

import pytest

from modelyard_serving.container import arguments
from modelyard_serving.health import is_alive
from modelyard_serving.settings import Settings, parse_settings

PLACES = {"MODELYARD_DEPLOYMENTS": "/srv/deployments", "MODELYARD_BUNDLES": "/srv/bundles"}


def test_variables_are_settings():
    variables = {**PLACES, "MODELYARD_PORT": "8080", "MODELYARD_MAX_ROWS": "500", "MODELYARD_DRAIN_SECONDS": "20"}
    settings = parse_settings(arguments(variables))
    assert (settings.deployments, settings.bundles) == (Path("/srv/deployments"), Path("/srv/bundles"))
    assert (settings.port, settings.max_rows, settings.drain_seconds) == (8080, 500, 20)


def test_what_stands_on_the_command_line_wins():
    assert parse_settings([*arguments({**PLACES, "MODELYARD_PORT": "8080"}), "--port", "0"]).port == 0


def test_an_empty_variable_is_none_so_that_an_image_can_leave_signing_off():
    assert parse_settings(arguments({**PLACES, "MODELYARD_TRUSTED_KEYS": ""})).trusted_keys is None
    signed = parse_settings(arguments({**PLACES, "MODELYARD_TRUSTED_KEYS": "/srv/trusted-keys"}))
    assert signed.trusted_keys == Path("/srv/trusted-keys")


def test_other_variables_are_no_settings():
    assert arguments({"MODELYARD_MODEL": "tiny", "PATH": "/bin", "MODELYARD_UNTIL_STDIN_CLOSES": "1"}) == []


@pytest.mark.parametrize("name", [field.name for field in fields(Settings) if field.type != "bool"])
def test_every_setting_with_a_value_has_its_option(name):
    option = f"--{name.replace('_', '-')}"
    assert arguments({f"MODELYARD_{name.upper()}": "1"}) == [option, "1"]
    given = {**PLACES, f"MODELYARD_{name.upper()}": "1"}
    assert getattr(parse_settings(arguments(given)), name) is not None


class Answering:
    """A port that gives one answer."""

    def __init__(self, answer: bytes) -> None:
        self._socket = socket.create_server(("127.0.0.1", 0))
        self._answer = answer
        self.variables = {"MODELYARD_PORT": str(self._socket.getsockname()[1])}
        self.asked = b""

    def __enter__(self):
        self._thread = threading.Thread(target=self._serve)
        self._thread.start()
        return self

    def _serve(self) -> None:
        connection, _ = self._socket.accept()
        with connection:
            self.asked = connection.recv(1024)
            connection.sendall(self._answer)

    def __exit__(self, *_: object) -> None:
        self._thread.join()
        self._socket.close()


@pytest.mark.parametrize(
    ("answer", "alive"),
    [
        (b"HTTP/1.1 200 OK\r\n\r\n", True),
        (b"HTTP/1.1 503 Service Unavailable\r\n\r\n", False),
        (b"HTTP/1.1 2000\r\n\r\n", False),
        (b"", False),
        (b"nonsense", False),
    ],
)
def test_alive_is_what_answers_200(answer, alive):
    with Answering(answer) as api:
        assert is_alive(api.variables) is alive
    assert api.asked.startswith(b"GET /v2/health/live HTTP/1.1\r\n")


@pytest.mark.parametrize("port", ["1", "no port", "99999999"])
def test_nobody_there_is_not_alive(port):
    assert not is_alive({"MODELYARD_PORT": port})
