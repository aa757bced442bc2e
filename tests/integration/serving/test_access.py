"""Who may ask, end to end: keys that the platform issues, tokens that a local issuer signs, a process that is asked."""

import base64
import http.client
import http.server
import json
import subprocess
import sys
import threading
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import urlsplit

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import rsa

from modelyard.environment import load_environment
from modelyard.environment.access_settings import access_document
from modelyard.environment.workspace import Workspace
from modelyard.release.keys import KeyRing, prepare_access
from modelyard_serving.access.keys import KeyAccess
from modelyard_serving.access.roles import Role
from modelyard_serving.access.settings import EntraSettings, read_access_settings
from modelyard_serving.refusals import RequestRefusedError

REPOSITORY = Path(__file__).resolve().parents[3]
TENANT = "11111111-2222-3333-4444-555555555555"
AUDIENCE = "api://model-api"
CANNOT_START = 3


@pytest.fixture
def ring(tmp_path):
    made = KeyRing(tmp_path / "access" / "keys.json", tmp_path / "access" / "pepper")
    made.draw_pepper()
    made.write_empty()
    document = {"mode": "keys", "keys": {"file": "keys.json", "pepper": {"variable": None, "file": "pepper"}}}
    (tmp_path / "access" / "access.json").write_text(json.dumps(document))
    return made


def issue(ring, client="desk", *, roles=("predict", "read"), models=None):
    return ring.issue(client, roles=roles, models=models, lifetime=timedelta(days=1), now=datetime.now(UTC)).key


def test_what_the_platform_issues_the_model_api_takes_and_what_it_revokes_it_refuses(ring):
    key = issue(ring, roles=("predict", "metrics"), models=["tiny"])
    clock = [0.0]
    settings = read_access_settings(ring.list_file.parent / "access.json")
    access = KeyAccess(settings, tell=lambda *_, **__: None, clock=lambda: clock[0])
    caller = access.check([(b"x-api-key", key.encode())], b"", need=Role.METRICS)
    assert (caller.client, caller.roles, caller.models) == ("desk", {Role.PREDICT, Role.METRICS}, {"tiny"})
    ring.revoke(key)
    clock[0] = 1.0
    with pytest.raises(RequestRefusedError):
        access.check([(b"x-api-key", key.encode())], b"", need=Role.METRICS)


@pytest.mark.parametrize("name", ["dev", "test", "prod"])
def test_the_document_of_every_environment_in_azure_is_one_that_the_model_api_takes(tmp_path, name):
    environment = load_environment(Workspace.at(REPOSITORY), name)
    file = tmp_path / "access.json"
    file.write_text(json.dumps(access_document(environment.serving.access, environment.azure.tenant_id)))
    settings = read_access_settings(file)
    assert isinstance(settings, EntraSettings)
    assert settings.tenant == environment.azure.tenant_id
    assert settings.roles["Model.Predict"] == {Role.PREDICT, Role.READ}


def test_in_local_keys_are_prepared_so_that_the_model_api_can_start(tmp_path):
    workspace = Workspace(root=REPOSITORY, state=tmp_path / "state")
    environment = load_environment(workspace, "local")
    assert prepare_access(workspace, environment) is None
    access = environment.serving.access.model_copy(update={"mode": "keys"})
    serving = environment.serving.model_copy(update={"access": access})
    document = prepare_access(workspace, environment.model_copy(update={"serving": serving}))
    key = issue(KeyRing.of(workspace, "local"))
    assert prepare_access(workspace, environment.model_copy(update={"serving": serving})) == document
    opened = KeyAccess(read_access_settings(document), tell=lambda *_, **__: None)
    assert opened.check([(b"x-api-key", key.encode())], b"", need=Role.PREDICT).client == "desk"
    with pytest.raises(RequestRefusedError):
        opened.check([], b"", need=Role.PREDICT)


class Client:
    """Asks one process, with the headers that are told."""

    def __init__(self, url, row):
        self.parts = urlsplit(url)
        self.body = json.dumps({"dataframe_records": [row]}).encode()

    def ask(self, method="POST", path="/invocations", headers=()):
        connection = http.client.HTTPConnection(self.parts.hostname, self.parts.port, timeout=30)
        body = self.body if method == "POST" else b""
        connection.putrequest(method, path)
        for name, value in [("Content-Type", "application/json"), ("Content-Length", str(len(body))), *headers]:
            connection.putheader(name, value)
        connection.endheaders(body)
        answer = connection.getresponse()
        content = answer.read()
        connection.close()
        document = json.loads(content) if "json" in answer.headers.get("content-type", "") else None
        return answer.status, document, answer.headers


