"""A test is only worth something if it notices a weaker gate: each proof runs on the gate and on weaker copies."""

import gzip
import hashlib
from dataclasses import replace
from io import BytesIO

import numpy as np
import polars as pl
import pytest

from modelyard.gates.contract import Column, Contract, Significance
from modelyard.gates.expectations import Rule
from modelyard.gates.identity import check_bytes, check_rows, content_digest
from modelyard.gates.profile import profile_of
from modelyard.gates.reading import read_batch
from modelyard.gates.rules.compiled import CompiledEngine
from modelyard.gates.rules.gate import check_rules
from modelyard.gates.schema import check_schema
from modelyard.gates.significance import check_significance

TABLE = Contract(
    id="t",
    version="1",
    source="t",
    columns=(Column("a", "bigint"), Column("b", "double")),
    rules=(
        Rule("expect_column_values_to_be_between", {"column": "a", "min_value": 0}),
        Rule("expect_column_mean_to_be_between", {"column": "b", "max_value": 10}),
    ),
    delivery="snapshot",
)


# format


def prove_format(read, folder):
    good = b"a,b\n1,2.5\n2,3.5\n"
    files = {
        "good.csv": good,
        "cut.csv": good[:-2],
        "wide.csv": b"a,b\n1,2.5,9\n",
        "thin.csv": b"a,b\n1\n",
        "latin.csv": b"a,b\n1,\xe9\n",
        "cut.csv.gz": gzip.compress(good)[:-3],
        "text.csv": b"a,b\n1,far\n",
    }
    for name, content in files.items():
        (folder / name).write_bytes(content)
        reading = read(folder / name)
        fine = not reading.format_findings and not reading.type_findings
        assert fine == (name == "good.csv"), name


def lenient_reader(path):
    """A reader as libraries ship it: ragged lines are cut, odd bytes replaced, odd values become nulls."""
    from modelyard.gates.reading import Reading

    content = path.read_bytes()
    if path.suffix == ".gz":
        import zlib

        content = zlib.decompressobj(wbits=31).decompress(content)
    pl.read_csv(content, truncate_ragged_lines=True, encoding="utf8-lossy", ignore_errors=True)
    return Reading("digest", ("a", "b"))


def test_the_format_gate_is_proven_and_a_lenient_reader_is_caught(tmp_path):
    prove_format(lambda path: read_batch(path, TABLE), tmp_path)
    with pytest.raises(AssertionError):
        prove_format(lenient_reader, tmp_path)


# identity


def prove_identity(digest):
    frame = pl.DataFrame({"a": [1, 2, 2], "b": [0.1, 0.2, 0.2]})
    assert digest(frame) == digest(frame.reverse()) == digest(frame.select("b", "a"))
    assert digest(frame) != digest(frame.unique())
    assert digest(frame) != digest(frame.with_columns(b=pl.col("b") + 1e-12))
    assert digest(frame) != digest(frame.rename({"a": "b", "b": "a"}))


def ordered_digest(frame):
    buffer = BytesIO()
    frame.write_csv(buffer)
    return hashlib.sha256(buffer.getvalue()).hexdigest()


WEAK_DIGESTS = {
    "depends on the order": ordered_digest,
    "forgets how often": lambda frame: content_digest(frame.unique()),
    "rounds": lambda frame: content_digest(frame.with_columns(pl.selectors.float().round(6))),
    "counts only": lambda frame: str(frame.shape),
}


def test_the_content_digest_is_proven():
    prove_identity(content_digest)


@pytest.mark.parametrize("name", WEAK_DIGESTS)
def test_a_weaker_content_digest_is_caught(name):
    with pytest.raises(AssertionError):
        prove_identity(WEAK_DIGESTS[name])


def prove_memory(check):
    from datetime import UTC, datetime
    from types import SimpleNamespace

    stored = [
        SimpleNamespace(digest=f"d{n}", content=f"c{n}", file=f"{n}.csv", accepted_at=datetime(2020, 1, 1, tzinfo=UTC))
        for n in range(3)
    ]
    assert check("new", stored) == []
    for batch in stored:
        assert check(batch.digest, stored) or check(batch.content, stored)


def test_every_stored_batch_is_remembered_and_a_gate_that_knows_only_the_last_is_caught():
    def real(digest, stored):
        return [*check_bytes(digest, stored)[0], *check_rows(digest, stored)[0]]

    prove_memory(real)
    with pytest.raises(AssertionError):
        prove_memory(lambda digest, stored: real(digest, stored[-1:]))


# schema


def prove_schema(check):
    assert not check(["a", "b"])
    for columns in (["a"], ["a", "b", "c"], ["A", "b"], ["a", "b "], []):
        assert check(columns), columns


