"""The 26 identity vectors, by their codes: what has no right to be here is refused, and says why.

Tokens come from a local issuer with real keys; the public ones are fetched from a real address.
"""

import threading

import pytest

from modelyard_serving.access.keys import KeyAccess
from modelyard_serving.access.roles import Role
from modelyard_serving.access.settings import KeySettings, Pepper
from modelyard_serving.refusals import RequestRefusedError


@pytest.fixture
def keys(key_file, told, clock, now):
    """Access by keys of a file that holds one."""
    key = key_file.add("k1")
    key_file.write()
    settings = KeySettings(file=key_file.path, pepper=Pepper(variable="TEST_PEPPER", file=None))
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TEST_PEPPER", "p" * 40)
        access = KeyAccess(settings, tell=told, wall=lambda: now, clock=clock)
    return access, key


def test_a_right_token_is_let_in(make_entra, issuer, bearer, names):
    caller = make_entra().check(bearer(issuer.token()), b"", need=Role.PREDICT)
    assert caller.client == names["application"]
    assert caller.roles == {Role.PREDICT, Role.READ}


def test_j01_no_credentials_are_refused_and_told_what_to_send(make_entra, keys, refused):
    for access, header in ((make_entra(), "Authorization: Bearer"), (keys[0], "X-API-Key")):
        error = refused(access, [(b"host", b"localhost")])
        assert (error.status, error.code) == (401, "no_credentials")
        assert header in error.message


@pytest.mark.parametrize("value", ["Basic dXNlcjpwYXNz", "ApiKey {token}", "{token}", "BearerX {token}", "Negotiate"])
def test_j02_another_scheme_is_refused(make_entra, issuer, head, refused, value):
    error = refused(make_entra(), head(value.format(token=issuer.token())))
    assert (error.status, error.code) == (401, "wrong_scheme")


def test_j02_a_token_is_no_api_key(keys, issuer, bearer, refused):
    assert refused(keys[0], bearer(issuer.token())).code == "wrong_scheme"


@pytest.mark.parametrize("value", ["", " ", "Bearer", "Bearer ", "Bearer   "])
def test_j03_nothing_is_refused(make_entra, head, refused, value):
    assert refused(make_entra(), head(value)).status == 401


@pytest.mark.parametrize("value", ["", " ", "."])
def test_j03_an_empty_key_is_refused(keys, head, refused, value):
    assert refused(keys[0], head(value, b"x-api-key")).status == 401


def test_j04_an_unsigned_token_is_refused(make_entra, issuer, bearer, refused):
    assert "RS256" in refused(make_entra(), bearer(issuer.unsigned())).message


@pytest.mark.parametrize("algorithm", ["None", "NONE", "nOnE", "", None, 256, ["RS256"]])
def test_j04_other_spellings_of_no_algorithm_are_refused(make_entra, issuer, bearer, refused, algorithm):
    import base64
    import json

    head = base64.urlsafe_b64encode(json.dumps({"alg": algorithm, "kid": "one"}).encode()).rstrip(b"=").decode()
    rest = issuer.token().split(".", 1)[1]
    assert "RS256" in refused(make_entra(), bearer(f"{head}.{rest}")).message


def test_j05_a_token_signed_with_the_public_key_as_a_secret_is_refused(make_entra, issuer, bearer, refused):
    assert "RS256" in refused(make_entra(), bearer(issuer.signed_with_public_key())).message


def test_j06_a_token_that_names_another_key_of_the_tenant_is_refused(make_entra, place, entry, issuer, bearer, refused):
    place.keys = [entry("one"), entry("two")]
    error = refused(make_entra(), bearer(issuer.token(key="one", head={"kid": "two"})))
    assert "signature" in error.message


def test_j07_an_unknown_key_makes_the_address_be_asked_once_more_and_no_more(
    make_entra, place, issuer, bearer, refused, until
):
    access = make_entra(forced_seconds=0.0)
    token = issuer.token(key="stranger")
    assert refused(access, bearer(token)).status == 503
    until(lambda: place.asked == 2)
    limited = make_entra(forced_seconds=60.0)
    asked = place.asked
    for _ in range(20):
        error = refused(limited, bearer(token))
        assert (error.status, "key that the tenant does not have" in error.message) == (401, True)
    assert place.asked == asked


@pytest.mark.parametrize("seconds", [31, 3600])
def test_j08_an_expired_token_is_refused(make_entra, issuer, bearer, refused, now, seconds):
    assert "expired" in refused(make_entra(), bearer(issuer.token(exp=now - seconds))).message


