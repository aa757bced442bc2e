"""A fresh token of a service connection, asked for as Azure Pipelines wants it."""

import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from modelyard.errors import ServiceUnavailableError
from modelyard_infra.lakefolders.fresh_tokens import ask, request_in
from modelyard_infra.lakefolders.tokens import FederatedTokens


class Service(BaseHTTPRequestHandler):
    """Azure Pipelines and Entra in one."""

    def do_POST(self):
        form = self.rfile.read(int(self.headers["Content-Length"] or 0)).decode()
        self.server.heard.append((self.path, self.headers.get("Authorization"), form))
        status, body = self.server.answers.pop(0)
        self.send_response(status)
        self.end_headers()
        self.wfile.write(body if isinstance(body, bytes) else json.dumps(body).encode())

    def log_message(self, *arguments):
        pass


@pytest.fixture
def service():
    server = ThreadingHTTPServer(("127.0.0.1", 0), Service)
    server.heard, server.answers = [], []
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield server
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def variables(service):
    return {
        "SYSTEM_OIDCREQUESTURI": f"http://127.0.0.1:{service.server_port}/oidctoken",
        "SYSTEM_ACCESSTOKEN": "canary-job",
        "AZURESUBSCRIPTION_SERVICE_CONNECTION_ID": "a connection",
        "ARM_CLIENT_ID": "client",
        "ARM_TENANT_ID": "tenant",
        "ARM_OIDC_TOKEN": "canary-old",
    }


def test_the_job_asks_for_its_connection(service, variables):
    service.answers.append((200, {"oidcToken": "canary-new"}))
    assert ask(request_in(variables)) == "canary-new"
    (heard,) = service.heard
    assert heard == ("/oidctoken?api-version=7.1&serviceConnectionId=a%20connection", "Bearer canary-job", "")


@pytest.mark.parametrize(
    "answer", [(401, b"canary-job"), (302, b""), (200, b"no JSON"), (200, {"value": "x"}), (200, [])]
)
def test_every_other_answer_is_none_and_shows_nothing_of_it(service, variables, answer):
    service.answers.append(answer)
    with pytest.raises(ServiceUnavailableError, match=r"no token for the service connection: 127\.0\.0\.1") as failed:
        ask(request_in(variables))
    assert "canary" not in failed.value.message + failed.value.hint


@pytest.mark.parametrize(
    ("answer", "assertion"), [((200, {"oidcToken": "canary-new"}), "canary-new"), ((500, b""), "canary-old")]
)
def test_the_lakes_folders_are_made_with_the_freshest_token_there_is(service, variables, answer, assertion):
    service.answers += [answer, (200, {"access_token": "good", "expires_in": 3600})]
    tokens = FederatedTokens(variables, authority=f"http://127.0.0.1:{service.server_port}")
    assert tokens.token() == "good"
    assert f"client_assertion={assertion}" in service.heard[-1][-1]