@pytest.fixture
def serve(start, train):
    """A process that serves one model and lets in whom the document says."""

    def serving(access, **options):
        tiny = train()
        process = start(access=str(access), **options)
        tiny.deploy(process.bundles, process.deployments, version="1")
        process.ready("1")
        return process, Client(process.url, dict(tiny.example.rows[0]))

    return serving


def test_a_process_with_keys_lets_in_who_has_one_and_lets_anybody_probe(ring, serve, until):
    key, metrics = issue(ring), issue(ring, "prometheus", roles=("metrics",))
    process, client = serve(ring.list_file.parent / "access.json", workers="2")
    assert client.ask()[0] == 401
    assert client.ask()[2]["www-authenticate"].startswith("ApiKey")
    assert client.ask(headers=[("X-API-Key", key)])[0] == 200
    assert client.ask(headers=[("Authorization", f"ApiKey {key}")])[0] == 200
    assert client.ask(headers=[("X-API-Key", key), ("X-API-Key", key)])[0] == 401
    assert client.ask(path=f"/invocations?api_key={key}", headers=[("X-API-Key", key)])[0] == 401
    for path in ("/v2", "/openapi.json", "/docs", "/", "/v2/models/tiny"):
        assert client.ask("GET", path)[0] == 401
        assert client.ask("GET", path, [("X-API-Key", key)])[0] in (200, 307)
    assert client.ask("GET", "/metrics", [("X-API-Key", key)])[0] == 403
    assert client.ask("GET", "/metrics", [("X-API-Key", metrics)])[0] == 200
    assert client.ask(headers=[("X-API-Key", metrics)])[0] == 403
    assert client.ask(path="/invocations?explain=true", headers=[("X-API-Key", key)])[0] == 403
    explains = issue(ring, "analyst", roles=("predict", "explain"))
    until(lambda: client.ask(headers=[("X-API-Key", explains)])[0] == 200, seconds=5)
    assert client.ask(path="/invocations?explain=true", headers=[("X-API-Key", explains)])[0] == 200
    assert client.ask("GET", "/v2/health/live")[0] == client.ask("GET", "/v2/health/ready")[0] == 200
    ring.revoke(key)
    until(lambda: client.ask(headers=[("X-API-Key", key)])[0] == 401, seconds=5)
    process.terminate()
    assert key not in process.log.read_text()
    requests = [event for event in process.events() if event["event"] == "request"]
    assert {event.get("caller") for event in requests if event["status"] == 200} == {"desk", "analyst"}


def test_a_key_for_another_model_is_forbidden_however_this_one_is_asked(ring, serve):
    key = issue(ring, models=["another"])
    _, client = serve(ring.list_file.parent / "access.json")
    for path in ("/invocations", "/models/tiny/invocations", "/v2/models/tiny/infer"):
        status, document, _ = client.ask(path=path, headers=[("X-API-Key", key)])
        assert status == 403, path
        assert "another" in json.dumps(document)
    assert client.ask("GET", "/v2/models/tiny", [("X-API-Key", key)])[0] == 403


def test_a_process_whose_document_is_wrong_ends_and_says_why(start, tmp_path):
    file = tmp_path / "access.json"
    file.write_text('{"mode": "kees"}')
    process = start(access=str(file))
    assert process.process.wait(60) == CANNOT_START
    (event,) = [event for event in process.events() if event["event"] == "wrong_settings"]
    assert "mode is 'kees', allowed is one of off, keys, entra" in event["reason"]


def test_a_process_that_others_can_reach_does_not_start_without_being_told_who_may_ask(start):
    process = start(host="0.0.0.0")
    assert process.process.wait(60) == CANNOT_START
    assert any("--access" in event.get("reason", "") for event in process.events())


@pytest.fixture(scope="module")
def private():
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


class Keys(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.server.asked += 1
        content = self.server.content
        self.send_response(self.server.status)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *_):
        pass


