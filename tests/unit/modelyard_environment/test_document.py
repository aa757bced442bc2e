"""YAML is read strictly: its surprises are text or a finding, and hostile files do no harm."""

import pytest

from modelyard.environment.document import DEEPEST_NESTING, describe_value, read_document


@pytest.fixture
def read(tmp_path):
    def write_and_read(content):
        file = tmp_path / "a.yaml"
        file.write_bytes(content if isinstance(content, bytes) else content.encode())
        return read_document(file)

    return write_and_read


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("true", True),
        ("false", False),
        ("null", None),
        ("~", None),
        ("", None),
        ("7", 7),
        ("-7", -7),
        ("0", 0),
        ("0.5", 0.5),
        ("1e-3", 0.001),
        ("'7'", "7"),
        ('"true"', "true"),
        ("on", "on"),
        ("no", "no"),
        ("Yes", "Yes"),
        ("0755", "0755"),
        ("0x1F", "0x1F"),
        ("1_000", "1_000"),
        ("12:30", "12:30"),
        ("2013-01-01", "2013-01-01"),
        (".inf", ".inf"),
        (".nan", ".nan"),
        ("1" * 30, "1" * 30),
        ("[a, 1]", ["a", 1]),
        ("{b: 1}", {"b": 1}),
        ("plain words", "plain words"),
    ],
)
def test_a_value_means_what_people_read(read, text, value):
    document = read(f"a: {text}\n")
    assert document.findings == []
    assert document.values == {"a": value}
    assert type(document.values["a"]) is type(value)


def test_a_key_that_yaml_would_take_for_a_truth_value_stays_a_key(read):
    assert read("on: 1\nno: 2\n").values == {"on": 1, "no": 2}


def test_places_are_lines_of_keys_and_items(read):
    document = read("a:\n  b: 1\n  c:\n    - x\n    - y\n")
    lines = {path: place.line for path, place in document.places.items()}
    assert lines == {("a",): 1, ("a", "b"): 2, ("a", "c"): 3, ("a", "c", 0): 4, ("a", "c", 1): 5}


@pytest.mark.parametrize(
    ("content", "line", "found"),
    [
        ("", 0, "nothing: the file is empty"),
        ("# only a comment\n", 0, "nothing: the file is empty"),
        ("- a\n- b\n", 1, "a list of 2 instead of keys"),
        ("words\n", 1, "the text 'words' instead of keys"),
        ("a: 1\na: 2\n", 2, "the key a second time (first: line 1)"),
        ("a:\n  b: 1\n  b: 1\n", 3, "the key a second time (first: line 2)"),
        ("a:\n\tb: 1\n", 2, "a tab"),
        ("a: &x 1\n", 1, "an anchor or alias"),
        ("a: *x\n", 1, "an anchor or alias"),
        ("a: !!python/object:os.system {}\n", 1, "the tag"),
        ("a: !secret x\n", 1, "the tag !secret"),
        ("a: 1\n---\nb: 1\n", 2, "a second document"),
        ("? [a]\n: 1\n", 1, "a key that is no text"),
        ("a: [1\n", 2, "did not find expected"),
        ("a: 1\n b: 2\n", 2, "mapping values are not allowed"),
        (b"a: 1\nb: caf\xe9\n", 2, "byte 0xe9, which is not UTF-8"),
        (b"a: \x00\n", 0, "unacceptable character"),
        (b"\xff\xfea\x00:\x00", 1, "byte 0xff"),
    ],
)
def test_what_is_not_plain_yaml_is_a_finding_with_its_line(read, content, line, found):
    (finding,) = read(content).findings
    assert found in finding.found
    assert finding.place.line == line
    assert finding.allowed


@pytest.mark.parametrize("content", ["\ufeffa: 1\n", "a: 1\r\n", "---\na: 1\n...\n", "a: 1"])
def test_other_ways_to_save_the_same_file_are_taken(read, content):
    document = read(content)
    assert document.findings == []
    assert document.values == {"a": 1}


@pytest.mark.parametrize("content", ["[" * 200_000, "{a: " * 60_000, "- " * 100_000, "a: b\n" * 100_000])
def test_a_hostile_file_is_refused_and_the_process_lives(read, content):
    assert read(content).findings


def test_nesting_has_a_limit_and_real_files_are_far_from_it(read):
    deep = "a: " + "{a: " * DEEPEST_NESTING + "1" + "}" * DEEPEST_NESTING
    (finding,) = read(deep).findings
    assert finding.found == "very deep nesting"
    assert read("a: {b: {c: {d: {e: 1}}}}").findings == []


def test_a_file_that_cannot_be_read_is_a_finding(tmp_path):
    for file, words in ((tmp_path / "none.yaml", "No such file"), (tmp_path, "directory")):
        (finding,) = read_document(file).findings
        assert words in finding.found


@pytest.mark.parametrize("secret", ["https://x.example/hook?sig=abc", "k" * 80, "AccountKey=abc"])
def test_an_error_repeats_nothing_that_may_be_a_secret(secret):
    assert secret not in describe_value(secret)
    assert describe_value("dev") == "the text 'dev'"
