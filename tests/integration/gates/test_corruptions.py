"""Corruptions of real months: each is refused by the right gate, and the right column is named."""

import gzip
import io

import polars as pl
import pytest


def number(column):
    return pl.col(column).replace("NA", None).cast(pl.Float64)


def text(values, column):
    return values.cast(pl.String).alias(column)


def scaled(column, factor, offset=0.0, digits=0):
    values = number(column) * factor + offset
    return text(values.round(0).cast(pl.Int64) if not digits else values.round(digits), column)


def said(report):
    """Gate, code and subject of every reason, and all hints."""
    return {(finding.gate, finding.code) for finding in report.refusals}, " ".join(
        f"{finding.subject} {finding.hint}" for finding in report.refusals
    )


KILOMETRES = "distance looks like kilometres where miles are expected"
UNITS = [
    ("flights", scaled("distance", 1.609344), "rules", KILOMETRES),
    ("flights", scaled("distance", 1.609344), "significance", KILOMETRES),
    ("flights", scaled("dep_delay", 60), "rules", "dep_delay looks like seconds where minutes"),
    ("flights", scaled("dep_delay", -1), "rules", "dep_delay looks like values whose sign"),
    ("flights", scaled("arr_delay", -1), "rules", "arr_delay looks like values whose sign"),
    ("flights", scaled("air_time", 1 / 60), "rules", "air_time"),
    ("weather", scaled("temp", 5 / 9, -160 / 9, 2), "rules", "temp looks like degrees Celsius"),
    ("weather", scaled("precip", 25.4, digits=3), "rules", "precip looks like millimetres"),
    ("weather", scaled("precip", 2.54, digits=4), "rules", "precip looks like centimetres"),
    ("weather", scaled("wind_speed", 1.609344, digits=4), "rules", "wind_speed"),
    ("weather", scaled("wind_speed", 0.44704, digits=4), "rules", "wind_speed"),
    ("weather", scaled("wind_gust", 1.609344, digits=4), "rules", "wind_gust"),
    ("weather", scaled("visib", 1.609344, digits=3), "rules", "visib looks like kilometres"),
    ("weather", scaled("pressure", 0.02953, digits=3), "rules", "pressure looks like inches of mercury"),
    ("weather", scaled("humid", 0.01, digits=4), "rules", "humid looks like shares"),
    ("airports", scaled("alt", 0.3048), "rules", "alt looks like metres"),
    ("airports", scaled("lon", -1, digits=6), "rules", "lon looks like values whose sign"),
]


@pytest.mark.parametrize(("source", "change", "gate", "hint"), UNITS)
def test_other_units_and_signs_are_refused_and_recognised(offer_texts, source, change, gate, hint):
    report = offer_texts(source, lambda texts: texts.with_columns(change)).report
    gates, words = said(report)
    assert gate in {found for found, _ in gates}
    assert hint in words


@pytest.mark.parametrize("month", ["2013-01", "2013-02", "2013-12"])
def test_kilometres_are_refused_in_any_month_even_the_first(offer_texts, month):
    report = offer_texts("flights", lambda texts: texts.with_columns(scaled("distance", 1.609344)), month).report
    assert "distance looks like kilometres" in said(report)[1]


def test_both_temperatures_in_celsius_are_refused(offer_texts):
    report = offer_texts(
        "weather",
        lambda texts: texts.with_columns(scaled("temp", 5 / 9, -160 / 9, 2), scaled("dewp", 5 / 9, -160 / 9, 2)),
    ).report
    assert any({"temp", "dewp", "humid"} <= set(finding.subject.split(", ")) for finding in report.refusals)


