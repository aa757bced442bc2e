"""Tokens without a secret: from the Azure CLI, or for a pipeline's federated token."""

import json
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs

import pytest

from modelyard.errors import MissingToolError
from modelyard_infra.az_cli import Said
from modelyard_infra.lakefolders.tokens import AzTokens, FederatedTokens, Token, chosen_tokens
from modelyard_infra.local.kinds import LocalResourceError
from modelyard_infra.testing.az import FakeAz

WORKLOAD = {"AZURE_CLIENT_ID": "client", "AZURE_TENANT_ID": "tenant"}


def az(seconds, value="canary"):
    document = {"accessToken": value, "expires_on": int(time.time() + seconds)}
    return FakeAz({"account get-access-token": Said(0, json.dumps(document), "")})


def test_the_cli_is_asked_for_storage_and_once_for_many_folders():
    asked = az(3600)
    tokens = AzTokens(asked)
    with ThreadPoolExecutor(8) as pool:
        assert set(pool.map(lambda _: tokens.token(), range(20))) == {"canary"}
    assert asked.asked == [
        ("account", "get-access-token", "--resource", "https://storage.azure.com/", "--output", "json")
    ]


def test_a_token_that_is_about_to_end_is_asked_for_anew():
    asked = az(60)
    tokens = AzTokens(asked)
    tokens.token()
    tokens.token()
    assert len(asked.asked) == 2


def test_who_is_not_signed_in_is_told_to_sign_in():
    nobody = FakeAz({"account": Said(1, "", "ERROR: Please run 'az login' to setup account.")})
    with pytest.raises(LocalResourceError, match="run: az login"):
        AzTokens(nobody).token()


def test_a_machine_without_the_cli_is_told_how_to_get_it():
    class Missing:
        def run(self, arguments):
            raise MissingToolError("there is no Azure CLI (az) on PATH", hint="install it")

    with pytest.raises(LocalResourceError, match="install it"):
        AzTokens(Missing()).token()


def test_a_token_is_not_shown_by_accident():
    assert "canary" not in repr(Token("canary", 1.0))
    assert "canary" not in str([Token("canary", 1.0)])


class Entra(BaseHTTPRequestHandler):
    def do_POST(self):
        form = parse_qs(self.rfile.read(int(self.headers["Content-Length"])).decode())
        self.server.heard.append((self.path, {name: values[0] for name, values in form.items()}))
        status, answer = self.server.answer
        body = json.dumps(answer).encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_request(self, *said):
        pass


@pytest.fixture
def entra():
    server = ThreadingHTTPServer(("127.0.0.1", 0), Entra)
    server.heard, server.answer = [], (200, {"access_token": "canary", "expires_in": 3600})
    thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    yield server
    server.shutdown()
    server.server_close()
    thread.join()


def authority(server):
    return f"http://127.0.0.1:{server.server_port}"


def test_a_pipelines_token_is_exchanged_for_one_of_ours(entra, tmp_path):
    file = tmp_path / "token"
    file.write_text("assertion\n")
    variables = {**WORKLOAD, "AZURE_FEDERATED_TOKEN_FILE": str(file)}
    assert FederatedTokens(variables, authority=authority(entra)).token() == "canary"
    ((path, form),) = entra.heard
    assert path == "/tenant/oauth2/v2.0/token"
    assert form["client_id"] == "client"
    assert form["client_assertion"] == "assertion"
    assert form["scope"] == "https://storage.azure.com/.default"
    assert "client_secret" not in form


def test_variables_of_pulumis_own_provider_do_as_well(entra):
    variables = {"ARM_CLIENT_ID": "client", "ARM_TENANT_ID": "tenant", "ARM_OIDC_TOKEN": "assertion"}
    assert FederatedTokens(variables, authority=authority(entra)).token() == "canary"


def test_entras_refusal_is_repeated_in_one_line_and_the_token_is_not(entra):
    words = "AADSTS700213: No matching federated identity record found.\r\nTrace ID: x"
    entra.answer = (401, {"error": "invalid_client", "error_description": words})
    variables = {**WORKLOAD, "ARM_OIDC_TOKEN": "assertion-canary"}
    with pytest.raises(LocalResourceError, match=r"AADSTS700213: No matching federated identity record found\.$") as no:
        FederatedTokens(variables, authority=authority(entra)).token()
    assert "canary" not in str(no.value)


def test_an_authority_that_does_not_answer_or_a_missing_file_is_said_so(entra, tmp_path):
    with pytest.raises(LocalResourceError, match="cannot be read"):
        FederatedTokens({**WORKLOAD, "AZURE_FEDERATED_TOKEN_FILE": str(tmp_path / "none")}).token()
    entra.answer = (500, "not what Entra says")
    with pytest.raises(LocalResourceError, match="HTTP 500"):
        FederatedTokens({**WORKLOAD, "ARM_OIDC_TOKEN": "a"}, authority=authority(entra)).token()


def test_the_surroundings_decide():
    assert isinstance(chosen_tokens({**WORKLOAD, "AZURE_FEDERATED_TOKEN_FILE": "/f"}), FederatedTokens)
    assert isinstance(chosen_tokens({**WORKLOAD}), AzTokens)
    assert isinstance(chosen_tokens({"ARM_OIDC_TOKEN": "t"}), AzTokens)
