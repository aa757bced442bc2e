"""A sample is read as strictly as a batch, and its types are the narrowest that hold every value."""

import polars as pl
import pytest

from modelyard.errors import SampleRefusedError
from modelyard.gates.drafting.sample import read_sample

TYPES = {
    "orderNo": "string",
    "Customer ID": "string",
    "E-Mail": "string",
    "ordered_at": "timestamp",
    "day": "date",
    "status": "string",
    "amount": "double",
    "pieces": "bigint",
    "weight": "double",
    "gift": "boolean",
    "zip": "string",
}


def test_types_are_found_out(written):
    sample = read_sample(written())
    assert sample.types == TYPES
    assert sample.missing == ("", "n/a")
    assert sample.frame["weight"].null_count() == 40


@pytest.mark.parametrize(
    ("values", "kind"),
    [
        (["1", "2"], "bigint"),
        (["1", "2.5"], "double"),
        (["1e3", "2"], "double"),
        (["007", "123"], "string"),
        (["+49301234567", "+49301234568"], "string"),
        (["12345678901234567890", "1"], "string"),
        (["true", "false"], "boolean"),
        (["yes", "no"], "string"),
        (["2024-01-31", "2024-02-01"], "date"),
        (["31.01.2024", "01.02.2024"], "string"),
        (["2024-01-31T05:00:00", "2024-01-31 06:00:00.5"], "timestamp"),
        (["2024-01-31T05:00:00Z", "2024-01-31T05:00:00+02:00"], "timestamptz"),
        (["", ""], "string"),
        (["3", "NaN"], "bigint"),
        (["nan is a bread", "NaN"], "string"),
    ],
)
def test_a_type_holds_every_value(tmp_path, values, kind):
    path = tmp_path / "file.csv"
    pl.DataFrame({"x": values, "other": ["a", "b"]}).write_csv(path)
    assert read_sample(path).types["x"] == kind


def test_marks_among_texts_are_doubtful_and_stay(tmp_path):
    path = tmp_path / "file.csv"
    path.write_text("country,people\nNA,2\nDE,83\n")
    sample = read_sample(path)
    assert sample.missing == ("",)
    assert sample.doubtful == {"country": ("NA",)}
    assert sample.frame["country"].to_list() == ["NA", "DE"]


def test_parquet_and_json_lines_say_the_same(tmp_path, written):
    csv = read_sample(written())
    csv.frame.write_parquet(tmp_path / "orders.parquet")
    assert read_sample(tmp_path / "orders.parquet").types == TYPES
    texts = csv.frame.with_columns(pl.selectors.temporal().cast(pl.String))
    texts.write_ndjson(tmp_path / "orders.jsonl")
    found = read_sample(tmp_path / "orders.jsonl")
    assert found.types == TYPES
    assert found.frame.equals(csv.frame)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "is empty"),
        (b"a,b\n", "has a header and no rows"),
        (b"1,2.5,x\n3,4.5,y\n", "seems to have no header"),
        (b"a\n1\n2\n", "has one column"),
        (b"a;b\n1;2\n", "separated by semicolons"),
        (b"a,b\n1,2,3\n", "another number of fields"),
        (b"a,a\n1,2\n", "names a column twice"),
        (b"\x00\x01\x02\x03\xff\xfe", "NUL bytes"),
        (b"\xff\xfea\x00,\x00b\x00\n\x00", "UTF-16"),
        (b"a,b\n1,\xe9\n", "not UTF-8"),
        (b"<html><body>sign in</body></html>", "HTML"),
        (b"a,b\n1,2", "without a line break"),
        (b"%PDF-1.7 and so on", "PDF"),
        (b"PAR1", "Parquet"),
    ],
)
def test_a_file_that_is_no_table_is_refused_with_the_next_step(tmp_path, content, said):
    path = tmp_path / "file.csv"
    path.write_bytes(content)
    with pytest.raises(SampleRefusedError, match=said) as caught:
        read_sample(path)
    assert "file.csv" in caught.value.message
    assert caught.value.hint


@pytest.mark.parametrize("name", ["nothing.csv", "orders.xlsx", "."])
def test_what_is_no_file_of_a_known_kind_is_refused(tmp_path, name):
    (tmp_path / "orders.xlsx").write_bytes(b"PK\x03\x04")
    with pytest.raises(SampleRefusedError):
        read_sample(tmp_path / name)


def test_nested_columns_are_refused_by_name(tmp_path):
    path = tmp_path / "file.jsonl"
    path.write_text('{"id": 1, "lines": [1, 2]}\n{"id": 2, "lines": []}\n')
    with pytest.raises(SampleRefusedError, match="column lines holds List"):
        read_sample(path)
