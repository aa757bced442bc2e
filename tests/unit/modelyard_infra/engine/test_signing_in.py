"""How an update signs in to Azure, in a pipeline and elsewhere; and that no token and no secret is ever shown."""

import pytest

from modelyard.environment.loading import load_environment
from modelyard.errors import ConfigurationError, ServiceUnavailableError
from modelyard_infra.engine.__main__ import main
from modelyard_infra.engine.homes import azure_home, local_home, simulated_home
from modelyard_infra.engine.signing_in import READ, SECRETS, sign_in, with_fresh_token

TENANT, SUBSCRIPTION, CLIENT = "11111111-t", "22222222-s", "33333333-c"
CANARY = "canary-token"
STEP = {"servicePrincipalId": CLIENT, "tenantId": TENANT, "idToken": CANARY}
CONNECTION = {
    "AZURESUBSCRIPTION_CLIENT_ID": CLIENT,
    "AZURESUBSCRIPTION_TENANT_ID": TENANT,
    "AZURESUBSCRIPTION_SERVICE_CONNECTION_ID": "44444444-k",
}
AGENT = {"SYSTEM_OIDCREQUESTURI": "https://agent.invalid/oidctoken", "SYSTEM_ACCESSTOKEN": "canary-job"}
GITHUB = {"ACTIONS_ID_TOKEN_REQUEST_URL": "https://github.invalid/?x=1", "ACTIONS_ID_TOKEN_REQUEST_TOKEN": CANARY}
IDENTITY = {"AZURE_CLIENT_ID": CLIENT, "AZURE_TENANT_ID": TENANT}
FEDERATED = {
    "ARM_USE_OIDC": "true",
    "ARM_CLIENT_ID": CLIENT,
    "ARM_TENANT_ID": TENANT,
    "ARM_SUBSCRIPTION_ID": SUBSCRIPTION,
}
THE_CLI = {"AZURE_TOKEN_CREDENTIALS": "AzureCLICredential"}


def signing_in(around):
    return sign_in(around, tenant_id=TENANT, subscription_id=SUBSCRIPTION)


@pytest.fixture(autouse=True)
def nobody_around(monkeypatch):
    for name in READ:
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def home(workspace):
    return azure_home(workspace, load_environment(workspace, "dev"))


@pytest.fixture
def at_home(home):
    """Surroundings of a step whose connection is of the environment's tenant."""
    return {**STEP, "tenantId": home.tenant_id, "PATH": "/bin"}


class TestPipelines:
    def test_a_steps_token_goes_to_the_provider_and_the_state_is_opened_by_the_steps_session(self):
        found = signing_in(STEP)
        assert found.provider == {**FEDERATED, "ARM_OIDC_TOKEN": CANARY}
        assert found.state == THE_CLI
        assert (found.kind, found.request) == ("azure_pipelines", None)

    def test_a_newer_agent_gives_a_fresh_token_for_the_connection(self):
        found = signing_in({**CONNECTION, **AGENT})
        assert found.request.address == (
            "https://agent.invalid/oidctoken?api-version=7.1&serviceConnectionId=44444444-k"
        )
        assert found.provider == FEDERATED

    def test_without_a_token_the_steps_session_signs_in_everywhere(self):
        found = signing_in(CONNECTION)
        assert (dict(found.provider), found.state) == ({}, THE_CLI)
        assert str(found) == f"a federated connection of Azure Pipelines: client {CLIENT} in tenant {TENANT}"

    @pytest.mark.parametrize("missing", ["SYSTEM_OIDCREQUESTURI", "SYSTEM_ACCESSTOKEN"])
    def test_a_request_that_lacks_something_is_not_made(self, missing):
        around = {**STEP, **CONNECTION, **AGENT}
        del around[missing]
        assert signing_in(around).request is None

    def test_where_no_fresh_token_is_given_the_steps_own_will_do(self):
        around = {**STEP, **CONNECTION, **AGENT, "SYSTEM_OIDCREQUESTURI": "http://127.0.0.1:1/oidctoken"}
        assert with_fresh_token(signing_in(around))["ARM_OIDC_TOKEN"] == CANARY

    def test_where_none_is_given_and_there_was_none_it_is_told_without_the_jobs_token(self):
        around = {**CONNECTION, **AGENT, "SYSTEM_OIDCREQUESTURI": "http://127.0.0.1:1/oidctoken"}
        with pytest.raises(ServiceUnavailableError, match=r"127\.0\.0\.1 gives no answer") as failed:
            with_fresh_token(signing_in(around))
        assert "SYSTEM_ACCESSTOKEN: $(System.AccessToken)" in failed.value.hint
        assert "canary" not in f"{failed.value.message}{failed.value.hint}{failed.value.__context__!r}"


