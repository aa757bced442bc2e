"""The gates on Spark: the same contract, judged the way a careful Spark programmer would.

One pass over the batch answers every rule, every null count, every quantile and the fingerprint of the rows; one more
counts the categories; one join looks for stored keys. The driver then decides, with the same arithmetic as ours.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import spark_rules

from modelyard.gates.contract import Column, Contract
from modelyard.gates.profile import TOP, ColumnProfile, Profile
from modelyard.gates.significance import check_significance
from modelyard.gates.sketch import KNOTS, Sketch

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, SparkSession  # type: ignore[import-not-found, unused-ignore]

SPARK_TYPES = {"timestamp": "timestamp_ntz", "timestamptz": "timestamp"}
"""Physical types whose name is another one in Spark."""
SHARES = [place / KNOTS for place in range(KNOTS + 1)]
FALSE_ALARM_RATE = 0.01
UNPARSED = "_unparsed"


class RefusedError(Exception):
    """A gate refused the batch; the benchmark's batches are good, so this is a fault of the benchmark."""


@dataclass(frozen=True, slots=True)
class Accepted:
    """A batch that passed its gates."""

    digest: str
    period: str
    frame: DataFrame
    profile: Profile
    checks: list[dict[str, Any]]


def judge(spark: SparkSession, path: Path, contract: Contract, lake: Path) -> Accepted:
    """Reads a batch and puts it through format, identity, schema, rules and significance.

    Raises:
        RefusedError: a gate refused it.
    """
    digest, rows = _bytes(path, contract)
    history = _history(lake, contract.source)
    _refuse(any(one["digest"] == digest for one in history), "the same file is stored")
    parsed = _parsed(_texts(spark, path, contract), contract)
    # One partition: every window, join and aggregate of so few rows is then answered without a shuffle.
    wide = parsed.coalesce(1).selectExpr("*", *_derived(contract)).persist()
    typed = wide.select(*contract.names)
    numbers, texts = _compared(wide, contract)
    answer = _answer(wide, contract, numbers)
    _refuse(answer["rows"] != rows, "the file has other rows than lines")
    _refuse(answer["unparsed"] > 0, "values do not parse")
    period = f"{answer['period'][0]}-{answer['period'][1]:02d}"
    _refuse(
        answer["period"] != answer["last_period"] or any(one["period"] == period for one in history),
        "the period is stored or mixed",
    )
    _refuse(bool(_stored_keys(spark, typed, contract, lake)), "keys are stored")
    checks = [_rule_check(place, answer, contract) for place in range(len(contract.rules))]
    profile = _profile(wide, answer, numbers, texts)
    stored = [Profile.from_json(one["profile"]) for one in history]
    findings, compared = check_significance(profile, stored, contract, false_alarm_rate=FALSE_ALARM_RATE)
    checks += [asdict(check) for check in compared]
    _refuse(bool(findings) or any(check["outcome"] == "refused" for check in checks), "rules or significance")
    return Accepted(digest, period, typed, profile, checks)


def _refuse(wrong: bool, why: str) -> None:
    if wrong:
        raise RefusedError(why)


def _bytes(path: Path, contract: Contract) -> tuple[str, int]:
    """The file's digest and its lines, once its encoding and its header are as they must be."""
    content = path.read_bytes()
    content.decode("utf-8")
    header = content[: content.index(b"\n")].decode().strip().split(",")
    _refuse(sorted(header) != sorted(contract.names), "other columns than the contract's")
    return hashlib.sha256(content).hexdigest(), content.count(b"\n") - 1


def _history(lake: Path, source: str) -> list[dict[str, Any]]:
    records = [json.loads(path.read_bytes()) for path in sorted((lake / "batches" / source).glob("*.json"))]
    return sorted((one for one in records if one["state"] == "stored"), key=lambda one: str(one["offered_at"]))


def _texts(spark: SparkSession, path: Path, contract: Contract) -> DataFrame:
    """The file as text, strictly: a line with more or fewer fields than the header ends the run."""
    header = path.open(encoding="utf-8").readline().strip().split(",")
    schema = ", ".join(f"`{name}` string" for name in header)
    read = (
        spark.read.schema(schema).option("header", "true").option("mode", "FAILFAST").option("enforceSchema", "false")
    )
    frame = read.csv(str(path))
    names = contract.names
    missing = ", ".join(f"'{token}'" for token in sorted(contract.missing))
    return frame.selectExpr(*(f"CASE WHEN `{name}` NOT IN ({missing}) THEN `{name}` END AS `{name}`" for name in names))


def _parsed(texts: DataFrame, contract: Contract) -> DataFrame:
    """The rows in the contract's types, and in each how many of its texts are not what the contract says."""
    typed = {column.name: _typed(column) for column in contract.columns}
    lost = [f"CAST(`{name}` IS NOT NULL AND {sql} IS NULL AS INT)" for name, sql in typed.items()]
    return texts.selectExpr(*(f"{sql} AS `{name}`" for name, sql in typed.items()), f"{' + '.join(lost)} AS {UNPARSED}")


def _typed(column: Column) -> str:
    if column.physical == "string":
        return f"`{column.name}`"
    return f"CAST(`{column.name}` AS {SPARK_TYPES.get(column.physical, column.physical)})"


