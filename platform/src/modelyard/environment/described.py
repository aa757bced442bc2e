"""The schema of a whole environment with the words that stand under each field.

pydantic could collect these words itself (`use_attribute_docstrings`), but would then read the source of every
section each time a command starts, which costs more than loading the environment. Only errors, the schema file
and `modelyard env show` need the words.
"""

from __future__ import annotations

import ast
import inspect
import sys
from typing import Any

from modelyard.environment.models import Environment
from modelyard.environment.settings import Section


def environment_schema() -> dict[str, Any]:
    """The JSON Schema of a complete environment, every field described."""
    schema = Environment.model_json_schema()
    documented = {name: docs for module in _modules(Section) for name, docs in field_docs(module).items()}
    parts = {**schema.get("$defs", {}), Environment.__name__: schema}
    for name, part in parts.items():
        for field, words in documented.get(name, {}).items():
            described = part["properties"][field]
            described["description"] = " ".join(filter(None, (words, described.get("description", ""))))
    return schema


def field_docs(module: str) -> dict[str, dict[str, str]]:
    """The string that stands under each field of each class of a module: {class: {field: words}}."""
    tree = ast.parse(inspect.getsource(sys.modules[module]))
    return {node.name: _docs_of(node) for node in tree.body if isinstance(node, ast.ClassDef)}


def _docs_of(definition: ast.ClassDef) -> dict[str, str]:
    docs: dict[str, str] = {}
    for field, words in zip(definition.body, definition.body[1:], strict=False):
        if isinstance(field, ast.AnnAssign) and isinstance(field.target, ast.Name) and isinstance(words, ast.Expr):
            docs[field.target.id] = inspect.cleandoc(ast.literal_eval(words.value))
    return docs


def _modules(parent: type[Section]) -> set[str]:
    """The modules that hold the sections of an environment."""
    found = {child.__module__ for child in parent.__subclasses__()}
    return {module for module in found if module.startswith("modelyard.environment.")}