TOP = ["UA", "B6", "EV", "DL", "AA", "MQ", "US", "9E"]
RECODED = {
    "half to new codes": (pl.col("carrier").replace({code: f"X{n}" for n, code in enumerate(TOP)}), "carrier"),
    "half to each other": (pl.col("carrier").replace({"UA": "B6", "B6": "UA", "EV": "DL", "DL": "EV"}), "carrier"),
    "big and small": (pl.col("carrier").replace({"UA": "WN", "WN": "UA"}), "carrier"),
    "to lower case": (pl.col("carrier").str.to_lowercase(), "carrier"),
    "half of the rows": (
        pl.when(pl.int_range(pl.len()) % 2 == 0).then(pl.lit("ZZ")).otherwise("carrier").alias("carrier"),
        "carrier",
    ),
    "with blanks": (pl.concat_str("carrier", pl.lit(" ")).alias("carrier"), "carrier"),
    "airports by four letters": (pl.concat_str(pl.lit("K"), "dest").alias("dest"), "dest"),
    "two airports for each other": (pl.col("dest").replace({"LAX": "SFO", "SFO": "LAX"}), "route_length"),
    "two origins for each other": (pl.col("origin").replace({"EWR": "JFK", "JFK": "EWR"}), "carrier_at"),
}


@pytest.mark.parametrize("name", RECODED)
def test_recoded_categories_are_refused(offer_texts, name):
    change, subject = RECODED[name]
    report = offer_texts("flights", lambda texts: texts.with_columns(change)).report
    assert not report.accepted
    assert any(subject in finding.subject for finding in report.refusals)


def test_recoded_carriers_say_which_are_gone_and_which_are_new(offer_texts):
    report = offer_texts("flights", lambda texts: texts.with_columns(RECODED["half to new codes"][0])).report
    assert "no longer there: UA, B6, EV" in said(report)[1]
    assert "new: X0, X1" in said(report)[1]


# last month's file again

WRITTEN = {
    "the same name": ("flights-2013-06.csv", lambda content, texts: content, "same_bytes"),
    "another name": ("flights-2013-07.csv", lambda content, texts: content, "same_bytes"),
    "packed": ("flights-2013-07.csv.gz", lambda content, texts: gzip.compress(content), "same_rows"),
    "with other line ends": (
        "flights-2013-07.csv",
        lambda content, texts: content.replace(b"\n", b"\r\n"),
        "same_rows",
    ),
    "shuffled": (
        "flights-2013-07.csv",
        lambda content, texts: texts.sample(fraction=1, shuffle=True, seed=1).write_csv(null_value="NA").encode(),
        "same_rows",
    ),
    "with columns in another order": (
        "flights-2013-07.csv",
        lambda content, texts: texts.select(reversed(texts.columns)).write_csv(null_value="NA").encode(),
        "same_rows",
    ),
    "with other marks for missing values": (
        "flights-2013-07.csv",
        lambda content, texts: content.replace(b",NA", b","),
        "same_rows",
    ),
    "one row less": (
        "flights-2013-07.csv",
        lambda content, texts: texts.head(-1).write_csv(null_value="NA").encode(),
        "period_stored",
    ),
}


@pytest.mark.parametrize("name", WRITTEN)
def test_last_months_file_is_refused_however_it_is_written(year, tmp_path, name):
    file, write, code = WRITTEN[name]
    path = tmp_path / file
    path.write_bytes(write(year["flights"].files["2013-06"].read_bytes(), year["flights"].texts("2013-06")))
    report = year["flights"].offer(path).report
    assert ("identity", code) in said(report)[0]
    assert "flights-2013-06.csv" in " ".join(finding.message for finding in report.refusals)


def test_last_months_rows_as_parquet_are_refused(year, tmp_path):
    june = year["flights"].judgements["2013-06"].frame
    path = tmp_path / "flights-2013-07.parquet"
    june.write_parquet(path)
    assert said(year["flights"].offer(path).report)[0] == {("identity", "same_rows")}


def test_last_months_rows_dated_this_month_break_the_clock(offer_texts, year):
    report = offer_texts("flights", lambda _: year["flights"].texts("2013-06").with_columns(month=pl.lit("7"))).report
    assert any("time_hour" in finding.subject and "month" in finding.subject for finding in report.refusals)
    assert ("identity", "keys_stored") in said(report)[0]


@pytest.mark.parametrize("source", ["planes", "airports", "airlines"])
def test_an_identical_snapshot_is_refused(year, source):
    shelf = year[source]
    assert ("identity", "same_bytes") in said(shelf.offer(shelf.files["2013-01"]).report)[0]


