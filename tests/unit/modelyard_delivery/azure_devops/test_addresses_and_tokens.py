"""Where a token may go, and where it may be seen."""

import pytest

from modelyard.delivery.azure_devops.rest.addresses import checked_address, identities_address, organisation_address
from modelyard.delivery.azure_devops.rest.client import DevOps
from modelyard.delivery.azure_devops.rest.refusals import refusal
from modelyard.delivery.azure_devops.rest.tokens import Token, find_token
from modelyard.errors import ConfigurationError, ServiceUnavailableError


@pytest.mark.parametrize(
    "address",
    ["https://dev.azure.com/fabrikam/", "http://127.0.0.1:8080/fabrikam", "http://localhost/x", "http://[::1]/"],
)
def test_takes_https_and_this_machine(address):
    assert checked_address(address, of="it") == address.rstrip("/")


@pytest.mark.parametrize(
    "address",
    [
        "http://dev.azure.com/fabrikam",
        "http://127.0.0.1.example.com/x",
        "https://user:secret@dev.azure.com/x",
        "https://dev.azure.com/x?y=z",
        "file:///etc/passwd",
        "ftp://127.0.0.1/x",
        "dev.azure.com/fabrikam",
        "https://",
        "http://[::1",
        "",
    ],
)
def test_a_token_goes_nowhere_else(address):
    with pytest.raises(ConfigurationError) as refused:
        checked_address(address, of="the address")
    assert "secret" not in refused.value.message


def test_an_organisation_is_a_name_or_an_address():
    assert organisation_address("fabrikam") == "https://dev.azure.com/fabrikam"
    assert organisation_address("a b") == "https://dev.azure.com/a%20b"
    assert organisation_address("http://127.0.0.1:1/fabrikam/") == "http://127.0.0.1:1/fabrikam"


def test_identities_have_a_host_of_their_own():
    assert identities_address("https://dev.azure.com/fabrikam") == "https://vssps.dev.azure.com/fabrikam"
    assert identities_address("http://127.0.0.1:1/fabrikam") == "http://127.0.0.1:1/fabrikam"


def test_the_jobs_own_token_comes_first():
    variables = {"SYSTEM_ACCESSTOKEN": "job", "AZURE_DEVOPS_EXT_PAT": "mine"}
    assert find_token(variables, signed_in=lambda: "az").header == "Bearer job"


def test_a_personal_token_goes_where_a_password_goes():
    assert find_token({"AZURE_DEVOPS_EXT_PAT": "mine"}, signed_in=lambda: "az").header == "Basic Om1pbmU="


def test_the_sign_in_is_asked_last():
    assert find_token({"SYSTEM_ACCESSTOKEN": " "}, signed_in=lambda: "az\n").header == "Bearer az"


def test_nobody_is_told_how_to_sign_in():
    with pytest.raises(ConfigurationError, match="nobody is signed in") as refused:
        find_token({}, signed_in=lambda: "")
    assert "az login" in refused.value.hint


def test_no_text_shows_a_token():
    token = Token("s3cret", "personal")
    service = DevOps("https://dev.azure.com/fabrikam", "p", token)
    assert "s3cret" not in f"{token!r} {token} {service!r} {service._transport!r}"


@pytest.mark.parametrize("status", [429, 500, 503])
def test_what_may_go_away_says_so(status):
    error = refusal(status, b'{"message": "busy"}', doing="GET x", service="Azure DevOps")
    assert isinstance(error, ServiceUnavailableError)
    assert "busy" in error.message


def test_a_refusal_says_what_where_and_what_next():
    error = refusal(403, b'{"message": "TF401027: You need the permission"}', doing="POST p/x", service="Azure DevOps")
    assert error.message == "Azure DevOps said no to POST p/x: 403, TF401027: You need the permission"
    assert "permission" in error.hint


def test_a_page_for_people_means_sign_in():
    error = refusal(203, b"<html>", doing="GET x", service="Azure DevOps")
    assert "does not know this sign-in" in error.message
