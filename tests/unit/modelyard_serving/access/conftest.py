"""A local issuer that signs with test keys, and the address where its public keys are."""

import base64
import hashlib
import hmac
import http.server
import json
import threading
import time
from dataclasses import dataclass, field
from functools import cache

import jwt
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from modelyard_serving.access.entra import EntraAccess
from modelyard_serving.access.roles import Role
from modelyard_serving.access.settings import EntraSettings
from modelyard_serving.access.signing_keys import FetchedKeys
from modelyard_serving.refusals import RequestRefusedError

TENANT = "11111111-2222-3333-4444-555555555555"
OTHER_TENANT = "99999999-2222-3333-4444-555555555555"
AUDIENCE = "api://modelyard-flights"
APPLICATION = "aaaaaaaa-bbbb-cccc-dddd-eeeeeeeeeeee"
ISSUER = f"https://login.microsoftonline.com/{TENANT}/v2.0"
NOW = 1_800_000_000.0


@cache
def made_key(name, bits):
    """A private key; making one takes a while, so each is made once."""
    return rsa.generate_private_key(public_exponent=65537, key_size=bits)


def rsa_key(name, bits=2048):
    return made_key(name, bits)


def b64(content):
    return base64.urlsafe_b64encode(content).rstrip(b"=").decode()


