"""Tokens: what is remembered, and how long."""

from modelyard_serving.access import entra
from modelyard_serving.access.roles import Role
from modelyard_serving.access.tokens import Steps, signed_content


def counting():
    """Steps that count how often a signature is checked."""
    checked = []

    def verify(token, key):
        checked.append(token)
        return signed_content(token, key)

    return Steps(verify=verify), checked


def test_a_signature_is_checked_once_while_the_token_is_valid(make_entra, issuer, bearer):
    steps, checked = counting()
    access, headers = make_entra(steps=steps), bearer(issuer.token())
    for _ in range(10):
        access.check(headers, b"", need=Role.PREDICT)
    assert len(checked) == 1


def test_a_refused_token_is_not_remembered(make_entra, issuer, bearer, refused):
    steps, checked = counting()
    access, headers = make_entra(steps=steps), bearer(issuer.token(aud="api://other"))
    for _ in range(3):
        refused(access, headers)
    assert len(checked) == 3


def test_no_more_tokens_are_remembered_than_fit(make_entra, issuer, bearer, monkeypatch):
    monkeypatch.setattr(entra, "MAX_VERIFIED", 3)
    steps, checked = counting()
    access = make_entra(steps=steps)
    tokens = [issuer.token(sub=str(number)) for number in range(5)]
    for token in tokens:
        access.check(bearer(token), b"", need=Role.PREDICT)
    assert len(access._verified) == 3
    access.check(bearer(tokens[0]), b"", need=Role.PREDICT)
    assert len(checked) == 6


def test_an_identity_token_is_no_access_token(make_entra, issuer, bearer, refused):
    assert "application" in refused(make_entra(), bearer(issuer.token(azp=None, nonce="n"))).message


def test_a_token_of_version_1_names_its_application_otherwise(make_entra, issuer, bearer, names):
    token = issuer.token(azp=None, appid=names["application"])
    assert make_entra().check(bearer(token), b"", need=Role.PREDICT).client == names["application"]


def test_neither_refusals_nor_callers_hold_the_token(make_entra, issuer, bearer, refused, now):
    token = issuer.token(exp=now - 3600)
    error = refused(make_entra(), bearer(token))
    assert not any(part in error.message + str(error.headers) for part in token.split("."))
    good = issuer.token()
    caller = make_entra().check(bearer(good), b"", need=Role.PREDICT)
    assert not any(part in repr(caller) for part in good.split("."))
