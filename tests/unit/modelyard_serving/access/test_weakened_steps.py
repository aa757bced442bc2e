"""A weakened copy of each step that a token passes lets in what a vector forbids, so the vectors would catch it."""

import base64
import hmac
from dataclasses import replace

import pytest
from jwt.algorithms import RSAAlgorithm

from modelyard_serving.access import tokens
from modelyard_serving.access.roles import Role
from modelyard_serving.access.tokens import Steps

WEAKENED = {
    "any algorithm": "J05",
    "no algorithm at all": "J04",
    "own keys": "J21",
    "no signature": "J18",
    "no issuer": "J11",
    "a prefix of the issuer": "J11b",
    "no tenant": "J12",
    "no audience": "J13",
    "a prefix of the audience": "J14",
    "the audience among others": "J13b",
    "no end": "J08",
    "no beginning": "J09",
    "any time of issue": "J10",
    "every role": "J15",
    "any role": "J16",
    "no application": "identity token",
}


def _weak_steps(pem):
    """Steps with one of them weakened, by what was done to it."""
    right = Steps()

    def without(step):
        return replace(right, claims=tuple(one for one in right.claims if one is not step))

    def instead(step, weak):
        return replace(right, claims=tuple(weak if one is step else one for one in right.claims))

    def payload(token):
        part = token.split(".")[1]
        return base64.urlsafe_b64decode(part + "=" * (-len(part) % 4))

    def believes_the_head(token, key):
        algorithm = tokens.head_of(token)["alg"]
        if algorithm == "none":
            return payload(token)
        if algorithm == "HS256":
            content, _, signature = token.rpartition(".")
            made = base64.urlsafe_b64encode(hmac.digest(pem("one"), content.encode(), "sha256")).rstrip(b"=")
            return payload(token) if made.decode() == signature else None
        return tokens.signed_content(token, key)

    def takes_its_key(token, key):
        own = tokens.head_of(token).get("jwk")
        return tokens.signed_content(token, RSAAlgorithm.from_jwk(own) if own else key)

    def any_role(claims, settings):
        return frozenset(Role) if tokens.roles_granted(claims, settings) else frozenset()

    anything = right.head[2:]
    return {
        "any algorithm": replace(right, head=anything, verify=believes_the_head),
        "no algorithm at all": replace(right, head=anything, verify=believes_the_head),
        "own keys": replace(right, head=anything, verify=takes_its_key),
        "no signature": replace(right, verify=lambda token, key: payload(token)),
        "no issuer": without(tokens.is_of_issuer),
        "a prefix of the issuer": instead(
            tokens.is_of_issuer,
            lambda claims, pins: None if claims["iss"].startswith(pins.settings.issuer) else "no",
        ),
        "no tenant": without(tokens.is_of_tenant),
        "no audience": without(tokens.is_for_us),
        "a prefix of the audience": instead(
            tokens.is_for_us,
            lambda claims, pins: None if claims["aud"].startswith(pins.settings.audience) else "no",
        ),
        "the audience among others": instead(
            tokens.is_for_us, lambda claims, pins: None if pins.settings.audience in claims["aud"] else "no"
        ),
        "no end": without(tokens.has_not_expired),
        "no beginning": without(tokens.has_begun),
        "any time of issue": without(tokens.was_issued),
        "every role": replace(right, grant=lambda claims, settings: frozenset(Role)),
        "any role": replace(right, grant=any_role),
        "no application": without(tokens.names_an_application),
    }


@pytest.fixture
def vectors(issuer, entry, names, now):
    """Tokens that must be refused, by code."""
    head, _, signature = issuer.token().split(".")
    swapped = f"{head}.{issuer.token(sub='root').split('.')[1]}.{signature}"
    return {
        "J04": issuer.unsigned(),
        "J05": issuer.signed_with_public_key(),
        "J08": issuer.token(exp=now - 3600),
        "J09": issuer.token(nbf=now + 3600),
        "J10": issuer.token(iat=now + 3600),
        "J11": issuer.token(iss=f"https://sts.windows.net/{names['tenant']}/"),
        "J11b": issuer.token(iss=f"https://login.microsoftonline.com/{names['tenant']}/v2.0/evil"),
        "J12": issuer.token(tid=names["other_tenant"]),
        "J13": issuer.token(aud="api://other"),
        "J13b": issuer.token(aud=["api://other", names["audience"]]),
        "J14": issuer.token(aud=f"{names['audience']}/.default"),
        "J15": issuer.token(roles=None),
        "J16": issuer.token(roles=["Metrics.Read"]),
        "J18": swapped,
        "J21": issuer.token(key="evil", head={"kid": "one", "jwk": entry("evil", kid="one")}),
        "identity token": issuer.token(azp=None, nonce="n"),
    }


@pytest.mark.parametrize("weakness", WEAKENED)
def test_a_weakened_copy_of_each_step_lets_in_what_its_vector_forbids(
    make_entra, pem, bearer, refused, vectors, weakness
):
    headers = bearer(vectors[WEAKENED[weakness]])
    refused(make_entra(), headers)
    make_entra(steps=_weak_steps(pem)[weakness]).check(headers, b"", need=Role.PREDICT)


def test_every_step_has_a_weakened_copy(pem):
    right, weak = Steps(), _weak_steps(pem)
    assert set(weak) == set(WEAKENED)
    for step in right.claims:
        assert any(step not in steps.claims for steps in weak.values()), step
    assert any(steps.verify is not right.verify for steps in weak.values())
    assert any(steps.grant is not right.grant for steps in weak.values())
