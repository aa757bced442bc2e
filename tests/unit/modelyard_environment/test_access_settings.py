"""Who may ask: what each environment says about it fits where it runs."""

import pytest

from modelyard.environment import load_environment
from modelyard.environment.access_settings import access_document

TENANT = "00000000-0000-0000-0000-000000000001"


@pytest.mark.parametrize(("name", "mode"), [("local", "off"), ("dev", "entra"), ("test", "entra"), ("prod", "entra")])
def test_only_local_leaves_the_door_open(workspace, name, mode):
    assert load_environment(workspace, name).serving.access.mode == mode


@pytest.mark.parametrize(
    ("name", "old", "new", "key", "allowed"),
    [
        ("base", "mode: entra # or keys", "mode: off # or keys", "serving.access.mode", "keys or entra"),
        ("base", "mode: entra # or keys", "mode: open # or keys", "serving.access.mode", "off, keys, entra"),
        (
            "base",
            "list_secret: model-api-keys",
            "list_secret: model_api_keys",
            "serving.access.keys.list_secret",
            "letters, digits and -",
        ),
        (
            "base",
            "audience: 00000000-0000-0000-0000-000000000003",
            "audience: api://flights/.default",
            "serving.access.entra.audience",
            "without /.default",
        ),
        (
            "base",
            "audience: 00000000-0000-0000-0000-000000000003",
            "audience: flights",
            "serving.access.entra.audience",
            "",
        ),
        ("base", "explain: [Model.Explain]", 'explain: ["Model Explain"]', "serving.access.entra.roles.explain.0", ""),
        ("base", "leeway_seconds: 60", "leeway_seconds: 3600", "serving.access.entra.leeway_seconds", "300"),
        ("base", "lifetime_days: 180", "lifetime_days: 0", "serving.access.keys.lifetime_days", "1"),
    ],
)
def test_what_does_not_fit_in_azure_is_named(rewrite, findings, name, old, new, key, allowed):
    rewrite(name, old, new)
    found = findings("prod")
    assert key in found
    assert allowed in found[key].allowed


@pytest.mark.parametrize(
    ("old", "new", "key"),
    [
        ("mode: off", "mode: entra", "serving.access.mode"),
        ("list_secret: null", "list_secret: MY_KEYS", "serving.access.keys.list_secret"),
        ("    entra: null\n", "", "serving.access.entra"),
    ],
)
def test_what_does_not_fit_in_local_is_named(rewrite, findings, old, new, key):
    rewrite("local", old, new)
    assert key in findings("local")


def test_keys_in_azure_need_the_names_of_both_secrets(rewrite, findings):
    rewrite("base", "mode: entra # or keys", "mode: keys # or entra")
    rewrite("base", "pepper_secret: model-api-pepper", "pepper_secret: null")
    assert list(findings("dev")) == ["serving.access.keys.pepper_secret"]


def test_entra_needs_at_least_one_name_that_allows_something(rewrite, findings):
    for old in ("[Model.Predict]", "[Model.Explain]", "[Model.Predict, Model.Explain, Model.Read]", "[Metrics.Read]"):
        rewrite("base", old, "[]")
    rewrite("base", "[model.predict]", "[]")
    assert list(findings("dev")) == ["serving.access.entra.roles"]


def test_the_document_pins_the_environments_own_tenant(workspace):
    environment = load_environment(workspace, "prod")
    document = access_document(environment.serving.access, environment.azure.tenant_id)["entra"]
    assert document["tenant"] == TENANT
    assert document["issuer"] == f"https://login.microsoftonline.com/{TENANT}/v2.0"
    assert document["signing_keys"]["url"] == f"https://login.microsoftonline.com/{TENANT}/discovery/v2.0/keys"


def test_a_tenant_that_is_missing_never_opens_the_door(workspace):
    with pytest.raises(ValueError, match="tenant"):
        access_document(load_environment(workspace, "prod").serving.access, None)
