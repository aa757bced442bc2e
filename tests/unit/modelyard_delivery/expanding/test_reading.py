"""One YAML file as the service reads it."""

from __future__ import annotations

import pytest

from modelyard.delivery.expanding.nodes import Fields, Scalar, plain, scalars
from modelyard.delivery.expanding.reading import DEEPEST, LARGEST_BYTES, read_yaml
from modelyard.errors import InvalidPipelineError


def read(text):
    return read_yaml(text.encode(), "a.yml")


def test_every_scalar_is_text_and_knows_its_line():
    node = read("steps:\n- script: yes\n  timeoutInMinutes: 0x10\n  enabled:\n  name: ~\n")
    assert plain(node) == {"steps": [{"script": "yes", "timeoutInMinutes": "0x10", "enabled": "", "name": "~"}]}
    assert [(text.text, text.place.line) for text in scalars(node)][:4] == [
        ("steps", 1),
        ("script", 2),
        ("yes", 2),
        ("timeoutInMinutes", 3),
    ]


def test_a_place_inside_a_block_is_that_of_its_own_line():
    node = read("steps:\n- script: |\n    first\n    second ${{ x }}\n")
    script = next(text for text in scalars(node) if "second" in text.text)
    assert script.at(script.text.index("${{")).line == 4
    assert Scalar("a b", script.place).at(2) == script.place


@pytest.mark.parametrize("content", [b"\xef\xbb\xbfsteps: []\n", b"steps: []\r\n", b"--- # one\nsteps: []\n...\n"])
def test_a_byte_order_mark_windows_lines_and_one_marked_document_are_fine(content):
    assert plain(read_yaml(content, "a.yml")) == {"steps": []}


def test_scripts_keep_their_lines_and_tabs_inside_a_line_are_text():
    assert plain(read("script: |\n  a\n  b\tc\n")) == {"script": "a\nb\tc\n"}
    assert plain(read("script: >-\n  a\n  b\n")) == {"script": "a b"}


def test_keys_that_are_expressions_may_be_written_twice():
    assert len(read("${{ if a }}: {b: 1}\n${{ if a }}: {c: 1}\n").entries) == 2


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "a.yml:1: the file is empty"),
        (b"# only a comment\n", "a.yml:1: the file is empty"),
        (b"---\n", "a.yml:1: the file is empty"),
        (b"\xff\xfes\x00t\x00", "a.yml:1: byte 0xff is not UTF-8"),
        (b"steps:\n- script: caf\xe9\n", "a.yml:2: byte 0xe9 is not UTF-8"),
        (b"steps:\n- script: a\x00b\n", "a.yml:2: the character U+0000 is not allowed"),
        (b"steps:\n- script: a\n\tname: b\n", "a.yml:3: the line is indented with a tab"),
        (b"steps:\n- script: a\n  script: b\n", "a.yml:3: the key 'script' is already there, at a.yml:2"),
        (b"steps: []\nSteps: []\n", "a.yml:2: the key 'Steps' is already there as 'steps', at a.yml:1"),
        (b"steps: []\n---\nsteps: []\n", "a.yml:2: a second document begins here"),
        (b"pool: &p\n  name: x\n", "a.yml:1: the anchor &p: Azure Pipelines reads no anchors"),
        (b"a: &p x\nb: *p\n", "a.yml:1: the anchor &p"),
        (b"b: *p\n", "a.yml:1: "),
        (b"pool: !custom x\n", "a.yml:1: the tag !custom is unknown"),
        (b"- a\n- b\n", "a.yml:1: a pipeline is a mapping of keys, found a list"),
        (b"just text\n", "a.yml:1: a pipeline is a mapping of keys, found a text"),
        (b"? [a, b]\n: c\n", "a.yml:1: a key is a text, found a list"),
        (b"steps: [a\n", "a.yml:2: "),
        (b"a: b: c\n", "a.yml:1: mapping values are not allowed in this context: 'a: b: c'"),
        (b"a: 'open\n", "a.yml:"),
    ],
)
def test_a_file_that_the_service_would_not_read_is_refused_with_its_line(content, message):
    with pytest.raises(InvalidPipelineError) as refused:
        read_yaml(content, "a.yml")
    assert refused.value.message.startswith(message)
    assert refused.value.hint


@pytest.mark.parametrize(
    "deep", ["[" * 5000, "{a: " * 5000, "- " * 5000, "\n".join(" " * n + "a:" for n in range(1500))]
)
def test_a_file_that_is_nested_without_end_is_refused(deep):
    with pytest.raises(InvalidPipelineError, match=rf"a\.yml:\d+: nested deeper than {DEEPEST} levels"):
        read(deep)


def test_a_file_of_the_deepest_allowed_nesting_is_read():
    assert isinstance(read("a: " + "[" * (DEEPEST - 1) + "]" * (DEEPEST - 1)), Fields)


def test_a_file_that_is_too_large_is_refused_before_it_is_parsed():
    with pytest.raises(InvalidPipelineError, match=f"at most {LARGEST_BYTES:,} are read"):
        read_yaml(b"#" * (LARGEST_BYTES + 1), "a.yml")
