"""The columns that a contract derives from others, so that simple expectations can say what holds across columns."""

from __future__ import annotations

import polars as pl

from modelyard.errors import InvalidSettingsError
from modelyard.gates.contract import Contract, Derived


def derive(frame: pl.DataFrame, contract: Contract) -> pl.DataFrame:
    """`frame` with the contract's derived columns at its end.

    Raises:
        InvalidSettingsError: an expression does not fit the columns' types.
    """
    zones = sorted({each.timezone or "" for each in contract.derived})
    derived = [_in_zone(frame, [each for each in contract.derived if (each.timezone or "") == zone]) for zone in zones]
    return pl.concat([frame, *derived], how="horizontal") if derived else frame


def _in_zone(frame: pl.DataFrame, wanted: list[Derived]) -> pl.DataFrame:
    moments = frame.lazy()
    zone = wanted[0].timezone
    if zone:
        clock = pl.selectors.datetime(time_zone="*").dt.convert_time_zone(zone).dt.replace_time_zone(None)
        moments = moments.with_columns(clock)
    try:
        columns = moments.select(pl.sql_expr(each.sql).alias(each.name) for each in wanted).collect()
    except pl.exceptions.PolarsError as error:
        names = ", ".join(each.name for each in wanted)
        raise InvalidSettingsError(
            f"derived columns {names}: {error}", hint="correct the contract's derivedColumns"
        ) from None
    return columns.with_columns(pl.selectors.decimal().cast(pl.Float64))