# columns

COLUMNS = {
    "missing": (lambda texts: texts.drop("dest"), "dest"),
    "extra": (lambda texts: texts.with_columns(gate=pl.lit("A1")), "gate"),
    "renamed": (lambda texts: texts.rename({"dest": "destination"}), "dest"),
    "in capitals": (lambda texts: texts.rename({"dest": "DEST"}), "dest"),
    "with a blank": (lambda texts: texts.rename({"dest": " dest"}), "dest"),
    "with a look-alike letter": (lambda texts: texts.rename({"dest": "d\u0435st"}), "dest"),
}


@pytest.mark.parametrize("name", COLUMNS)
def test_other_columns_are_refused_by_the_schema_gate(offer_texts, name):
    change, subject = COLUMNS[name]
    report = offer_texts("flights", change).report
    assert {finding.gate for finding in report.refusals} == {"schema"}
    assert subject in {finding.subject for finding in report.refusals}


def test_columns_in_another_order_are_read_by_name(offer_texts):
    report = offer_texts("flights", lambda texts: texts.select(reversed(texts.columns))).report
    assert report.accepted
    assert [finding.code for finding in report.warnings] == ["reordered"]


TYPES = {
    "decimals": ({"distance": pl.concat_str("distance", pl.lit(".0"))}, "distance"),
    "decimal commas": ({"distance": pl.concat_str("distance", pl.lit(",5"))}, "distance"),
    "another mark for missing": ({"dep_time": pl.col("dep_time").replace("NA", "null")}, "dep_time"),
    "local time without zone": ({"time_hour": pl.col("time_hour").str.replace("Z", "")}, "time_hour"),
    "American dates": (
        {"time_hour": pl.col("time_hour").str.replace(r"(\d+)-(\d+)-(\d+)T", "$2/$3/${1}T")},
        "time_hour",
    ),
    "clock times with colons": ({"sched_dep_time": pl.concat_str("hour", pl.lit(":"), "minute")}, "sched_dep_time"),
    "thousands separators": ({"flight": pl.lit("1,234")}, "flight"),
    "infinite": ({"distance": pl.lit("inf")}, "distance"),
}


@pytest.mark.parametrize("name", TYPES)
def test_values_of_another_type_are_refused_by_the_schema_gate(offer_texts, name):
    changes, subject = TYPES[name]
    report = offer_texts("flights", lambda texts: texts.with_columns(**changes)).report
    assert [(finding.gate, finding.code, finding.subject) for finding in report.refusals] == [
        ("schema", "type", subject)
    ]


# rows


def head(share):
    return lambda texts: texts.head(int(texts.height * share))


@pytest.mark.parametrize("source", ["flights", "weather", "planes", "airports", "airlines"])
@pytest.mark.parametrize("share", [0.01, 0.1, 0.3, 0.5, 0.7, 0.9, 0.95, 0.99])
def test_a_file_cut_between_two_rows_is_refused(offer_texts, source, share):
    assert not offer_texts(source, lambda texts: texts.head(max(1, int(texts.height * share)))).report.accepted


@pytest.mark.parametrize("share", [0.3, 0.9, 0.99])
@pytest.mark.parametrize("source", ["flights", "weather"])
def test_it_is_refused_in_a_first_month_too(offer_texts, source, share):
    assert not offer_texts(source, head(share), "2013-01").report.accepted


@pytest.mark.parametrize("source", ["flights", "weather", "planes", "airports"])
def test_rows_that_are_missing_or_doubled_are_refused(offer_texts, source):
    assert not offer_texts(source, lambda texts: texts.sample(fraction=0.5, seed=1)).report.accepted
    doubled = offer_texts(source, lambda texts: pl.concat([texts, texts.head(20)])).report
    assert any("unique" in finding.code for finding in doubled.refusals)
    assert not offer_texts(source, lambda texts: texts.filter(pl.int_range(pl.len()) % 3 > 0)).report.accepted


