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
from modelyard.environment.workspace import Workspace
from modelyard.errors import InvalidSettingsError, ModelyardError, exit_code_of

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
    found = file.read_text(encoding="utf-8") if file.is_file() else ""
    if found != schema_text():
        raise InvalidSettingsError(
            f"{file}: found {'an old schema' if found else 'no file'}; allowed: what the typed model says",
            hint="write it with: python -m modelyard.environment.schema",
        )


def main(arguments: list[str]) -> int:
    """Write the schema, or with --check only compare it; the exit code is 3 when it is stale."""
    try:
        file = Workspace.find().environments / "schema.json"
        if arguments == ["--check"]:
            check_schema(file)
        else:
            file.write_text(schema_text(), encoding="utf-8")
    except ModelyardError as error:
        sys.stderr.write(f"{error.message}\n{error.hint}\n")
        return exit_code_of(error)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
