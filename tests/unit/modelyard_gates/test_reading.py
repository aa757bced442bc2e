import gzip
import io
import os
import zlib

import polars as pl
import pytest

from modelyard.gates.files import Limits, open_file
from modelyard.gates.layout import inspect
from modelyard.gates.reading import read_batch


def codes(reading):
    return [finding.code for finding in (*reading.format_findings, *reading.type_findings)]


def parquet(frame):
    buffer = io.BytesIO()
    frame.write_parquet(buffer)
    return buffer.getvalue()


@pytest.fixture
def read(tmp_path, contract):
    def from_bytes(content, name="rides.csv", limits=None):
        path = tmp_path / name
        path.write_bytes(content)
        return read_batch(path, contract, limits)

    return from_bytes


def test_reads_csv_gzip_and_parquet_into_the_same_frame(read, csv_text):
    plain = read(csv_text().encode())
    packed = read(gzip.compress(csv_text().encode()), "rides.csv.gz")
    binary = read(parquet(plain.frame), "rides.parquet")
    assert plain.frame.equals(packed.frame)
    assert plain.frame.equals(binary.frame)
    assert plain.frame.schema["year"] == pl.Int32
    assert plain.frame.schema["begun"] == pl.Datetime("us", "UTC")
    assert plain.columns == tuple(plain.frame.columns)
    assert len({plain.digest, packed.digest, binary.digest}) == 3


def test_reads_several_gzip_members_and_windows_line_ends(read, csv_text):
    head, _, tail = csv_text().partition("\n")
    members = gzip.compress(f"{head}\n".encode()) + gzip.compress(tail.encode())
    assert read(members, "rides.csv.gz").frame.height == 40
    assert read(csv_text().replace("\n", "\r\n").encode()).frame.height == 40


def test_reads_quotes_line_breaks_inside_them_and_missing_values(read, csv_text):
    reading = read(csv_text(rider='"a, ""b""\nc"', miles="NA", electric="").encode())
    assert reading.frame["rider"][3] == 'a, "b"\nc'
    assert reading.frame["miles"][3] is None
    assert reading.frame["electric"][3] is None


@pytest.mark.parametrize(
    ("content", "name", "code"),
    [
        (b"", "rides.csv", "empty"),
        (b"  \n \n", "rides.csv", "empty"),
        (b"year,month\n", "rides.csv", "header_only"),
        (b"year,month", "rides.csv", "truncated"),
        (b"year,month\n1,2\n3,", "rides.csv", "truncated"),
        (b"year,month\n1,2\n3,4,5\n", "rides.csv", "ragged"),
        (b"year,month\n1,2\n\n3,4\n", "rides.csv", "ragged"),
        (b"year,month\n1\n", "rides.csv", "ragged"),
        (b'year,month\n"1,2\n3,4\n', "rides.csv", "quotes"),
        (b'year,"month\n1,2\n', "rides.csv", "quotes"),
        (b"year;month\n1;2\n", "rides.csv", "delimiter"),
        (b"year\tmonth\n1\t2\n", "rides.csv", "delimiter"),
        (b"year|month\n1|2\n", "rides.csv", "delimiter"),
        (b"year,year\n1,2\n", "rides.csv", "header"),
        (b"year,\n1,2\n", "rides.csv", "header"),
        (b"year,month\r1,2\r", "rides.csv", "line_breaks"),
        (b"<!DOCTYPE html>\n<p>sign in</p>\n", "rides.csv", "not_what_it_says"),
        (b'[{"year": 1}]\n', "rides.csv", "not_what_it_says"),
        (b"PK\x03\x04 and so on", "rides.csv", "not_what_it_says"),
        (b"year,month\n1,2\n", "rides.parquet", "not_what_it_says"),
        (b"year,month\n1,2\n", "rides.csv.gz", "not_what_it_says"),
        (gzip.compress(b"year,month\n1,2\n", mtime=0), "rides.csv", "not_what_it_says"),
        (gzip.compress(b"", mtime=0), "rides.csv.gz", "empty"),
        (gzip.compress(b"year,month\n1,2\n", mtime=0) + b"left over", "rides.csv.gz", "corrupt"),
        (b"year,month\n1,2\n", "rides.txt", "unknown_type"),
        (b"year,month\n1,2\n", "rides", "unknown_type"),
        (b"PAR1 and nothing else", "rides.parquet", "truncated"),
        (b"PAR1 and nothing else PAR1", "rides.parquet", "corrupt"),
    ],
)
def test_refuses_what_is_no_whole_table(read, content, name, code):
    assert codes(read(content, name)) == [code]


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-16-be", "utf-32", "utf-8-sig"])
def test_refuses_other_encodings(read, csv_text, encoding):
    reading = read(csv_text().encode(encoding))
    assert codes(reading) == ["encoding"]
    assert "UTF-8" in reading.format_findings[0].allowed