def test_github_actions_is_asked_by_the_provider_itself():
    found = signing_in({**GITHUB, **IDENTITY})
    assert (found.kind, found.state) == ("github", THE_CLI)
    assert found.provider == {**FEDERATED, **GITHUB}


def test_a_token_in_a_file_is_used_by_all():
    found = signing_in({**IDENTITY, "AZURE_FEDERATED_TOKEN_FILE": "/run/token"})
    assert found.provider == {**FEDERATED, "ARM_OIDC_TOKEN_FILE_PATH": "/run/token"}
    assert found.state == {"AZURE_TOKEN_CREDENTIALS": "WorkloadIdentityCredential"}


def test_a_token_that_somebody_gives_is_taken():
    found = signing_in({"ARM_CLIENT_ID": CLIENT, "ARM_TENANT_ID": TENANT, "ARM_OIDC_TOKEN": CANARY})
    assert found.provider == {**FEDERATED, "ARM_OIDC_TOKEN": CANARY}


@pytest.mark.parametrize("around", [{}, IDENTITY, GITHUB, {"AZURE_FEDERATED_TOKEN_FILE": "/run/token"}, AGENT])
def test_everybody_else_is_signed_in_with_the_azure_cli_and_nothing_is_changed(around):
    found = signing_in(around)
    assert (found.kind, dict(found.state), dict(found.provider)) == ("azure_cli", {}, {})
    assert str(found) == "the Azure CLI"


@pytest.mark.parametrize("name", SECRETS)
def test_a_connection_with_a_secret_is_refused_and_the_secret_not_told(name):
    with pytest.raises(ConfigurationError, match="carries a secret; make it federated") as refused:
        signing_in({**STEP, name: CANARY})
    assert name in refused.value.message
    assert CANARY not in refused.value.message + refused.value.hint


def test_a_connection_of_another_tenant_is_refused():
    with pytest.raises(ConfigurationError, match="another tenant than the environment's") as refused:
        signing_in({**STEP, "tenantId": "elsewhere"})
    assert CANARY not in refused.value.message
    signing_in({**STEP, "tenantId": TENANT.upper()})


@pytest.mark.parametrize("around", [STEP, {**STEP, **CONNECTION, **AGENT}, {**GITHUB, **IDENTITY}])
def test_no_token_is_shown_by_accident(around):
    found = signing_in(around)
    assert "canary" not in f"{found!r} {found} {found.request!r} {[found]}"


class TestHomes:
    def test_only_the_engine_of_an_environment_in_azure_gets_a_token(self, home, at_home):
        assert home.provider_variables(at_home)["ARM_OIDC_TOKEN"] == CANARY
        assert "ARM_OIDC_TOKEN" not in home.environment_variables("dev", at_home)
        assert home.environment_variables("dev", at_home).items() >= THE_CLI.items()

    def test_another_accounts_key_does_not_open_the_state(self, home, at_home):
        around = {**at_home, "AZURE_STORAGE_KEY": CANARY, "AZURE_STORAGE_ACCOUNT": "theirs"}
        assert {"AZURE_STORAGE_KEY", "AZURE_STORAGE_ACCOUNT"}.isdisjoint(home.environment_variables("dev", around))

    def test_a_secret_stops_every_command_of_that_environment_and_of_no_other(self, home, workspace):
        around = {"PATH": "/bin", "servicePrincipalKey": CANARY}
        with pytest.raises(ConfigurationError, match="make it federated"):
            home.environment_variables("dev", around)
        for other, stack in ((local_home(workspace), "local"), (simulated_home(workspace), "dev")):
            assert other.environment_variables(stack, around)["servicePrincipalKey"] == CANARY
            assert other.provider_variables(around) == {}

    def test_what_a_shell_takes_over_has_no_token_in_it(self, workspace, at_home, monkeypatch, capsys):
        for name, value in at_home.items():
            monkeypatch.setenv(name, value)
        monkeypatch.setenv("MODELYARD_ROOT", str(workspace.root))
        assert main(["dev"]) == 0
        printed = capsys.readouterr().out
        assert "export AZURE_TOKEN_CREDENTIALS=AzureCLICredential" in printed
        assert "canary" not in printed
