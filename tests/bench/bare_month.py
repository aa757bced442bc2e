"""The bare side: one month read, cleaned, joined and appended with Polars and delta-rs, and nothing else.

No gates, no locks, no batch log, no command line. Types come as a list that a programmer would have written by hand;
cleaning and joining are the platform's own functions, so that both sides write the same rows.
"""

from __future__ import annotations

import argparse
import hashlib
import json
from pathlib import Path
from typing import Any

import narwhals as nw
import polars as pl
from deltalake import write_deltalake

from modelyard.gates.contract import Column, Contract
from modelyard.gates.personal import protect
from modelyard_pipelines.purposes.flight_delay.joining import join
from modelyard_pipelines.sources.flights.cleaning import clean as clean_flights
from modelyard_pipelines.sources.weather.cleaning import clean as clean_weather

CLEANING = {"flights": clean_flights, "weather": clean_weather}


def main() -> None:
    """Runs the month once."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--lake", type=Path, required=True)
    parser.add_argument("--month", required=True)
    parser.add_argument("--columns", type=Path, required=True)
    wanted = parser.parse_args()
    run(wanted.lake, wanted.month, json.loads(wanted.columns.read_bytes()))


def run(lake: Path, month: str, columns: dict[str, list[dict[str, Any]]]) -> None:
    """Appends the month's flights and weather to RAW and CLEAN, and their join to CURATED."""
    key = (lake.parent / "pseudonym.key").read_text(encoding="ascii")
    cleaned: dict[str, nw.LazyFrame[Any]] = {}
    batches: dict[str, str] = {}
    for source, clean in CLEANING.items():
        contract = _contract(source, columns[source])
        file = lake / "source" / source / f"{source}-{month}.csv"
        batches[source] = hashlib.sha256(file.read_bytes()).hexdigest()[:16]
        raw = nw.from_native(_read(file, contract).lazy())
        _append(raw, lake / "RAW" / source, batches[source])
        cleaned[source] = clean(protect(raw, contract, key=key)).collect().lazy()
        _append(cleaned[source], lake / "CLEAN" / source, batches[source])
    planes = nw.from_native(pl.scan_delta(str(lake / "CLEAN" / "planes")).drop("_batch"))
    _append(join(cleaned["flights"], cleaned["weather"], planes), lake / "CURATED" / "flight_delay", batches["flights"])


def _contract(source: str, columns: list[dict[str, Any]]) -> Contract:
    typed = tuple(Column(one["name"], one["physical"], clean=one["clean"]) for one in columns)
    return Contract("", "", source, typed, (), "increment")


def _read(file: Path, contract: Contract) -> pl.DataFrame:
    types = dict(contract.polars_schema())
    moments = [name for name, kind in types.items() if isinstance(kind, pl.Datetime)]
    schema = {name: pl.String() if name in moments else kind for name, kind in types.items()}
    frame = pl.read_csv(file, schema=schema, null_values=["NA", ""])
    return frame.with_columns(pl.col(moments).str.to_datetime("%+", time_unit="us", time_zone="UTC"))


def _append(frame: nw.LazyFrame[Any], place: Path, batch: str) -> None:
    rows = frame.with_columns(nw.lit(batch).alias("_batch")).collect().to_native()
    write_deltalake(str(place), rows, mode="append")


if __name__ == "__main__":
    main()
