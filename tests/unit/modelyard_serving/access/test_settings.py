"""The access document is read strictly: a fault names the file, the key, what was found and what is allowed."""

import json

import pytest

from modelyard_serving.access.caller import OpenAccess
from modelyard_serving.access.entra import EntraAccess
from modelyard_serving.access.keys import KeyAccess
from modelyard_serving.access.opening import open_access
from modelyard_serving.access.roles import Role
from modelyard_serving.access.settings import (
    AccessSettingsError,
    EntraSettings,
    KeySettings,
    OffSettings,
    read_access_settings,
    refuse_open_door,
)

TENANT = "11111111-2222-3333-4444-555555555555"
NAMES = {"predict": ["Model.Predict"], "explain": [], "read": ["Model.Predict"], "metrics": []}
ENTRA = {
    "tenant": TENANT,
    "issuer": f"https://login.microsoftonline.com/{TENANT}/v2.0",
    "audience": "api://flights",
    "signing_keys": {"url": f"https://login.microsoftonline.com/{TENANT}/discovery/v2.0/keys", "file": None},
    "leeway_seconds": 30,
    "roles": NAMES,
    "scopes": {role: [] for role in NAMES},
}
KEYS = {"file": "keys.json", "pepper": {"variable": "TEST_PEPPER", "file": None}}


@pytest.fixture
def read(tmp_path):
    def reading(document):
        file = tmp_path / "access.json"
        file.write_text(document if isinstance(document, str) else json.dumps(document))
        return read_access_settings(file)

    return reading


@pytest.fixture
def complaint(read, tmp_path):
    def complaining(document):
        with pytest.raises(AccessSettingsError) as found:
            read(document)
        assert str(tmp_path / "access.json") in str(found.value)
        return str(found.value)

    return complaining


def changed(section, **values):
    return {**section, **values}


def test_the_three_modes_are_read(read, tmp_path):
    assert read({"mode": "off"}) == OffSettings()
    keys = read({"mode": "keys", "keys": KEYS})
    assert isinstance(keys, KeySettings)
    assert keys.file == tmp_path / "keys.json"
    entra = read({"mode": "entra", "entra": ENTRA})
    assert isinstance(entra, EntraSettings)
    assert entra.roles == {"Model.Predict": {Role.PREDICT, Role.READ}}


@pytest.mark.parametrize(
    ("document", "words"),
    [
        ("", ["not a JSON document"]),
        ("[]", ["list"]),
        ({}, ["mode is missing"]),
        ({"mode": "none"}, ["mode", "'none'", "off, keys, entra"]),
        ({"mode": "off", "keys": KEYS}, ["unknown field 'keys'"]),
        ('{"mode": "off", "mode": "keys"}', ["twice"]),
        ({"mode": "keys"}, ["keys is missing"]),
        ({"mode": "keys", "keys": changed(KEYS, more=1)}, ["keys", "'more'"]),
        ({"mode": "keys", "keys": changed(KEYS, file=7)}, ["file", "7"]),
        ({"mode": "keys", "keys": changed(KEYS, pepper={"variable": None, "file": None})}, ["exactly one"]),
        ({"mode": "keys", "keys": changed(KEYS, pepper={"variable": "A", "file": "b"})}, ["exactly one"]),
        ({"mode": "keys", "keys": changed(KEYS, pepper={"variable": "A B", "file": None})}, ["variable", "A B"]),
        ({"mode": "entra", "entra": changed(ENTRA, tenant="common")}, ["tenant", "common"]),
        ({"mode": "entra", "entra": changed(ENTRA, issuer="https://login.example.com/v2.0")}, ["issuer", TENANT]),
        ({"mode": "entra", "entra": changed(ENTRA, issuer=f"http://a.example.com/{TENANT}")}, ["issuer", "https"]),
        ({"mode": "entra", "entra": changed(ENTRA, audience="api://flights/.default")}, ["audience", "/.default"]),
        ({"mode": "entra", "entra": changed(ENTRA, audience=["a"])}, ["audience"]),
        ({"mode": "entra", "entra": changed(ENTRA, leeway_seconds=3600)}, ["leeway_seconds", "300"]),
        ({"mode": "entra", "entra": changed(ENTRA, leeway_seconds=-1)}, ["leeway_seconds"]),
        ({"mode": "entra", "entra": changed(ENTRA, signing_keys={"url": None, "file": None})}, ["exactly one"]),
        (
            {"mode": "entra", "entra": changed(ENTRA, signing_keys={"url": "http://keys.example.com", "file": None})},
            ["url", "https"],
        ),
        (
            {
                "mode": "entra",
                "entra": changed(ENTRA, signing_keys={"url": "https://u:p@keys.example.com", "file": None}),
            },
            ["url", "https"],
        ),
        ({"mode": "entra", "entra": changed(ENTRA, roles={**NAMES, "admin": []})}, ["roles", "'admin'"]),
        ({"mode": "entra", "entra": changed(ENTRA, roles={"predict": []})}, ["roles", "missing"]),
        ({"mode": "entra", "entra": changed(ENTRA, roles={**NAMES, "read": ["a b"]})}, ["read", "a b"]),
        ({"mode": "entra", "entra": changed(ENTRA, roles={role: [] for role in NAMES})}, ["nobody"]),
    ],
)
def test_a_fault_says_where_it_is_and_what_is_allowed(complaint, document, words):
    said = complaint(document)
    assert [word for word in words if word not in said] == []