def test_j08_a_token_that_was_let_in_is_refused_once_it_expires(make_entra, issuer, bearer, refused, now):
    moment = [now]
    access = make_entra(wall=lambda: moment[0])
    headers = bearer(issuer.token(exp=now + 10))
    access.check(headers, b"", need=Role.PREDICT)
    moment[0] = now + 39
    access.check(headers, b"", need=Role.PREDICT)
    moment[0] = now + 40
    assert "expired" in refused(access, headers).message


@pytest.mark.parametrize("changed", [{"exp": None}, {"exp": "1900000000"}, {"exp": True}, {"exp": 1e400}])
def test_j08_a_token_without_a_proper_end_is_refused(make_entra, issuer, bearer, refused, changed):
    assert refused(make_entra(), bearer(issuer.token(**changed))).status == 401


@pytest.mark.parametrize("nbf", [31, 3600, None])
def test_j09_a_token_that_is_not_valid_yet_is_refused(make_entra, issuer, bearer, refused, now, nbf):
    token = issuer.token(nbf=None if nbf is None else now + nbf)
    assert "not valid yet" in refused(make_entra(), bearer(token)).message


@pytest.mark.parametrize("iat", [31, 3600, None])
def test_j10_a_token_from_the_future_is_refused(make_entra, issuer, bearer, refused, now, iat):
    token = issuer.token(iat=None if iat is None else now + iat)
    assert "in the future" in refused(make_entra(), bearer(token)).message


def test_clocks_may_be_apart_by_the_leeway(make_entra, issuer, bearer, now):
    make_entra().check(bearer(issuer.token(exp=now - 29, nbf=now + 30, iat=now + 30)), b"", need=Role.PREDICT)


@pytest.mark.parametrize(
    "form", ["https://sts.windows.net/{tenant}/", "https://login.microsoftonline.com/{tenant}/", "", None]
)
def test_j11_the_issuer_of_another_version_is_refused(make_entra, issuer, bearer, refused, names, form):
    token = issuer.token(iss=None if form is None else form.format(**names))
    assert "another issuer" in refused(make_entra(), bearer(token)).message


def test_j11_an_issuer_that_only_begins_like_ours_is_refused(make_entra, issuer, bearer, refused, names):
    token = issuer.token(iss=f"https://login.microsoftonline.com/{names['tenant']}/v2.0/evil")
    assert "another issuer" in refused(make_entra(), bearer(token)).message


@pytest.mark.parametrize("changed", [{"tid": "{other_tenant}"}, {"tid": None}, {"tid": "common"}])
def test_j12_another_tenant_is_refused_although_the_shared_keys_signed_it(
    make_entra, issuer, bearer, refused, names, changed
):
    tid = changed["tid"] and changed["tid"].format(**names)
    assert "another tenant" in refused(make_entra(), bearer(issuer.token(tid=tid))).message


def test_j12_a_whole_token_of_another_tenant_is_refused(make_entra, issuer, bearer, refused, names):
    other = names["other_tenant"]
    token = issuer.token(tid=other, iss=f"https://login.microsoftonline.com/{other}/v2.0")
    assert refused(make_entra(), bearer(token)).status == 401


@pytest.mark.parametrize(
    "audience",
    ["api://other", "api://modelyard-flights/", "API://modelyard-flights", "", None, ["api://modelyard-flights"]],
)
def test_j13_another_audience_is_refused_and_a_list_as_well(make_entra, issuer, bearer, refused, audience):
    assert "another audience" in refused(make_entra(), bearer(issuer.token(aud=audience))).message


def test_j14_what_clients_ask_for_is_no_audience(make_entra, issuer, bearer, refused, names):
    token = issuer.token(aud=f"{names['audience']}/.default")
    assert "another audience" in refused(make_entra(), bearer(token)).message


@pytest.mark.parametrize(
    "changed",
    [{"roles": None}, {"roles": []}, {"roles": "Model.Predict"}, {"roles": [["Model.Predict"]]}, {"roles": {"a": 1}}]
    + [{"roles": None, "scp": text} for text in ("", "openid profile", "Model.Predict", "PREDICTIONS.READ")]
    + [{"roles": ["predictions.read"]}, {"roles": None, "scp": ["predictions.read"]}],
)
def test_j15_no_role_and_no_scope_is_forbidden(make_entra, issuer, bearer, refused, changed):
    error = refused(make_entra(), bearer(issuer.token(**changed)))
    assert (error.status, error.code) == (403, "role_missing")


