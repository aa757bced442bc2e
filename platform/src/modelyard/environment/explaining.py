"""Turns what pydantic says into what a person needs: file, line, key, what was found, what is allowed."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from modelyard.environment.document import Finding, KeyPath, Place, describe_value, dotted
from modelyard.environment.settings import CROSS_FIELD_ERROR

Schema = Mapping[str, Any]


class Explainer:
    """Knows the merged settings, where they stand, and the schema of the whole."""

    def __init__(
        self, schema: Schema, values: Mapping[str, Any], places: Mapping[KeyPath, Place], *, file: Path
    ) -> None:
        self._schema = schema
        self._values = values
        self._places = places
        self.file = file

    def findings(self, error: ValidationError) -> list[Finding]:
        """Everything that a validation found, one finding per key, in the order of the files."""
        found: dict[str, Finding] = {}
        for detail in error.errors(include_url=False):
            for finding in self._explain(detail):
                found.setdefault(finding.key, finding)
        return list(found.values())

    def _explain(self, detail: Mapping[str, Any]) -> Iterator[Finding]:
        path = self._real_path(detail["loc"])
        if detail["type"] == CROSS_FIELD_ERROR:
            for problem in detail["ctx"]["problems"]:
                key = (*path, *problem.key.split("."))
                yield Finding(self.place(key), dotted(key), problem.found, problem.allowed)
        elif detail["type"] == "missing":
            yield Finding(self.place(path), dotted(path), "nothing: the key is missing", self.allowed(path))
        elif detail["type"] == "extra_forbidden":
            yield Finding(self.place(path), dotted(path), "an unknown key", self.allowed_keys(path))
        else:
            yield Finding(self.place(path), dotted(path), describe_value(detail["input"]), self.allowed(path))

    def _real_path(self, location: KeyPath) -> KeyPath:
        """The location without what pydantic adds to name the member of a union."""
        path: list[str | int] = []
        for part in location:
            if not self._has(part, tuple(path)):
                break
            path.append(part)
        return tuple(path)

    def _has(self, part: str | int, path: KeyPath) -> bool:
        schema = self.schema_at(path)
        value = self._value_at(path)
        inside = isinstance(value, dict) and part in value
        return inside or part in schema.get("properties", {}) or (isinstance(part, int) and isinstance(value, list))

    def _value_at(self, path: KeyPath) -> object:
        value: Any = self._values
        for part in path:
            try:
                value = value[part]
            except (KeyError, IndexError, TypeError):
                return None
        return value

    def place(self, path: KeyPath) -> Place:
        """Where a key stands; a missing key belongs into the environment's own file, where its section starts."""
        if path in self._places:
            return self._places[path]
        for length in range(len(path) - 1, 0, -1):
            place = self._places.get(path[:length])
            if place is not None and place.file == self.file:
                return place
        return Place(self.file, 0)

    def schema_at(self, path: KeyPath) -> Schema:
        """The part of the schema that describes a key."""
        schema = self._resolved(self._schema)
        for part in path:
            inner = schema.get("properties", {}).get(part) or schema.get("items") or schema.get("additionalProperties")
            if not isinstance(inner, dict):
                return {}
            schema = {**self._resolved(inner), **{key: inner[key] for key in ("description",) if key in inner}}
        return schema

    def _resolved(self, schema: Schema) -> Schema:
        """A schema without a reference; of a section that may be null, the section."""
        while "$ref" in schema:
            schema = self._schema["$defs"][schema["$ref"].rsplit("/", 1)[1]]
        for member in schema.get("anyOf", ()):
            if "$ref" in member:
                return self._resolved(member)
        return schema

    def allowed(self, path: KeyPath) -> str:
        """What a key may say, in words."""
        schema = self.schema_at(path)
        words = allowed_words(schema)
        about = str(schema.get("description", "")).split("\n", 1)[0].rstrip(".")
        return f"{words} ({about})" if about else words

    def allowed_keys(self, path: KeyPath) -> str:
        """Which keys stand beside an unknown one, the most similar first."""
        import difflib

        keys = sorted(self.schema_at(path[:-1]).get("properties", {}))
        nearest = difflib.get_close_matches(str(path[-1]), keys, n=1, cutoff=0.6)
        listed = ", ".join(keys) or "no further key"
        return f"{nearest[0]} (the nearest), or one of: {listed}" if nearest else listed


def allowed_words(schema: Schema) -> str:
    """What a schema allows, in words."""
    if "anyOf" in schema:
        return " or ".join(allowed_words(member) for member in schema["anyOf"])
    if "enum" in schema or "const" in schema:
        return ", ".join(str(option) for option in schema.get("enum", [schema.get("const")]))
    kind = str(schema.get("type", "a value"))
    if kind in {"integer", "number"}:
        return _number_words(schema)
    if kind == "array":
        return f"a list of {allowed_words(schema.get('items', {}))}"
    words = {"boolean": "true or false", "null": "null", "object": "a section", "string": _text_words(schema)}
    return words.get(kind, kind)


def _number_words(schema: Schema) -> str:
    words = ["a whole number" if schema["type"] == "integer" else "a number"]
    bounds = {
        "minimum": "from",
        "exclusiveMinimum": "above",
        "maximum": "to",
        "exclusiveMaximum": "below",
        "multipleOf": "in steps of",
    }
    words += [f"{word} {schema[key]:.12g}" for key, word in bounds.items() if key in schema]
    return " ".join(words)


def _text_words(schema: Schema) -> str:
    limits = [f"at least {schema['minLength']} characters"] if "minLength" in schema else []
    limits += [f"at most {schema['maxLength']} characters"] if "maxLength" in schema else []
    limits += [f"matching {schema['pattern']}"] if "pattern" in schema else []
    return f"a text, {', '.join(limits)}" if limits else "a text"