def _derived(contract: Contract) -> list[str]:
    return [f"{_translated(one.sql, one.timezone, contract)} AS `{one.name}`" for one in contract.derived]


def _translated(sql: str, timezone: str | None, contract: Contract) -> str:
    """The contract's SQL in Spark's dialect: whole division, and moments on a zone's wall clock."""
    spoken = sql.replace("//", " div ").replace("AS VARCHAR)", "AS STRING)")
    if timezone:
        for column in contract.columns:
            if column.physical == "timestamptz":
                clock = f"from_utc_timestamp({column.name}, '{timezone}')"
                spoken = re.sub(rf"\b{column.name}\b", clock, spoken)
    return spoken


def _compared(wide: DataFrame, contract: Contract) -> tuple[list[str], list[str]]:
    """The columns, delivered and derived, that are compared with stored data: numbers and texts."""
    kinds = dict(wide.dtypes)
    texts = [name for name in contract.compared if kinds[name] in {"string", "boolean"}]
    return [name for name in contract.compared if name not in texts], texts


def _answer(wide: DataFrame, contract: Contract, numbers: Sequence[str]) -> Mapping[str, Any]:
    """Every number that the gates need of a batch, from one query."""
    names = ", ".join(f"`{name}`" for name in contract.names)
    period = ", ".join(f"`{name}`" for name in contract.period)
    asked = ["count(1) AS rows", f"sum({UNPARSED}) AS unparsed", f"bit_xor(xxhash64({names})) AS content"]
    asked += [f"min(struct({period})) AS period", f"max(struct({period})) AS last_period"]
    asked += [f"count_if(`{name}` IS NULL) AS `{name}:nulls`" for name in contract.compared]
    shares = ", ".join(map(str, SHARES))
    asked += [f"percentile_approx(`{name}`, array({shares})) AS `{name}:knots`" for name in numbers]
    for place, rule in enumerate(contract.rules):
        asked += spark_rules.measures(place, rule)
    found: dict[str, Any] = wide.selectExpr(*asked).collect()[0].asDict()
    counted = {place: sql for place, rule in enumerate(contract.rules) if (sql := spark_rules.distinct(place, rule))}
    if counted:
        distinct = wide.selectExpr(*counted.values()).collect()[0]
        found |= {f"x{place}": found[f"n{place}"] - distinct[f"d{place}"] for place in counted}
    return found


def _stored_keys(spark: SparkSession, typed: DataFrame, contract: Contract, lake: Path) -> int:
    keys = list(contract.key)
    stored = spark.read.format("delta").load(str(lake / "RAW" / contract.source)).select(*keys)
    clashes: int = typed.select(*keys).join(stored, on=keys, how="left_semi").count()
    return clashes


def _rule_check(place: int, answer: Mapping[str, Any], contract: Contract) -> dict[str, Any]:
    rule = contract.rules[place]
    passed, _, measured = spark_rules.outcome(rule, answer[f"n{place}"], answer[f"x{place}"])
    outcome = "passed" if passed else "refused"
    return {
        "gate": "rules",
        "name": rule.expectation,
        "subject": rule.subject,
        "outcome": outcome,
        "measured": measured,
        "limit": rule.allowed,
    }


def _profile(wide: DataFrame, answer: Mapping[str, Any], numbers: Sequence[str], texts: Sequence[str]) -> Profile:
    """The profile that later batches are compared with; distributions come from approximate quantiles."""
    rows = answer["rows"]
    counts = _categories(wide, texts)
    columns: dict[str, ColumnProfile] = {}
    for name in numbers:
        nulls = answer[f"{name}:nulls"]
        columns[name] = ColumnProfile(rows, nulls, sketch=_sketch(answer[f"{name}:knots"], rows - nulls))
    for name in texts:
        nulls = answer[f"{name}:nulls"]
        top = dict(sorted(counts[name].items(), key=lambda item: (-item[1], item[0]))[:TOP])
        columns[name] = ColumnProfile(rows, nulls, categories=top, other=rows - nulls - sum(top.values()))
    return Profile(rows, columns)


def _categories(wide: DataFrame, names: Sequence[str]) -> Mapping[str, Mapping[str, int]]:
    counts: dict[str, dict[str, int]] = {name: {} for name in names}
    pairs = ", ".join(f"'{name}', CAST(`{name}` AS string)" for name in names)
    spread = wide.selectExpr(f"stack({len(names)}, {pairs}) AS (name, value)").where("value IS NOT NULL")
    for row in spread.groupBy("name", "value").count().collect():
        counts[row["name"]][row["value"]] = row["count"]
    return counts


def _sketch(quantiles: Sequence[float] | None, count: int) -> Sketch | None:
    """A distribution from its quantiles: a value that fills several quantiles is a step of that height."""
    if not quantiles:
        return None
    values = np.asarray(quantiles, dtype=np.float64)
    knots, first, times = np.unique(values, return_index=True, return_counts=True)
    below = first / KNOTS * count
    upto = (first + times - 1) / KNOTS * count
    return Sketch(float(count), knots, below, np.maximum(upto, below))
