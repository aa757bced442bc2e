import narwhals as nw
import polars as pl
import pytest

from modelyard.gates.contract import Column, Contract
from modelyard.gates.personal import protect, pseudonym

CONTRACT = Contract(
    id="t",
    version="1",
    source="t",
    columns=(
        Column("tail", "string", classification="personal", clean="hash"),
        Column("owner", "string", classification="personal", clean="drop"),
        Column("seats", "bigint"),
    ),
    rules=(),
    delivery="snapshot",
)
FRAME = pl.DataFrame(
    {"tail": ["N1", None, "N2", "N1"], "owner": ["a", "b", "c", "d"], "seats": [1, 2, 3, 4], "_batch": "x"}
)


def protected(frame=FRAME, key=""):
    return protect(nw.from_native(frame.lazy()), CONTRACT, key=key).collect().to_native()


def test_personal_columns_are_dropped_or_hashed_and_others_kept():
    frame = protected()
    assert frame.columns == ["tail", "seats", "_batch"]
    assert frame["tail"].to_list() == [pseudonym("N1"), None, pseudonym("N2"), pseudonym("N1")]
    assert frame["seats"].equals(FRAME["seats"])


def test_a_pseudonym_is_the_head_of_sha256_over_key_and_value():
    import hashlib

    assert pseudonym("N1", key="k") == hashlib.sha256(b"kN1").hexdigest()[:16]


def test_another_key_gives_other_pseudonyms():
    assert set(protected(key="a")["tail"].drop_nulls()) & set(protected(key="b")["tail"].drop_nulls()) == set()


@pytest.mark.parametrize("frame", [FRAME.head(0), FRAME.with_columns(tail=pl.lit(None, dtype=pl.String))])
def test_empty_and_missing_columns_stay_so(frame):
    assert protected(frame)["tail"].null_count() == frame.height


def test_it_stays_lazy():
    assert isinstance(protect(nw.from_native(FRAME.lazy()), CONTRACT).to_native(), pl.LazyFrame)
