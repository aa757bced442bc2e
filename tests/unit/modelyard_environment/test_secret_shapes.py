"""A secret in a settings file is refused, and never repeated."""

import pytest

from modelyard.environment.loading import load_environment, read_settings
from modelyard.environment.secret_shapes import looks_like_a_secret, secrets_in
from modelyard.errors import InvalidSettingsError

CANARY = "CaNaRy0"
SECRETS = [
    f"https://prod-1.westeurope.logic.azure.com/workflows/x/triggers/manual/paths/invoke?sig={CANARY}",
    f"https://contoso.webhook.office.com/webhookb2/{CANARY}",
    f"https://default1.environment.api.powerplatform.com/powerautomate/{CANARY}",
    f"DefaultEndpointsProtocol=https;AccountName=x;AccountKey={CANARY}==",
    f"postgres://user:{CANARY}@host/db",
    f"password: {CANARY}",
    f"Password={CANARY}",
    "A" * 86 + "==",
    f"-----BEGIN RSA PRIVATE KEY-----{CANARY}",
    f"eyJhbGciOiJIUzI1NiJ9.eyJ{CANARY}abcdefg.{CANARY}",
    f"ghp_{CANARY}{'a' * 30}",
    f"abc8Q~{'x' * 34}",
    f"?sv=2022&sig={CANARY}",
    "a" * 52,
]
NAMES = ["teams-url", "MODELYARD_TEAMS_URL", "secret-name", "Standard_D4ds_v5", "10.40.0.0/20", "ml@example.com"]


@pytest.mark.parametrize("secret", SECRETS)
def test_a_secret_is_refused_wherever_it_stands_and_is_not_repeated(workspace, rewrite, secret):
    rewrite("prod", "teams_url_secret: teams-url", f"teams_url_secret: {secret!r}")
    with pytest.raises(InvalidSettingsError) as refused:
        load_environment(workspace, "prod")
    assert "notification.teams_url_secret: found what looks like a secret" in refused.value.message
    assert secret not in refused.value.message
    assert CANARY not in refused.value.message + refused.value.hint
    assert refused.value.__cause__ is None or CANARY not in str(refused.value.__cause__)


def test_a_secret_in_a_free_text_is_refused_too(workspace, rewrite):
    rewrite("base", "    more: {}", f"    more: {{note: 'AccountKey={CANARY}'}}")
    keys = [finding.key for finding in read_settings(workspace, "test").findings]
    assert keys == ["azure.tags.more.note"]


def test_a_url_without_any_secret_shape_is_no_secrets_name(workspace, rewrite):
    rewrite("prod", "teams_url_secret: teams-url", f"teams_url_secret: https://example.org/{CANARY}")
    (finding,) = read_settings(workspace, "prod").findings
    assert "an address" in finding.found
    assert CANARY not in finding.found


@pytest.mark.parametrize(("name", "value"), [("prod", "TEAMS_URL"), ("local", "teams-url")])
def test_a_secrets_name_follows_the_rules_of_where_it_is_kept(workspace, rewrite, name, value):
    old = {"prod": "teams-url", "local": "MODELYARD_TEAMS_URL"}[name]
    rewrite(name, f"teams_url_secret: {old}", f"teams_url_secret: {value}")
    (finding,) = read_settings(workspace, name).findings
    assert finding.key == "notification.teams_url_secret"


def test_the_value_of_an_unknown_key_is_never_repeated(workspace, rewrite):
    rewrite("dev", "monthly_amount: 150", f"monthly_amount: 150\n    password: {CANARY}")
    with pytest.raises(InvalidSettingsError) as refused:
        load_environment(workspace, "dev")
    assert CANARY not in refused.value.message


@pytest.mark.parametrize("name", NAMES)
def test_names_and_ordinary_values_are_no_secrets(name):
    assert not looks_like_a_secret(name)


def test_secrets_are_found_in_lists_and_sections():
    assert list(secrets_in({"a": [{"b": "pwd=x"}], "c": 3, "d": "x"})) == [("a", 0, "b")]