def test_refuses_latin_1_and_names_byte_and_line(read, csv_text):
    reading = read(csv_text(rider="José").encode("latin-1"))
    assert codes(reading) == ["encoding"]
    assert reading.format_findings[0].found == "byte 0xe9 in line 5"


def test_refuses_nul_bytes(read, csv_text):
    assert codes(read(csv_text(rider="a\x00b").encode())) == ["encoding"]


def test_accepts_letters_of_any_script(read, csv_text):
    assert read(csv_text(rider="Ольга 李").encode()).frame["rider"][3] == "Ольга 李"


def test_every_cut_of_a_csv_inside_a_line_is_noticed(read, csv_text):
    text = csv_text(5).encode()
    for length in range(1, len(text)):
        if text[length - 1 : length] != b"\n":
            assert codes(read(text[:length])), length


def test_every_cut_of_a_gzip_is_noticed(read, csv_text):
    packed = gzip.compress(csv_text().encode())
    for length in range(len(packed)):
        assert codes(read(packed[:length], "rides.csv.gz")), length


def test_every_flipped_byte_of_a_gzip_body_is_noticed(read, csv_text):
    packed = bytearray(gzip.compress(csv_text().encode()))
    for place in range(20, len(packed), 7):
        packed[place] ^= 0x10
        assert codes(read(bytes(packed), "rides.csv.gz")), place
        packed[place] ^= 0x10


def test_every_cut_of_a_parquet_file_is_noticed(read, csv_text):
    whole = parquet(read(csv_text().encode()).frame)
    for length in range(0, len(whole), 37):
        assert codes(read(whole[:length], "rides.parquet")), length


def test_refuses_a_compression_bomb_before_it_unpacks(read):
    packer = zlib.compressobj(9, wbits=31)
    bomb = b"".join(packer.compress(b"0" * 2**20) for _ in range(80)) + packer.flush()
    assert codes(read(bomb, "rides.csv.gz")) == ["bomb"]


def test_refuses_absurd_sizes(read, csv_text):
    text = csv_text().encode()
    assert codes(read(text, limits=Limits(stored=100))) == ["too_large"]
    assert codes(read(text, limits=Limits(columns=3))) == ["too_many_columns"]
    assert codes(read(text, limits=Limits(line=55))) == ["line_too_long"]
    assert codes(read(gzip.compress(text), "rides.csv.gz", Limits(unpacked=100))) == ["bomb"]
    frame = read(text).frame
    assert codes(read(parquet(frame), "rides.parquet", Limits(columns=3))) == ["too_many_columns"]
    assert codes(read(parquet(frame.head(0)), "rides.parquet")) == ["header_only"]


def test_refuses_what_is_not_a_regular_file(tmp_path, contract, csv_file):
    real = csv_file()
    (tmp_path / "link.csv").symlink_to(real)
    os.mkfifo(tmp_path / "pipe.csv")
    (tmp_path / "folder.csv").mkdir()
    for name in ("link.csv", "pipe.csv", "folder.csv"):
        assert codes(read_batch(tmp_path / name, contract)) == ["not_a_file"], name
    assert codes(read_batch(tmp_path / "nothing.csv", contract)) == ["missing"]


def test_digest_is_of_the_bytes_on_disk(csv_file):
    import hashlib

    path = csv_file()
    assert open_file(path).digest == hashlib.sha256(path.read_bytes()).hexdigest()


@pytest.mark.parametrize(
    ("column", "text", "hint"),
    [
        ("year", "2020.0", "decimals"),
        ("year", "twenty", ""),
        ("year", "99999999999", "too large"),
        ("ride", "9223372036854775808", "too large"),
        ("ride", "1e3", ""),
        ("miles", "3;5", ""),
        ("miles", "1e309", "not finite"),
        ("miles", "nan", "not finite"),
        ("miles", "Infinity", "not finite"),
        ("miles", " 3.5", "blanks"),
        ("miles", "N/A", "missing value"),
        ("electric", "yes", ""),
        ("day", "01/02/2020", ""),
        ("day", "2020-02-30", ""),
        ("begun", "2020-01-01T05:00:00", ""),
        ("begun", "2020-01-01", ""),
        ("begun", "yesterday", ""),
    ],
)
def test_a_value_of_another_type_is_named_with_its_row(read, csv_text, column, text, hint):
    reading = read(csv_text(**{column: text}).encode())
    (finding,) = reading.type_findings
    assert reading.frame is None
    assert (finding.gate, finding.code, finding.subject, finding.rows) == ("schema", "type", column, 1)
    assert finding.examples == (f"row 4: {text!r}",)
    assert hint in finding.hint


