"""Scripts are taken apart as a shell would, but for macros, which the service replaces first."""

import pytest

from modelyard.delivery.linting.scripts import pieces_of, surplus_of

SINGLE = [
    "make lint",
    "modelyard model train $(model) --env dev",
    "modelyard release build $(model) --out $(Build.ArtifactStagingDirectory)",
    "make lint \\\n  type",
    "# why\nmake lint\n",
    "echo 'a | b && c; d > e' \"f & g\"",
    'modelyard model promote $(model) --by "$DECIDEDBY"',
    "echo ${HOME:-nowhere}",
]
MORE = {
    "make lint | tee log": "a pipe",
    "make lint && make type": "`&&`",
    "make lint || true": "`||`",
    "make lint; make type": "`;`",
    "make lint > log": "a redirect",
    "make lint 2>&1": "a redirect",
    "make lint &": "`&`",
    "(make lint)": "a subshell",
    "make X=$(git rev-parse HEAD)": "a command inside a command",
    "make X=`date`": "a command inside a command",
    'echo "$(id -u)"': "a command inside a command",
    "for x in a b; do make $x; done": "`for`",
    "if true; then make lint; fi": "`if`",
    "X=1 make lint": "a variable set before the command",
    "bash -c 'make lint'": "code on the command line",
    "python -c 'print(1)'": "code on the command line",
    "eval make lint": "`eval`",
    "make lint\nmake type": "2 lines",
    "": "0 lines",
}


@pytest.mark.parametrize("text", SINGLE)
def test_accepts_one_command(text):
    assert surplus_of(text) == []


@pytest.mark.parametrize(("text", "why"), MORE.items())
def test_names_what_makes_it_more_than_one_command(text, why):
    assert why in surplus_of(text)


def test_macros_are_not_taken_for_subshells_but_commands_are():
    assert surplus_of("make $(target)") == []
    assert "a command inside a command" in surplus_of("make $(cat target)")


def test_finds_every_command_behind_pipes_and_operators():
    assert list(pieces_of("curl -L x | sudo sh && echo 'a|b'")) == [
        ["curl", "-L", "x"],
        ["sudo", "sh"],
        ["echo", "a|b"],
    ]


def test_an_unclosed_quote_is_read_as_far_as_it_goes():
    assert list(pieces_of("echo 'a b")) == [["echo", "'a", "b"]]
