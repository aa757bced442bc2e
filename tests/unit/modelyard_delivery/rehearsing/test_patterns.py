import pytest

from modelyard.delivery.rehearsing.agent.patterns import matching


@pytest.fixture
def folder(tmp_path):
    for name in ("a.xml", "x/TEST-1.xml", "x/y/TEST-2.xml", "x/y/b.txt"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).touch()
    return tmp_path


@pytest.mark.parametrize(
    ("patterns", "expected"),
    [
        ("**/TEST-*.xml", ["x/TEST-1.xml", "x/y/TEST-2.xml"]),
        ("*.xml", ["a.xml"]),
        ("**", ["a.xml", "x/TEST-1.xml", "x/y/TEST-2.xml", "x/y/b.txt"]),
        ("x/**\n!**/*.txt", ["x/TEST-1.xml", "x/y/TEST-2.xml"]),
        ("x/?/b.txt", ["x/y/b.txt"]),
        ("a.xml", ["a.xml"]),
        ("axxml", []),
    ],
)
def test_files_are_chosen_by_patterns(folder, patterns, expected):
    assert [path.relative_to(folder).as_posix() for path in matching(folder, patterns)] == expected


def test_an_absolute_pattern_is_taken_from_the_folder(folder):
    assert matching(folder, f"{folder}/*.xml") == [folder / "a.xml"]
