"""The reference engine: the Great Expectations library itself, on pandas.

It is slower by orders of magnitude and heavy to import, so everything of it is loaded inside the functions.
Nothing is sent anywhere and nothing is written: the context lives in memory, with analytics switched off.
"""

from __future__ import annotations

import os
import warnings
from collections.abc import Sequence
from numbers import Real
from typing import TYPE_CHECKING, Any

from modelyard.gates.expectations import EXPECTATIONS, Rule
from modelyard.gates.rules.engine import EngineName, RuleOutcome

if TYPE_CHECKING:
    import pandas as pd  # type: ignore[import-untyped, unused-ignore]
    import polars as pl


class GreatExpectationsEngine:
    """Checks rules with the library whose words the contract uses."""

    name: EngineName = "great_expectations"

    def check(self, frame: pl.DataFrame, rules: Sequence[Rule]) -> list[RuleOutcome]:
        """One outcome per rule, in the order of `rules`."""
        if not rules:
            return []
        with warnings.catch_warnings():
            # The library and pandas warn about each other's internals; none of it is about the data.
            warnings.simplefilter("ignore")
            results = _validate(_to_pandas(frame), rules)
        return [_outcome(rule, result, frame.height) for rule, result in zip(rules, results, strict=True)]


def _validate(frame: pd.DataFrame, rules: Sequence[Rule]) -> list[Any]:
    """The library's results, in the order of the rules."""
    os.environ.setdefault("GX_ANALYTICS_ENABLED", "False")
    import great_expectations as gx
    from great_expectations.data_context.types.base import ProgressBarsConfig
    from great_expectations.expectations.registry import get_expectation_impl

    context = gx.get_context(mode="ephemeral")
    context.variables.progress_bars = ProgressBarsConfig(globally=False, metric_calculations=False)
    asset = context.data_sources.add_pandas("batch").add_dataframe_asset("batch")
    batch = asset.add_batch_definition_whole_dataframe("batch").get_batch({"dataframe": frame})
    suite = gx.ExpectationSuite(name="contract")
    for place, rule in enumerate(rules):
        # The suite's own add methods treat two rules on the same column as one and would drop the first.
        kind = get_expectation_impl(rule.expectation)
        suite.expectations.append(kind(**_arguments(rule), meta={"place": place}))
    outcome = batch.validate(suite, result_format="BASIC")
    return sorted(outcome.results, key=lambda result: result.expectation_config.meta["place"])


def _arguments(rule: Rule) -> dict[str, Any]:
    arguments = dict(rule.kwargs)
    regex = arguments.get("regex")
    if isinstance(regex, str) and regex.endswith("$") and not regex.endswith(r"\$"):
        # In Python `$` also matches before a last line break; the contract means the end of the text.
        arguments["regex"] = regex[:-1] + r"\Z"
    return arguments


def _to_pandas(frame: pl.DataFrame) -> pd.DataFrame:
    """A pandas frame with one kind of missing value: whole numbers with nulls become floats with NaN."""
    import pandas as pd
    import polars as pl

    columns: dict[str, Any] = {}
    for series in frame:
        if series.dtype.is_float() or (series.dtype.is_integer() and series.null_count()):
            columns[series.name] = series.cast(pl.Float64).to_numpy()
        elif series.dtype.is_integer():
            columns[series.name] = series.to_numpy()
        else:
            columns[series.name] = pd.Series(series.to_list(), dtype=object)
    return pd.DataFrame(columns, index=range(frame.height))


def _outcome(rule: Rule, result: Any, rows: int) -> RuleOutcome:  # noqa: ANN401 - the library's type is private
    found = result.result
    if result.exception_info and result.exception_info.get("raised_exception"):
        raise RuntimeError(f"{rule.expectation} on {rule.subject}: {result.exception_info['exception_message']}")
    if not EXPECTATIONS[rule.expectation].counts_rows:
        observed = found.get("observed_value")
        number = float(observed) if isinstance(observed, Real) else None
        return RuleOutcome(rule, bool(result.success), rows, observed=number)
    evaluated = rows - int(found.get("missing_count", 0) or 0)
    return RuleOutcome(rule, bool(result.success), evaluated, unexpected=int(found.get("unexpected_count", 0) or 0))
