import base64
import json

import pytest

from modelyard.delivery.rehearsing.agent.masking import Mask

SECRET = 'p@ss"word/1'


def test_a_secret_is_shown_as_stars_and_the_rest_stays():
    assert Mask([SECRET])(f"the key is {SECRET}!") == "the key is ***!"


@pytest.mark.parametrize(
    "form",
    [
        "p%40ss%22word%2F1",
        json.dumps(SECRET)[1:-1],
        base64.b64encode(SECRET.encode()).decode(),
        base64.b64encode(f":{SECRET}".encode()).decode(),
    ],
)
def test_a_secret_is_hidden_in_the_forms_that_urls_json_and_headers_carry(form):
    assert Mask([SECRET])(f"<{form}>") == "<***>"


def test_each_line_of_a_secret_is_hidden_because_output_comes_line_by_line():
    mask = Mask(["first-half\nsecond-half"])
    assert mask("second-half of it") == "*** of it"


def test_the_longer_of_two_secrets_leaves_no_end_behind():
    assert Mask(["abc", "abcdef"])("abcdef") == "***"


def test_nothing_is_masked_for_an_empty_secret():
    assert Mask(["", "  ", "\n"])("a b") == "a b"


def test_a_secret_that_is_learned_later_is_hidden_from_then_on():
    mask = Mask()
    mask.add("later")
    assert mask("later") == "***"


def test_trees_of_values_are_masked_and_their_keys_stay():
    assert Mask(["key"]).plain({"key": ["a key", {"n": 1}]}) == {"key": ["a ***", {"n": 1}]}
