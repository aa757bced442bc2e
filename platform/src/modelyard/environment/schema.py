"""The JSON Schema of the environment files, generated from the typed model.

    python -m modelyard.environment.schema            writes environments/schema.json
    python -m modelyard.environment.schema --check    says whether it is what the model says

One schema serves base.yaml and the files over it. Each of those is a part: only the whole has to be complete, and
that is checked when an environment is loaded. So the schema requires nothing, but it refuses unknown keys and
wrong values in every file, which is what an editor can help with.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from modelyard.environment.described import environment_schema
from modelyard.environment.generated import GeneratedFile, write_or_check
from modelyard.environment.workspace import Workspace

DIALECT = "https://json-schema.org/draft/2020-12/schema"


def file_schema() -> dict[str, Any]:
    """The schema of one environment file: every key optional, no key unknown."""
    schema: dict[str, Any] = _partial(environment_schema())
    schema["$schema"] = DIALECT
    schema["title"] = "A Modelyard environment file (a part: base.yaml and the environment's own file make the whole)"
    return schema


def _partial(schema: Any) -> Any:  # noqa: ANN401  (JSON)
    """A schema that requires no key, names no default and has no titles, all the way down."""
    if isinstance(schema, Mapping):
        kept = {key: value for key, value in schema.items() if not _says_complete(key, value)}
        return {key: _partial(value) for key, value in kept.items()}
    return [_partial(part) for part in schema] if isinstance(schema, list) else schema


def _says_complete(key: str, value: object) -> bool:
    """Whether this is a keyword that a part does without (and not a property that is called so)."""
    return (key == "required" and isinstance(value, list)) or (
        key in {"default", "title"} and not isinstance(value, Mapping)
    )


def schema_text() -> str:
    """What environments/schema.json has to say."""
    return json.dumps(file_schema(), indent=2, ensure_ascii=False) + "\n"


def check_schema(file: Path) -> None:
    """Refuse a schema file that is not what the model says.

    Raises:
        InvalidSettingsError: the file is missing or stale.
    """
    _generated(file).check()


def main(arguments: list[str]) -> int:
    """Write the schema, or with --check only compare it; the exit code is 3 when it is stale."""
    return write_or_check(arguments, lambda: _generated(Workspace.find().environments / "schema.json"))


def _generated(file: Path) -> GeneratedFile:
    return GeneratedFile(
        file=file,
        text=schema_text(),
        what="schema",
        source="the typed model says",
        module="modelyard.environment.schema",
    )


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