@pytest.fixture
def issuer(private):
    """The address of the public keys."""
    numbers = private.public_key().public_numbers()

    def number(value):
        return base64.urlsafe_b64encode(value.to_bytes((value.bit_length() + 7) // 8, "big")).rstrip(b"=").decode()

    entry = {"kty": "RSA", "use": "sig", "kid": "one", "n": number(numbers.n), "e": number(numbers.e)}
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Keys)
    server.daemon_threads = True
    server.content, server.asked, server.status = json.dumps({"keys": [entry]}).encode(), 0, 200
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield server
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.fixture
def entra(issuer, tmp_path):
    names = {"predict": ["Model.Predict"], "explain": [], "read": [], "metrics": ["Metrics.Read"]}
    settings = {
        "tenant": TENANT,
        "issuer": f"https://login.microsoftonline.com/{TENANT}/v2.0",
        "audience": AUDIENCE,
        "signing_keys": {"url": f"http://127.0.0.1:{issuer.server_port}/keys", "file": None},
        "leeway_seconds": 5,
        "roles": names,
        "scopes": {role: [] for role in names},
    }
    file = tmp_path / "entra.json"
    file.write_text(json.dumps({"mode": "entra", "entra": settings}))
    return file


def bearer(private, **changed):
    now = time.time()
    claims = {
        "iss": f"https://login.microsoftonline.com/{TENANT}/v2.0",
        "tid": TENANT,
        "aud": AUDIENCE,
        "azp": "aaaaaaaa-bbbb-cccc-dddd-eeeeeeeeeeee",
        "iat": now,
        "nbf": now,
        "exp": now + 600,
        "roles": ["Model.Predict"],
    }
    token = jwt.encode({**claims, **changed}, private, algorithm="RS256", headers={"kid": "one"})
    return [("Authorization", f"Bearer {token}")]


def test_a_process_with_entra_takes_the_tenants_tokens_in_every_worker(entra, serve, private, issuer):
    process, client = serve(entra, workers="2")
    for number in range(8):
        assert client.ask(headers=bearer(private, sub=str(number)))[0] == 200
    assert issuer.asked <= 4  # once for each worker, of two generations, and not for each token
    other = "99999999-2222-3333-4444-555555555555"
    for changed in ({"tid": other}, {"aud": "api://other"}, {"exp": time.time() - 60}, {"iss": "https://evil"}):
        assert client.ask(headers=bearer(private, **changed))[0] == 401
    assert client.ask("GET", "/metrics", bearer(private))[0] == 403
    assert client.ask("GET", "/metrics", bearer(private, roles=["Metrics.Read"]))[0] == 200
    assert client.ask(headers=bearer(private) * 2)[0] == 401
    assert client.ask()[0] == 401
    process.terminate()
    assert "eyJ" not in process.log.read_text()


def test_a_process_whose_issuer_is_down_serves_probes_and_answers_503_until_it_is_up(
    entra, serve, private, issuer, until
):
    issuer.status = 500
    _, client = serve(entra)
    status, document, headers = client.ask(headers=bearer(private))
    assert (status, document["error"]["code"], headers["retry-after"]) == (503, "signing_keys_missing", "1")
    issuer.status = 200
    until(lambda: client.ask(headers=bearer(private))[0] == 200, seconds=20)
    issuer.status = 500
    assert client.ask(headers=bearer(private, sub="another"))[0] == 200


def test_workers_that_are_born_while_the_issuer_is_down_know_what_those_before_had_fetched(
    entra, serve, private, issuer, train
):
    process, client = serve(entra)
    assert client.ask(headers=bearer(private))[0] == 200
    issuer.status = 500
    train().deploy(process.bundles, process.deployments, version="2")
    process.ready("2")
    assert client.ask(headers=bearer(private))[0] == 200


def test_workers_that_are_born_while_the_list_is_broken_have_the_one_before(ring, serve, train, until):
    process, client = serve(ring.list_file.parent / "access.json")
    key = issue(ring)
    until(lambda: client.ask(headers=[("X-API-Key", key)])[0] == 200, seconds=5)
    train().deploy(process.bundles, process.deployments, version="2")
    process.ready("2")
    ring.list_file.write_text("{ torn")
    train().deploy(process.bundles, process.deployments, version="3")
    process.ready("3")
    status, _, headers = client.ask(headers=[("X-API-Key", key)])
    assert (status, headers["x-model-version"]) == (200, "3")


def test_the_process_without_access_imports_nothing_of_it():
    code = (
        "import sys; from modelyard_serving.access.opening import open_access; open_access(None, tell=print);"
        "print([name for name in sys.modules if name.split('.')[0] in ('jwt', 'cryptography')])"
    )
    assert subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, timeout=60).stdout == b"[]\n"