WEAK_SCHEMAS = {
    "ignores extra columns": lambda columns: {"a", "b"} - set(columns),
    "ignores missing columns": lambda columns: set(columns) - {"a", "b"},
    "ignores case": lambda columns: {"a", "b"} ^ {name.lower() for name in columns},
    "ignores blanks": lambda columns: {"a", "b"} ^ {name.strip() for name in columns},
}


def test_the_schema_gate_is_proven():
    prove_schema(lambda columns: check_schema(columns, TABLE, [])[0])


@pytest.mark.parametrize("name", WEAK_SCHEMAS)
def test_a_weaker_schema_gate_is_caught(name):
    with pytest.raises(AssertionError):
        prove_schema(WEAK_SCHEMAS[name])


# rules


def prove_rules(check):
    good = pl.DataFrame({"a": [0, 1, None], "b": [1.0, 19.0, None]})
    assert not check(good)
    assert {finding.subject for finding in check(good.with_columns(a=pl.Series([0, 1, -1])))} == {"a"}
    assert {finding.subject for finding in check(good.with_columns(b=pl.Series([1.0, 19.5, None])))} == {"b"}


def weaker_rules(**changes):
    rules = tuple(replace(rule, kwargs={**rule.kwargs, **changes.get(rule.columns[0], {})}) for rule in TABLE.rules)
    return replace(TABLE, rules=rules)


WEAK_CONTRACTS = {
    "lets a share pass": weaker_rules(a={"mostly": 0.5}),
    "has a wider bound": weaker_rules(b={"max_value": 11}),
    "lost a rule": replace(TABLE, rules=TABLE.rules[:1]),
}


def test_the_rules_gate_is_proven():
    prove_rules(lambda frame: check_rules(frame, TABLE, CompiledEngine())[0])


@pytest.mark.parametrize("name", WEAK_CONTRACTS)
def test_a_weaker_rules_gate_is_caught(name):
    with pytest.raises(AssertionError):
        prove_rules(lambda frame: check_rules(frame, WEAK_CONTRACTS[name], CompiledEngine())[0])


# significance


def sample(seed, rows=4_000, shift=0.0, nulls=0.0):
    rng = np.random.default_rng(seed)
    b = pl.Series(rng.normal(size=rows) + shift)
    return pl.DataFrame({"a": rng.integers(0, 50, rows), "b": b.set(pl.Series(rng.random(rows) < nulls), None)})


def prove_significance(check):
    past = [sample(seed) for seed in range(4)]
    for seed in range(20, 40):
        assert not check(sample(seed), past)
    assert not check(sample(50, 100_000, shift=0.03), [sample(seed, 100_000) for seed in range(4)])
    assert check(sample(60, shift=0.6), past)
    assert check(sample(61, nulls=0.3), past)
    assert check(sample(62, 900), past)
    assert not check(sample(63, 12), [sample(64, 12)])


def significance(contract=TABLE, rate=0.01):
    def check(batch, past):
        profiles = [profile_of(each, contract) for each in past]
        return check_significance(profile_of(batch, contract), profiles, contract, false_alarm_rate=rate)[0]

    return check


def only_p_values(batch, past):
    from scipy.stats import ks_2samp

    whole = pl.concat(past)
    return min(ks_2samp(batch[name].drop_nulls(), whole[name].drop_nulls()).pvalue for name in ("a", "b")) < 0.01


def only_effects(batch, past):
    from scipy.stats import ks_2samp

    whole = pl.concat(past)
    shorter = batch.height < whole.height / len(past) / 2
    gap = max(ks_2samp(batch[name].drop_nulls(), whole[name].drop_nulls()).statistic for name in ("a", "b"))
    return gap > 0.1 or shorter or batch["b"].null_count() > 0.1 * batch.height


WEAK_SIGNIFICANCE = {
    "p-values alone cry wolf": only_p_values,
    "effect sizes alone cry wolf on few rows": only_effects,
    "margins too wide": significance(replace(TABLE, margin=0.9)),
    "blind to nulls": significance(replace(TABLE, null_margin=0.9)),
    "blind to the number of rows": significance(replace(TABLE, volume_margin=0.95)),
    "leaves a column out": significance(
        replace(TABLE, columns=(TABLE.columns[0], Column("b", "double", significance=Significance(excluded="lazy"))))
    ),
}


def test_the_significance_gate_is_proven():
    prove_significance(significance())


@pytest.mark.parametrize("name", WEAK_SIGNIFICANCE)
def test_a_weaker_significance_gate_is_caught(name):
    with pytest.raises(AssertionError):
        prove_significance(WEAK_SIGNIFICANCE[name])