def test_a_day_without_flights_is_refused(offer_texts):
    report = offer_texts("flights", lambda texts: texts.filter(pl.col("day") != "13")).report
    assert any("every day" in finding.message for finding in report.refusals)


# one column

HARMLESS = {
    ("flights", "year"): "a month has one year: any order of it is the same",
    ("flights", "month"): "a month has one month",
    ("weather", "year"): "a month has one year",
    ("weather", "month"): "a month has one month",
}
UNSEEN_WHEN_SHIFTED = {
    **HARMLESS,
    ("weather", "precip"): "rain falls for hours: one hour later looks as plausible",
    ("weather", "pressure"): "it changes by less than half a millibar an hour",
    ("weather", "visib"): "fog stays for hours",
    ("planes", "year"): "one model is built for decades",
    ("planes", "speed"): "known for 23 of 3,322 aircraft",
    ("airports", "name"): "no other column knows the name",
    ("airports", "lat"): "airports are sorted by code; only a map would know",
    ("airports", "alt"): "only a map would know",
    ("airports", "dst"): "nearly all values are the same",
}
"""What no gate can see, and why: the values as a whole are the same, and no other column contradicts them."""


def every_column():
    from modelyard_pipelines.sources.catalog import contracted_names, find_source, source_names

    coded = sorted(set(source_names()) - set(contracted_names()))
    return [(name, column) for name in coded for column in find_source(name).contract.names]


@pytest.mark.parametrize(("source", "column"), [each for each in every_column() if each not in UNSEEN_WHEN_SHIFTED])
def test_a_column_shifted_by_one_row_is_refused(offer_texts, source, column):
    report = offer_texts(
        source, lambda texts: texts.with_columns(pl.col(column).shift(1).fill_null(pl.col(column)))
    ).report
    assert any(column in f"{finding.subject} {finding.hint}" for finding in report.refusals)


@pytest.mark.parametrize(("source", "column"), sorted(UNSEEN_WHEN_SHIFTED))
def test_what_cannot_be_seen_is_written_down_and_still_true(offer_texts, source, column):
    shifted = offer_texts(source, lambda texts: texts.with_columns(pl.col(column).shift(1).fill_null(pl.col(column))))
    refusals = [finding for finding in shifted.report.refusals if finding.code not in {"same_bytes", "same_rows"}]
    assert refusals == []


@pytest.mark.parametrize(("source", "column"), every_column())
def test_a_column_that_is_all_missing_is_refused_and_named(offer_texts, source, column):
    report = offer_texts(source, lambda texts: texts.with_columns(pl.lit("NA").alias(column))).report
    assert any(column in finding.subject for finding in report.refusals)


@pytest.mark.parametrize(("source", "column"), [each for each in every_column() if each not in HARMLESS])
def test_a_constant_column_is_refused(offer_texts, source, column):
    first = pl.col(column).filter(pl.col(column) != "NA").first().alias(column)
    assert not offer_texts(source, lambda texts: texts.with_columns(first)).report.accepted


HAVE_NULLS = [("flights", name) for name in ("dep_time", "dep_delay", "arr_time", "arr_delay", "air_time", "tailnum")]
HAVE_NULLS += [("weather", name) for name in ("wind_dir", "wind_speed", "wind_gust", "pressure")]
HAVE_NULLS += [("planes", "year"), ("planes", "speed")]


@pytest.mark.parametrize(("source", "column"), HAVE_NULLS)
def test_zeros_in_place_of_missing_values_are_refused(offer_texts, source, column):
    report = offer_texts(source, lambda texts: texts.with_columns(pl.col(column).replace("NA", "0"))).report
    assert any(column in finding.subject for finding in report.refusals)


# time


def moved(hours):
    at = pl.col("time_hour").str.to_datetime("%+") + pl.duration(hours=hours)
    return lambda texts: texts.with_columns(at.dt.strftime("%Y-%m-%dT%H:%M:%SZ").alias("time_hour"))


@pytest.mark.parametrize("hours", [5, 4, 1, -1, -4, -5])
@pytest.mark.parametrize("source", ["flights", "weather"])
def test_times_in_another_zone_are_refused_and_recognised(offer_texts, source, hours):
    assert f"time_hour looks moved by {hours:+d} hours" in said(offer_texts(source, moved(hours)).report)[1]


