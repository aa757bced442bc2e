"""The codes that the OpenAPI document promises are those that the code refuses with."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import modelyard_serving
from modelyard_serving.protocols.codes import CODES, MEANINGS, describe_status

REFUSING = frozenset({"RequestRefusedError", "_refused", "unauthorized"})


def refusals():
    """Code and status of every refusal that is written down with both."""
    root = Path(modelyard_serving.__file__).parent
    for path in sorted(root.rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and getattr(node.func, "id", None) in REFUSING:
                texts = [found.value for found in node.args if isinstance(found, ast.Constant)]
                given = [word.value for word in node.keywords if word.arg == "status"]
                unsaid = 401 if node.func.id == "unauthorized" else 400
                status = given[0].value if given and isinstance(given[0], ast.Constant) else unsaid
                if texts and re.fullmatch(r"[a-z0-9_]+", str(texts[0])):
                    yield texts[0], status


def test_every_refusal_in_the_code_is_promised_and_none_that_is_not():
    found = set(refusals())
    promised = {(code, status) for status, codes in CODES.items() for code in codes}
    assert len(found) > 40
    assert found - promised == set()
    assert promised - found == set()


def test_every_status_says_what_it_means_and_names_its_codes():
    assert CODES.keys() == MEANINGS.keys()
    text = describe_status(413)
    assert text.startswith("Too much at once.")
    assert "`too_many_rows_to_explain`" in text