def test_a_scope_does_what_a_role_does(make_entra, issuer, bearer):
    token = issuer.token(roles=None, scp="openid predictions.read")
    assert make_entra().check(bearer(token), b"", need=Role.PREDICT).roles == {Role.PREDICT}


@pytest.mark.parametrize(
    ("role", "need"),
    [
        ("Metrics.Read", Role.PREDICT),
        ("Model.Predict", Role.METRICS),
        ("Model.Predict", Role.EXPLAIN),
        ("Model.Explain", Role.PREDICT),
        ("Metrics.Read", Role.READ),
    ],
)
def test_j16_the_role_of_another_route_is_forbidden(make_entra, issuer, bearer, refused, role, need):
    error = refused(make_entra(), bearer(issuer.token(roles=[role])), need=need)
    assert error.status == 403
    assert need in error.message
    assert 'error="insufficient_scope"' in error.headers["www-authenticate"]


def test_j16_a_remembered_token_is_held_to_the_role_of_each_route(make_entra, issuer, bearer, refused):
    access, headers = make_entra(), bearer(issuer.token())
    access.check(headers, b"", need=Role.PREDICT)
    assert refused(access, headers, need=Role.METRICS).status == 403


@pytest.mark.parametrize("left", [0, 1, 100, -1, -4])
def test_j17_a_cut_signature_is_refused(make_entra, issuer, bearer, refused, left):
    content, _, signature = issuer.token().rpartition(".")
    assert refused(make_entra(), bearer(f"{content}.{signature[:left]}")).status == 401


def test_j17_a_token_without_its_third_part_is_refused(make_entra, issuer, bearer, refused):
    assert "no token" in refused(make_entra(), bearer(issuer.token().rpartition(".")[0])).message


def test_j18_a_swapped_payload_is_refused(make_entra, issuer, bearer, refused):
    head, _, signature = issuer.token().split(".")
    _, payload, _ = issuer.token(roles=["Model.Predict", "Metrics.Read"]).split(".")
    assert "signature" in refused(make_entra(), bearer(f"{head}.{payload}.{signature}")).message


def test_j19_two_authorization_headers_are_refused_even_if_both_are_right(
    make_entra, keys, issuer, bearer, head, refused
):
    token = bearer(issuer.token())
    access = make_entra()
    access.check(token, b"", need=Role.PREDICT)
    assert refused(access, [*token, token[-1]]).code == "ambiguous_credentials"
    by_key, key = keys
    assert refused(by_key, [*head(key, b"x-api-key"), (b"x-api-key", key.encode())]).code == "ambiguous_credentials"
    both = [*head(key, b"x-api-key"), (b"authorization", f"ApiKey {key}".encode())]
    assert refused(by_key, both).code == "ambiguous_credentials"


def test_j20_a_token_of_8_kb_is_refused_unread_and_a_shorter_one_is_not(make_entra, issuer, bearer, refused):
    access = make_entra()
    assert refused(access, bearer(issuer.token(more="x" * 8192))).code == "credentials_too_large"
    longest = next(token for size in range(5800, 0, -1) if len(token := issuer.token(more="x" * size)) <= 8185)
    assert len(longest) > 8100
    access.check(bearer(longest), b"", need=Role.PREDICT)


def test_j20_headers_that_are_too_long_together_are_refused(make_entra, issuer, bearer, refused):
    many = [(b"x-filler", b"x" * 1024)] * 32
    with pytest.raises(RequestRefusedError) as found:
        make_entra().check([*bearer(issuer.token()), *many], b"", need=Role.PREDICT)
    assert found.value.status == 431


@pytest.mark.parametrize("field", ["jku", "x5u", "jwk", "x5c", "crit"])
def test_j21_a_key_that_the_token_brings_is_never_followed(make_entra, place, entry, issuer, bearer, refused, field):
    access = make_entra()
    asked = place.asked
    evil = {"jwk": entry("evil", kid="one"), "x5c": ["MII"], "crit": ["exp"]}.get(field, place.url)
    token = issuer.token(key="evil", head={"kid": "one", field: evil})
    assert "key of its own" in refused(access, bearer(token)).message
    assert place.asked == asked


def test_j21_without_that_step_the_signature_would_still_refuse_it(make_entra, entry, issuer, bearer, refused):
    from modelyard_serving.access.tokens import Steps, brings_no_key

    steps = Steps(head=tuple(step for step in Steps().head if step is not brings_no_key))
    token = issuer.token(key="evil", head={"kid": "one", "jwk": entry("evil", kid="one")})
    assert "signature" in refused(make_entra(steps=steps), bearer(token)).message