def public_entry(name, bits=2048, **more):
    numbers = rsa_key(name, bits).public_key().public_numbers()

    def number(value):
        return b64(value.to_bytes((value.bit_length() + 7) // 8, "big"))

    return {"kty": "RSA", "use": "sig", "kid": name, "n": number(numbers.n), "e": number(numbers.e), **more}


@dataclass
class Issuer:
    """Signs like Entra does, and as it never would."""

    def claims(self, **changed):
        claims = {
            "iss": ISSUER,
            "tid": TENANT,
            "aud": AUDIENCE,
            "azp": APPLICATION,
            "sub": "s",
            "iat": NOW - 60,
            "nbf": NOW - 60,
            "exp": NOW + 3600,
            "roles": ["Model.Predict"],
            "ver": "2.0",
        }
        claims |= changed
        return {name: value for name, value in claims.items() if value is not None}

    def token(self, *, key="one", head=None, **changed):
        head = {"kid": key, **(head or {})}
        return jwt.encode(self.claims(**changed), rsa_key(key), algorithm="RS256", headers=head)

    def unsigned(self, **changed):
        head = {"alg": "none", "typ": "JWT", "kid": "one"}
        return f"{b64(json.dumps(head).encode())}.{b64(json.dumps(self.claims(**changed)).encode())}."

    def signed_with_public_key(self, **changed):
        """HS256 with the public key's PEM as the secret: what a verifier that believes the head would take."""
        head = {"alg": "HS256", "typ": "JWT", "kid": "one"}
        content = f"{b64(json.dumps(head).encode())}.{b64(json.dumps(self.claims(**changed)).encode())}"
        return f"{content}.{b64(hmac.digest(public_pem('one'), content.encode(), 'sha256'))}"


def public_pem(name):
    form = serialization.PublicFormat.SubjectPublicKeyInfo
    return rsa_key(name).public_key().public_bytes(serialization.Encoding.PEM, form)


class _Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.server.place.asked += 1
        self.server.place.answer(self)

    def log_message(self, *_):
        pass


@dataclass
class KeyPlace:
    """Where public keys are fetched: a real server on a port of its own."""

    keys: list = field(default_factory=lambda: [public_entry("one")])
    asked: int = 0
    status: int = 200
    location: str | None = None
    gate: threading.Event = field(default_factory=threading.Event)

    def __post_init__(self):
        self.gate.set()
        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), _Handler)
        self.server.daemon_threads = True
        self.server.place = self
        self.url = f"http://127.0.0.1:{self.server.server_port}/keys"
        self._thread = threading.Thread(target=self.server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
        self._thread.start()

    def answer(self, request):
        self.gate.wait(10)
        content = json.dumps({"keys": self.keys}).encode()
        request.send_response(self.status)
        if self.location:
            request.send_header("Location", self.location)
        request.send_header("Content-Length", str(len(content)))
        request.end_headers()
        request.wfile.write(content)

    def close(self):
        self.gate.set()
        self.server.shutdown()
        self.server.server_close()
        self._thread.join()


def settings_for(signing_keys, **changed):
    given = {
        "tenant": TENANT,
        "issuer": ISSUER,
        "audience": AUDIENCE,
        "signing_keys": signing_keys,
        "leeway_seconds": 30.0,
        "roles": {
            "Model.Predict": frozenset({Role.PREDICT, Role.READ}),
            "Model.Explain": frozenset({Role.EXPLAIN}),
            "Metrics.Read": frozenset({Role.METRICS}),
        },
        "scopes": {"predictions.read": frozenset({Role.PREDICT})},
    }
    return EntraSettings(**{**given, **changed})


@dataclass
class Told:
    """What was logged."""

    events: list = field(default_factory=list)

    def __call__(self, event, **fields):
        self.events.append((event, fields))

    def named(self, name):
        return [fields for event, fields in self.events if event == name]


@pytest.fixture
def told():
    return Told()


@pytest.fixture
def issuer():
    return Issuer()


@pytest.fixture
def place():
    made = KeyPlace()
    yield made
    made.close()


@pytest.fixture
def make_settings():
    return settings_for


@pytest.fixture
def make_entra(place, told):
    """Access by tokens of the local issuer; warm, unless told otherwise."""
    made = []

    def make(*, steps=None, url=None, wait_seconds=10.0, wall=lambda: NOW, settings=None, **options):
        keys = FetchedKeys(url or place.url, tell=told, **options)
        made.append(EntraAccess(settings or settings_for(place.url), keys, steps=steps, wall=wall))
        if wait_seconds:
            made[-1].start(wait_seconds=wait_seconds)
        return made[-1]

    yield make
    for access in made:
        access.close()


def wait_until(condition, seconds=10.0):
    until = time.monotonic() + seconds
    while not (found := condition()):
        assert time.monotonic() < until, "not so in time"
        time.sleep(0.005)
    return found


@pytest.fixture
def until():
    return wait_until


@pytest.fixture
def entry():
    """One key of a key set."""
    return public_entry


@pytest.fixture
def pem():
    return public_pem


@pytest.fixture
def now():
    return NOW


@pytest.fixture
def names():
    """The ids that the issuer's tokens carry."""
    return {"tenant": TENANT, "other_tenant": OTHER_TENANT, "audience": AUDIENCE, "application": APPLICATION}


PEPPER = "p" * 40


def key_of(name, letter="s"):
    return f"{name:0<12}.{letter * 43}"


@dataclass
class KeyFile:
    """A list of keys, written as the platform writes it."""

    folder: object

    def __post_init__(self):
        self.path = self.folder / "keys.json"
        self.entries = {}

    def add(self, name, client="desk", *, letter="s", days=30.0, roles=("predict", "read"), models=None, **changed):
        key = key_of(name, letter)
        self.entries[key[:12]] = {
            "id": key[:12],
            "client": client,
            "hash": hmac.new(PEPPER.encode(), key.encode(), hashlib.sha256).hexdigest(),
            "roles": list(roles),
            "models": models,
            "created": _iso(NOW - 86400),
            "expires": _iso(NOW + days * 86400),
            **changed,
        }
        return key

    def revoke(self, key):
        del self.entries[key[:12]]

    def write(self, content=None):
        if content is None:
            content = json.dumps({"format": 1, "keys": list(self.entries.values())})
        draft = self.path.with_suffix(".new")
        draft.write_text(content)
        draft.replace(self.path)


def _iso(moment):
    return time.strftime("%Y-%m-%dT%H:%M:%S+00:00", time.gmtime(moment))


@pytest.fixture
def key_file(tmp_path):
    return KeyFile(tmp_path)


@pytest.fixture
def pepper():
    return PEPPER


@pytest.fixture
def clock():
    """A clock that stands until it is moved."""

    class Clock:
        now = 0.0

        def __call__(self):
            return self.now

    return Clock()


def head_with(value, name=b"authorization"):
    return [(b"host", b"localhost"), (b"content-type", b"application/json"), (name, value.encode())]


@pytest.fixture
def bearer():
    return lambda token: head_with(f"Bearer {token}")


@pytest.fixture
def head():
    return head_with


@pytest.fixture
def refused():
    """The refusal that a check ends with."""

    def check(access, headers, query=b"", need=Role.PREDICT):
        with pytest.raises(RequestRefusedError) as found:
            access.check(headers, query, need=need)
        assert found.value.status in (401, 403, 431, 503)
        assert (found.value.status != 503) == ("www-authenticate" in found.value.headers)
        return found.value

    return check