def test_a_stale_year_is_refused(offer_texts):
    year = pl.lit("2012").alias("year")
    stale = pl.col("time_hour").str.replace("2013", "2012")
    report = offer_texts("flights", lambda texts: texts.with_columns(year, stale)).report
    assert ("identity", "period_stale") in said(report)[0]
    assert not offer_texts("flights", lambda texts: texts.with_columns(pl.lit("2014").alias("year"))).report.accepted


# bytes

BYTES = {
    "nothing": (lambda content: b"", "empty"),
    "a header only": (lambda content: content[: content.index(b"\n") + 1], "header_only"),
    "UTF-16": (lambda content: content.decode().encode("utf-16"), "encoding"),
    "UTF-16 without a mark": (lambda content: content.decode().encode("utf-16-le"), "encoding"),
    "a byte order mark": (lambda content: b"\xef\xbb\xbf" + content, "encoding"),
    "latin-1": (lambda content: content.replace(b"N14228", "N\u00e94228".encode("latin-1"), 1) + b"\xe9\n", "encoding"),
    "NUL bytes": (lambda content: content.replace(b"JFK", b"JF\x00", 1), "encoding"),
    "semicolons": (lambda content: content.replace(b",", b";"), "delimiter"),
    "tabs": (lambda content: content.replace(b",", b"\t"), "delimiter"),
    "a field too many": (
        lambda content: content.replace(b"\n2013", b"\n2013,2013", 5).replace(b",2013", b",2013", 1),
        "ragged",
    ),
    "an open quote": (lambda content: content.replace(b"JFK", b'"JFK', 1), "quotes"),
    "a blank line": (lambda content: content.replace(b"\n", b"\n\n", 2), "ragged"),
    "a note at the end": (lambda content: content + b"exported by tool 3.1\n", "ragged"),
    "a web page": (lambda content: b"<html><body>404</body></html>\n", "not_what_it_says"),
    "gzip without the name": (gzip.compress, "not_what_it_says"),
}


@pytest.mark.parametrize("name", BYTES)
def test_damaged_bytes_are_refused_by_the_format_gate(offer_bytes, name):
    change, code = BYTES[name]
    assert said(offer_bytes("flights", change).report)[0] == {("format", code)}


@pytest.mark.parametrize("share", [0.001, 0.05, 0.333, 0.5, 0.8, 0.97, 0.9999])
@pytest.mark.parametrize("source", ["flights", "weather", "planes", "airports", "airlines"])
def test_a_file_cut_within_a_line_is_refused(offer_bytes, source, share):
    def cut(content):
        place = int(len(content) * share)
        return content[: place if content[place - 1 : place] != b"\n" else place - 1]

    assert {gate for gate, _ in said(offer_bytes(source, cut).report)[0]} == {"format"}


@pytest.mark.parametrize("share", [0.1, 0.5, 0.99])
def test_a_cut_gzip_or_parquet_file_is_refused(offer_bytes, year, share):
    packed = offer_bytes("flights", lambda c: gzip.compress(c)[: int(len(c) / 8 * share)], name="f.csv.gz")
    buffer = io.BytesIO()
    year["flights"].judgements["2013-07"].frame.write_parquet(buffer)
    binary = offer_bytes(
        "flights", lambda _: buffer.getvalue()[: int(len(buffer.getvalue()) * share)], name="f.parquet"
    )
    for judged in (packed, binary):
        assert {gate for gate, _ in said(judged.report)[0]} == {"format"}


def test_good_months_are_accepted_as_gzip_and_parquet(offer_bytes, year):
    buffer = io.BytesIO()
    year["flights"].judgements["2013-07"].frame.write_parquet(buffer)
    assert offer_bytes("flights", gzip.compress, name="f.csv.gz").report.accepted
    assert offer_bytes("flights", lambda _: buffer.getvalue(), name="f.parquet").report.accepted
    assert offer_bytes("flights", lambda content: content.replace(b"\n", b"\r\n")).report.accepted