def test_decimal_commas_in_quotes_are_named(read, csv_text):
    (finding,) = read(csv_text(miles='"3,5"').encode()).type_findings
    assert finding.hint == "the decimal sign is a comma"


def test_text_that_looks_like_a_formula_stays_text(read, csv_text):
    assert read(csv_text(rider="=1+1").encode()).frame["rider"][3] == "=1+1"


def test_parquet_types_that_lose_nothing_are_taken(read, csv_text):
    frame = read(csv_text(miles="NA").encode()).frame
    wide = frame.with_columns(
        pl.col("year").cast(pl.Float64),
        pl.col("ride").cast(pl.Int16),
        pl.col("rider").cast(pl.Categorical),
        pl.col("begun").cast(pl.Datetime("ns", "UTC")),
        pl.col("miles").fill_null(float("nan")),
    )
    reading = read(parquet(wide), "rides.parquet")
    assert codes(reading) == []
    assert reading.frame.equals(frame)


@pytest.mark.parametrize(
    ("column", "change"),
    [
        ("year", lambda c: c + 0.5),
        ("ride", lambda c: c.cast(pl.String)),
        ("ride", lambda c: c.cast(pl.UInt64) + 2**63),
        ("rider", lambda c: c.str.len_chars()),
        ("begun", lambda c: c.dt.replace_time_zone(None)),
        ("begun", lambda c: c.dt.date()),
        ("miles", lambda c: c / 0),
        ("electric", lambda c: c.cast(pl.Int8)),
    ],
)
def test_parquet_types_that_change_the_meaning_are_refused(read, csv_text, column, change):
    frame = read(csv_text().encode()).frame.with_columns(change(pl.col(column)).alias(column))
    reading = read(parquet(frame), "rides.parquet")
    assert [(finding.code, finding.subject) for finding in reading.type_findings] == [("type", column)]


def test_layout_counts_rows_outside_quotes_only():
    layout = inspect(b'a,b\n"x\ny",2\n"p,q",3\n', Limits())
    assert (layout.header, layout.rows, layout.findings) == (("a", "b"), 2, ())


def json_lines(frame):
    return frame.with_columns(pl.selectors.temporal().cast(pl.String)).write_ndjson().encode()


def test_json_lines_are_read_in_the_contracts_types(read, csv_text):
    frame = read(csv_text(miles="NA").encode()).frame
    texts = frame.with_columns(pl.col("begun").dt.to_string("iso:strict").str.replace(r"\.0+", ""))
    reading = read(json_lines(texts), "rides.jsonl")
    assert codes(reading) == []
    assert reading.frame.equals(frame)
    assert read(json_lines(texts), "rides.ndjson").frame.equals(frame)


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b'{"year": 2020}\n{"year": 20', "truncated"),
        (b'{"year": 2020}\nno json\n', "corrupt"),
        (b"[1, 2]\n", "corrupt"),
        (b"{}\n{}\n", "header_only"),
        (b"year,month\n2020,1\n", "corrupt"),
        (b"\xff\xfe\x00{}\n", "corrupt"),
    ],
)
def test_refuses_json_lines_that_are_none(read, content, code):
    assert codes(read(content, "rides.jsonl")) == [code]


@pytest.mark.parametrize(("column", "value"), [("begun", "yesterday"), ("miles", "3.5"), ("year", 2020.5)])
def test_a_json_value_of_another_type_is_named(read, csv_text, column, value):
    import json

    frame = read(csv_text().encode()).frame
    rows = [
        json.loads(line) for line in json_lines(frame.with_columns(pl.col("begun").dt.to_string("iso"))).splitlines()
    ]
    rows[2][column] = value
    text = "".join(f"{json.dumps(row)}\n" for row in rows)
    assert [one.subject for one in read(text.encode(), "rides.jsonl").type_findings] == [column]


def test_a_blank_between_day_and_time_and_capital_truths_are_read(read, csv_text):
    plain = read(csv_text().encode()).frame
    text = csv_text(begun="2020-01-04 05:00:00Z", electric="True")
    reading = read(text.encode())
    assert codes(reading) == []
    assert reading.frame.schema == plain.schema
    assert reading.frame["electric"][3] is True
    assert reading.frame["begun"][3].hour == 5
