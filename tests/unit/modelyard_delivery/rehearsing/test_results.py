import pytest

from modelyard.delivery.rehearsing.recording.results import ResultsError, read_cobertura, read_junit

JUNIT = """<testsuites><testsuite>
<testcase classname="a" name="good" time="0.5"/>
<testcase classname="a" name="bad" time="1.25"><failure>no</failure></testcase>
<testcase classname="a" name="broken"><error/></testcase>
<testcase classname="a" name="later"><skipped/></testcase>
</testsuite></testsuites>"""


def test_a_junit_file_is_counted_and_failed_tests_are_named(tmp_path):
    (tmp_path / "r.xml").write_text(JUNIT)
    found = read_junit(tmp_path / "r.xml")
    assert (found["tests"], found["failed"], found["skipped"], found["seconds"]) == (4, 2, 1, 1.75)
    assert found["failures"] == ["a::bad", "a::broken"]


def test_the_share_of_covered_lines_is_read(tmp_path):
    (tmp_path / "c.xml").write_text('<coverage line-rate="0.875"/>')
    assert read_cobertura(tmp_path / "c.xml") == 0.875


@pytest.mark.parametrize("text", ["<html/>", "not xml", "<coverage/>"])
def test_other_files_are_refused(tmp_path, text):
    (tmp_path / "f.xml").write_text(text)
    for read in (read_junit, read_cobertura):
        with pytest.raises(ResultsError, match=r"f\.xml"):
            read(tmp_path / "f.xml")
