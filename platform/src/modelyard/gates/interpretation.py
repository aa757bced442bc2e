"""From a contract file, already of the right shape, to a `Contract`: meaning, and what must hold across keys."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import NoReturn

from modelyard.errors import InvalidSettingsError
from modelyard.gates.contract import (
    DEFAULT_MARGIN,
    DEFAULT_NOVEL_MARGIN,
    DEFAULT_NULL_MARGIN,
    DEFAULT_VANISHED_MARGIN,
    DEFAULT_VOLUME_MARGIN,
    Clean,
    Column,
    Contract,
    Delivery,
    Derived,
    Physical,
    Server,
    Significance,
)
from modelyard.gates.expectations import EXPECTATIONS, Rule, argument_problem
from modelyard.gates.odcs import CustomProperty, DataContract, LogicalTypeOptions, Property, Quality, SchemaObject

TABLE_SETTINGS = ("delivery", "periodColumns", "missingValues", "derivedColumns", "significance")
COLUMN_SETTINGS = ("clean", "cleanName", "significance")
COLUMN_MARGINS = ("margin", "nullMargin", "novelMargin", "excluded", "reason")
TABLE_MARGINS = {
    "margin": DEFAULT_MARGIN,
    "nullMargin": DEFAULT_NULL_MARGIN,
    "novelMargin": DEFAULT_NOVEL_MARGIN,
    "volumeMargin": DEFAULT_VOLUME_MARGIN,
    "vanishedMargin": DEFAULT_VANISHED_MARGIN,
}
TEXT_RULES = {
    "expect_column_values_to_match_regex",
    "expect_column_values_to_not_match_regex",
    "expect_column_value_lengths_to_be_between",
}
LOGICAL_TYPES: Mapping[Physical, str] = {
    "string": "string",
    "int": "integer",
    "bigint": "integer",
    "double": "number",
    "boolean": "boolean",
    "date": "date",
    "timestamp": "timestamp",
    "timestamptz": "timestamp",
}


def interpret(raw: DataContract, path: Path) -> Contract:
    """The contract that `raw`, read from `path`, declares.

    Raises:
        InvalidSettingsError: two keys contradict each other, or a rule or setting is unknown or incomplete.
    """
    return _Interpreter(path).contract(raw)


class _Interpreter:
    """Holds the file's name, so that every problem can name it."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def contract(self, raw: DataContract) -> Contract:
        table = raw.table[0]
        settings = self._settings(
            (*raw.custom_properties, *table.custom_properties), "customProperties", TABLE_SETTINGS
        )
        columns = tuple(self._column(each, f"properties.{each.name}") for each in table.properties)
        self._once((column.name for column in columns), "properties", "column")
        contract = Contract(
            id=raw.id,
            version=raw.version,
            source=table.name,
            columns=columns,
            rules=(),
            delivery=self._delivery(settings),
            period=self._names(settings, "periodColumns", columns),
            missing=frozenset(self._texts(settings, "missingValues", [""])),
            derived=tuple(self._derived(each) for each in self._list(settings, "derivedColumns")),
            description=raw.description.purpose or table.description,
            servers=tuple(Server(each.server, each.path) for each in raw.servers),
        )
        contract = self._with_margins(contract, settings)
        self._check_derived(contract)
        self._check_period(contract)
        return replace(contract, rules=tuple(self._rules(table, contract)))

    # columns

    def _column(self, raw: Property, key: str) -> Column:
        if LOGICAL_TYPES[raw.physical_type] != raw.logical_type:
            wanted = LOGICAL_TYPES[raw.physical_type]
            self._refuse(f"{key}.logicalType", raw.logical_type, f"{wanted}, which is what {raw.physical_type} holds")
        if raw.primary_key and raw.primary_key_position is None:
            self._refuse(f"{key}.primaryKeyPosition", "nothing", "a place in the key from 1")
        settings = self._settings(raw.custom_properties, key, COLUMN_SETTINGS)
        return Column(
            name=raw.name,
            physical=raw.physical_type,
            required=raw.required or raw.primary_key,
            unique=raw.unique,
            key_position=raw.primary_key_position if raw.primary_key else None,
            classification=raw.classification,
            clean=self._clean(raw.classification, settings, key),
            significance=self._significance(settings, key),
            description=raw.description,
            clean_name=self._clean_name(settings, key),
        )

    def _clean_name(self, settings: Mapping[str, object], key: str) -> str:
        value = settings.get("cleanName", "")
        if not isinstance(value, str) or (value and not value.isidentifier()):
            self._refuse(f"{key}.cleanName", value, "a name of letters, digits and underscores")
        return value

    def _clean(self, classification: str, settings: Mapping[str, object], key: str) -> Clean:
        value = settings.get("clean")
        if classification != "personal":
            if value is not None:
                self._refuse(f"{key}.clean", value, "only on a column with classification: personal")
            return "keep"
        if value == "drop":
            return "drop"
        if value == "hash":
            return "hash"
        return self._refuse(f"{key}.clean", value, "drop or hash, because the column is personal")

    def _significance(self, settings: Mapping[str, object], key: str) -> Significance:
        value = self._mapping(settings, "significance", key, COLUMN_MARGINS)
        excluded = value.get("excluded", "")
        if not isinstance(excluded, str):
            self._refuse(f"{key}.significance.excluded", excluded, "the reason, as text")
        return Significance(
            margin=self._share(value, "margin", key),
            null_margin=self._share(value, "nullMargin", key),
            novel_margin=self._share(value, "novelMargin", key),
            excluded=excluded,
        )

    # the table

    def _delivery(self, settings: Mapping[str, object]) -> Delivery:
        value = settings.get("delivery")
        if value == "increment":
            return "increment"
        if value == "snapshot":
            return "snapshot"
        return self._refuse("customProperties.delivery", value, "increment or snapshot")

    def _with_margins(self, contract: Contract, settings: Mapping[str, object]) -> Contract:
        key = "customProperties"
        value = self._mapping(settings, "significance", key, tuple(TABLE_MARGINS))
        margins = {name: self._share(value, name, key) or default for name, default in TABLE_MARGINS.items()}
        return replace(
            contract,
            margin=margins["margin"],
            null_margin=margins["nullMargin"],
            novel_margin=margins["novelMargin"],
            volume_margin=margins["volumeMargin"],
            vanished_margin=margins["vanishedMargin"],
        )

    def _derived(self, value: object) -> Derived:
        key = "customProperties.derivedColumns"
        if not isinstance(value, dict):
            return self._refuse(key, value, "name, sql, and if needed timezone and description")
        self._known(value, key, ("name", "sql", "timezone", "description", "significance"))
        for needed in ("name", "sql"):
            if not isinstance(value.get(needed), str):
                self._refuse(f"{key}.{needed}", value.get(needed), "text")
        zone = value.get("timezone")
        return Derived(
            name=value["name"],
            sql=value["sql"],
            timezone=None if zone is None else str(zone),
            description=str(value.get("description", "")),
            significance=self._significance(value, key) if "significance" in value else None,
        )

    def _check_derived(self, contract: Contract) -> None:
        import polars as pl

        names = set(contract.names)
        for each in contract.derived:
            key = f"customProperties.derivedColumns.{each.name}"
            if each.name in names:
                self._refuse(key, each.name, "a name that no other column has")
            names.add(each.name)
            try:
                reads = set(pl.sql_expr(each.sql).meta.root_names())
            except pl.exceptions.PolarsError as error:
                self._refuse(f"{key}.sql", each.sql, f"a SQL expression ({error})")
            unknown = sorted(reads - set(contract.names))
            if unknown:
                self._refuse(f"{key}.sql", ", ".join(unknown), f"columns of this contract: {', '.join(contract.names)}")
        self._check_zones(contract)

    def _check_zones(self, contract: Contract) -> None:
        from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

        for each in contract.derived:
            try:
                ZoneInfo(each.timezone or "UTC")
            except (ZoneInfoNotFoundError, ValueError):
                self._refuse(
                    f"customProperties.derivedColumns.{each.name}.timezone", each.timezone, "an IANA time zone"
                )

    def _check_period(self, contract: Contract) -> None:
        if contract.period and contract.delivery == "snapshot":
            self._refuse(
                "customProperties.periodColumns", list(contract.period), "nothing, since each delivery replaces"
            )
        for name in contract.period:
            if contract.column(name).physical not in {"int", "bigint"}:
                self._refuse("customProperties.periodColumns", name, "whole-number columns such as year and month")

    # rules

    def _rules(self, table: SchemaObject, contract: Contract) -> Iterable[Rule]:
        if len(contract.key) > 1:
            yield Rule("expect_compound_columns_to_be_unique", {"column_list": list(contract.key)}, "the primary key")
        for raw, column in zip(table.properties, contract.columns, strict=True):
            yield from _implied(column, contract)
            yield from _limits(raw.logical_type_options, column.name)
            for quality in raw.quality:
                yield self._rule(quality, contract, owner=column.name)
        for quality in table.quality:
            yield self._rule(quality, contract, owner="")

    def _rule(self, quality: Quality, contract: Contract, *, owner: str) -> Rule:
        name = quality.implementation.type
        key = f"{owner or 'schema'}.quality.{name}"
        expectation = EXPECTATIONS.get(name)
        if expectation is None:
            return self._refuse(f"{key}.type", name, f"one of {', '.join(EXPECTATIONS)}")
        kwargs = dict(quality.implementation.arguments)
        if owner and expectation.subjects == ("column",):
            kwargs.setdefault("column", owner)
        self._known(kwargs, key, (*expectation.subjects, *expectation.arguments))
        for needed in (*expectation.subjects, *sorted(expectation.required)):
            if needed not in kwargs:
                self._refuse(f"{key}.kwargs", sorted(kwargs), f"{needed} as well")
        self._check_arguments(kwargs, key, name)
        rule = Rule(name, kwargs, quality.description)
        self._check_columns(rule, contract, key)
        return rule

    def _check_arguments(self, kwargs: Mapping[str, object], key: str, name: str) -> None:
        expectation = EXPECTATIONS[name]
        for argument, value in kwargs.items():
            if argument in expectation.subjects:
                continue
            allowed = argument_problem(expectation.arguments[argument], value)
            if allowed:
                self._refuse(f"{key}.kwargs.{argument}", value, allowed)
        bounded = {"min_value", "max_value"} <= expectation.arguments.keys()
        if bounded and kwargs.get("min_value") is None and kwargs.get("max_value") is None:
            self._refuse(f"{key}.kwargs", sorted(kwargs), "min_value, max_value or both")

    def _check_columns(self, rule: Rule, contract: Contract, key: str) -> None:
        known = {*contract.names, *(each.name for each in contract.derived)}
        unknown = [name for name in rule.columns if name not in known]
        if unknown:
            self._refuse(f"{key}.kwargs", ", ".join(unknown), f"columns of this contract: {', '.join(sorted(known))}")
        texts = {column.name for column in contract.columns if column.physical == "string"}
        if rule.expectation in TEXT_RULES and rule.columns[0] in set(contract.names) - texts:
            self._refuse(f"{key}.kwargs.column", rule.columns[0], f"a column of texts: {', '.join(sorted(texts))}")

    # settings

    def _settings(self, given: Iterable[CustomProperty], key: str, allowed: tuple[str, ...]) -> Mapping[str, object]:
        given = tuple(given)
        self._once((each.property for each in given), key, "setting")
        settings: dict[str, object] = {each.property: each.value for each in given}
        self._known(settings, key, allowed)
        return settings

    def _known(self, given: Mapping[str, object], key: str, allowed: tuple[str, ...]) -> None:
        for name in given:
            if name not in allowed:
                self._refuse(f"{key}.{name}", name, f"one of {', '.join(allowed)}")

    def _once(self, names: Iterable[str], key: str, what: str) -> None:
        seen: set[str] = set()
        for name in names:
            if name in seen:
                self._refuse(key, name, f"each {what} once")
            seen.add(name)

    def _mapping(
        self, settings: Mapping[str, object], name: str, key: str, allowed: tuple[str, ...]
    ) -> Mapping[str, object]:
        value = settings.get(name, {})
        if not isinstance(value, dict):
            return self._refuse(f"{key}.{name}", value, f"a mapping with {', '.join(allowed)}")
        self._known(value, f"{key}.{name}", allowed)
        return value

    def _list(self, settings: Mapping[str, object], name: str) -> list[object]:
        value = settings.get(name, [])
        return value if isinstance(value, list) else self._refuse(f"customProperties.{name}", value, "a list")

    def _texts(self, settings: Mapping[str, object], name: str, default: list[str]) -> list[str]:
        values = self._list(settings, name) if name in settings else default
        for value in values:
            if not isinstance(value, str):
                self._refuse(f"customProperties.{name}", value, "texts in quotes")
        return [str(value) for value in values]

    def _names(self, settings: Mapping[str, object], name: str, columns: tuple[Column, ...]) -> tuple[str, ...]:
        known = [column.name for column in columns]
        names = self._texts(settings, name, [])
        for each in names:
            if each not in known:
                self._refuse(f"customProperties.{name}", each, f"columns of this contract: {', '.join(known)}")
        return tuple(names)

    def _share(self, settings: Mapping[str, object], name: str, key: str) -> float | None:
        value = settings.get(name)
        if value is None:
            return None
        if isinstance(value, bool) or not isinstance(value, int | float) or not 0 < value <= 1:
            return self._refuse(f"{key}.significance.{name}", value, "a share above 0, at most 1")
        return float(value)

    def _refuse(self, key: str, found: object, allowed: str) -> NoReturn:
        message = f"{self.path}: {key}: found {found!r}; allowed: {allowed}"
        raise InvalidSettingsError(message, hint=f"correct {self.path} and run again")


