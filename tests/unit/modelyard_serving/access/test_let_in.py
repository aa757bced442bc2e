"""What has every right to be here is let in, wherever its keys come from."""

import json

from modelyard_serving.access.entra import EntraAccess
from modelyard_serving.access.roles import Role
from modelyard_serving.access.signing_keys import FileKeys


def test_other_queries_are_let_in(make_entra, issuer, bearer):
    make_entra().check(bearer(issuer.token()), b"explain=true&key=customer-17&x=%ff", need=Role.PREDICT)


def test_keys_may_lie_in_a_file_that_is_replaced(tmp_path, told, entry, issuer, bearer, make_settings, refused, now):
    file = tmp_path / "keys.json"
    file.write_text(json.dumps({"keys": [entry("one")]}))
    access = EntraAccess(make_settings(file), FileKeys(file, tell=told), wall=lambda: now)
    access.start()
    access.check(bearer(issuer.token()), b"", need=Role.PREDICT)
    assert refused(access, bearer(issuer.token(key="two"))).status == 401
    access.close()