def test_j22_keys_are_rotated_under_load_and_no_right_token_is_called_wrong(
    make_entra, place, entry, issuer, bearer, until
):
    access = make_entra(forced_seconds=0.0)
    before, after = issuer.token(key="one"), issuer.token(key="two")
    answers, stop = {"one": set(), "two": set()}, threading.Event()

    def ask(name, token):
        while not stop.is_set():
            try:
                access.check(bearer(token), b"", need=Role.PREDICT)
                answers[name].add(200)
            except RequestRefusedError as error:
                answers[name].add(error.status)

    place.keys = [entry("one"), entry("two")]
    threads = [threading.Thread(target=ask, args=pair) for pair in (("one", before), ("two", after)) for _ in range(2)]
    for thread in threads:
        thread.start()
    try:
        until(lambda: 200 in answers["two"])
    finally:
        stop.set()
        for thread in threads:
            thread.join()
    assert answers["one"] == {200}
    assert answers["two"] <= {200, 503}


def test_j22_what_a_withdrawn_key_has_signed_is_refused_even_if_it_was_let_in(
    make_entra, place, entry, issuer, bearer, refused, until
):
    access = make_entra(max_age_seconds=0.01, forced_seconds=60.0)
    headers = bearer(issuer.token(key="one"))
    access.check(headers, b"", need=Role.PREDICT)
    place.keys = [entry("two")]

    def is_refused():
        try:
            access.check(headers, b"", need=Role.PREDICT)
        except RequestRefusedError as error:
            return error.status == 401
        return False

    until(is_refused)


def test_j23_the_address_goes_down_and_known_keys_go_on(make_entra, place, told, issuer, bearer, refused, until):
    access = make_entra(max_age_seconds=0.01, retry_seconds=0.01)
    access.check(bearer(issuer.token()), b"", need=Role.PREDICT)
    place.status = 500
    until(lambda: len(told.named("signing_keys_failed")) >= 3)
    access.check(bearer(issuer.token(sub="another")), b"", need=Role.PREDICT)
    assert refused(access, bearer(issuer.token(key="stranger"))).status == 503


def test_j24_the_address_is_down_from_the_start_so_nobody_can_tell(make_entra, place, issuer, bearer, refused, until):
    place.status = 503
    access = make_entra(retry_seconds=0.01)
    for token in (issuer.token(), issuer.token(key="stranger")):
        error = refused(access, bearer(token))
        assert (error.status, error.code, error.headers) == (503, "signing_keys_missing", {"retry-after": "1"})
    assert refused(access, bearer(issuer.unsigned())).status == 401
    place.status = 200

    def is_let_in():
        try:
            return access.check(bearer(issuer.token()), b"", need=Role.PREDICT)
        except RequestRefusedError:
            return None

    until(is_let_in)


def test_j24_nobody_waits_for_an_address_that_hangs(make_entra, place, issuer, bearer, refused):
    import time

    place.gate.clear()
    access = make_entra(wait_seconds=0)
    began = time.perf_counter()
    assert refused(access, bearer(issuer.token())).status == 503
    assert time.perf_counter() - began < 1.0
    place.gate.set()


def test_j25_a_revoked_key_is_refused_as_soon_as_the_file_says_so(keys, key_file, clock, head, refused):
    access, key = keys
    access.check(head(key, b"x-api-key"), b"", need=Role.PREDICT)
    key_file.revoke(key)
    key_file.write()
    clock.now += 1.0
    error = refused(access, head(key, b"x-api-key"))
    assert (error.status, error.code) == (401, "key_refused")
    assert key not in error.message


@pytest.mark.parametrize(
    "query",
    [
        "api_key={key}",
        "X-API-Key={key}",
        "a=1&APIKEY={key}",
        "access_token={token}",
        "token=x",
        "apikey",
        "api%5Fkey=x",
        "session={key}",
        "whatever={token}",
    ],
)
def test_j26_credentials_in_the_query_are_refused_even_beside_right_ones(
    make_entra, keys, issuer, bearer, head, refused, query
):
    by_key, key = keys
    token = issuer.token()
    sent = query.format(key=key, token=token).encode()
    for access, headers in ((make_entra(), bearer(token)), (by_key, head(key, b"x-api-key"))):
        error = refused(access, headers, sent)
        assert (error.status, error.code) == (401, "credentials_in_query")
        assert "header" in error.message
        assert key not in error.message