def _implied(column: Column, contract: Contract) -> Iterable[Rule]:
    """What `required` and `unique` mean, said as rules, so that one engine checks everything."""
    if column.required:
        yield Rule("expect_column_values_to_not_be_null", {"column": column.name}, "the contract requires it")
    if column.unique or contract.key == (column.name,):
        yield Rule("expect_column_values_to_be_unique", {"column": column.name}, "the contract says unique")


def _limits(options: LogicalTypeOptions, name: str) -> Iterable[Rule]:
    """What `logicalTypeOptions` mean, said as rules."""
    build: Callable[[str, dict[str, object]], Rule] = lambda kind, arguments: Rule(  # noqa: E731 - two lines, used thrice
        kind, {"column": name, **{key: value for key, value in arguments.items() if value is not None}}, ""
    )
    if options.minimum is not None or options.maximum is not None:
        bounds: dict[str, object] = {"min_value": options.minimum, "max_value": options.maximum}
        yield build("expect_column_values_to_be_between", bounds)
    if options.min_length is not None or options.max_length is not None:
        lengths: dict[str, object] = {"min_value": options.min_length, "max_value": options.max_length}
        yield build("expect_column_value_lengths_to_be_between", lengths)
    if options.pattern is not None:
        yield build("expect_column_values_to_match_regex", {"regex": options.pattern})