def test_a_missing_document_is_refused(tmp_path):
    with pytest.raises(AccessSettingsError, match=r"access\.json: cannot be read"):
        read_access_settings(tmp_path / "access.json")


def test_an_address_on_this_machine_may_do_without_tls(read):
    url = "http://127.0.0.1:8080/keys"
    entra = changed(ENTRA, signing_keys={"url": url, "file": None})
    assert read({"mode": "entra", "entra": entra}).signing_keys == url


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "10.1.2.3", "model-api", ""])
def test_a_door_that_others_can_reach_is_not_left_open_by_forgetting(host):
    with pytest.raises(AccessSettingsError, match="--access"):
        refuse_open_door(None, host)
    refuse_open_door(OffSettings(), host)


@pytest.mark.parametrize("host", ["127.0.0.1", "::1", "localhost"])
def test_on_this_machine_alone_no_document_is_needed(host):
    refuse_open_door(None, host)


def test_each_mode_opens_its_access(read, key_file, told, pepper, monkeypatch):
    monkeypatch.setenv("TEST_PEPPER", pepper)
    key_file.write()
    assert isinstance(open_access(None, tell=told), OpenAccess)
    assert isinstance(open_access(OffSettings(), tell=told), OpenAccess)
    assert isinstance(open_access(read({"mode": "keys", "keys": KEYS}), tell=told), KeyAccess)
    assert isinstance(open_access(read({"mode": "entra", "entra": ENTRA}), tell=told), EntraAccess)


def test_with_access_off_anybody_may_do_anything():
    access = OpenAccess()
    access.start()
    assert all(access.check([], b"", need=role).client == "anybody" for role in Role)
    access.close()


@pytest.mark.parametrize("found", [None, "", "short", "x" * 31])
def test_a_pepper_that_is_missing_or_short_stops_the_start(read, key_file, told, monkeypatch, found):
    key_file.write()
    monkeypatch.delenv("TEST_PEPPER", raising=False)
    if found is not None:
        monkeypatch.setenv("TEST_PEPPER", found)
    with pytest.raises(AccessSettingsError, match=r"TEST_PEPPER: the pepper has \d+ bytes, allowed are at least 32"):
        open_access(read({"mode": "keys", "keys": KEYS}), tell=told)


def test_the_pepper_may_lie_in_a_file_beside_the_document(read, key_file, told, pepper, head, tmp_path, now):
    key = key_file.add("k1", expires="2999-01-01T00:00:00+00:00")
    key_file.write()
    settings = read({"mode": "keys", "keys": changed(KEYS, pepper={"variable": None, "file": "pepper"})})
    with pytest.raises(AccessSettingsError, match="pepper cannot be read"):
        open_access(settings, tell=told)
    (tmp_path / "pepper").write_text(pepper + "\n")
    access = open_access(settings, tell=told)
    assert access.check(head(key, b"x-api-key"), b"", need=Role.PREDICT).client == "desk"


def test_a_missing_list_or_key_set_stops_the_start(read, told, pepper, monkeypatch):
    monkeypatch.setenv("TEST_PEPPER", pepper)
    with pytest.raises(AccessSettingsError, match=r"keys\.json"):
        open_access(read({"mode": "keys", "keys": KEYS}), tell=told)
    entra = changed(ENTRA, signing_keys={"url": None, "file": "signing.json"})
    with pytest.raises(AccessSettingsError, match=r"signing\.json"):
        open_access(read({"mode": "entra", "entra": entra}), tell=told)
