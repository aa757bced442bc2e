"""Output variables whose values come from people."""

import pytest

from modelyard.delivery.azure_devops.telling import azure_output, github_output, harmless


@pytest.mark.parametrize(
    "text",
    [
        "##vso[task.setvariable variable=x]y",
        "a ##[error]b",
        "a\n##vso[x]b",
        "a\r##vso[x]b",
        "a\u2028##vso[x]b",
        "####vso[x]",
        "#\u200b#vso[x]",
        "#\x00#vso[x]",
        "$(secret)",
        "$[ variables.secret ]",
        "${{ secrets.x }}",
        "::set-env name=x::y",
        "a\n::add-mask::b",
    ],
)
def test_no_value_is_a_command_or_a_macro(text):
    found = harmless(text)
    for odd in ("##", "$(", "$[", "${", "::", "\n", "\r", "\u2028"):
        assert odd not in found


def test_ordinary_words_stay_as_they_are():
    text = "Ada Lovelace <ada@example.com>: 2 % better, issue #7, cost $5 (approx.); naïve"
    assert harmless(text) == text


def test_a_novel_is_cut():
    assert len(harmless("word " * 1_000)) == 1_000


def test_a_percent_sign_survives_the_agent():
    assert azure_output("reason", "100%0A") == "##vso[task.setvariable variable=reason;isOutput=true]100%AZP250A"


def test_nobody_can_guess_where_a_value_ends():
    first, second = github_output("by", "x"), github_output("by", "x")
    assert first != second
    assert first.splitlines()[1] == "x"
