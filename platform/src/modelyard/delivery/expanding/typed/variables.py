"""Typed variables out of a final pipeline."""

from __future__ import annotations

from modelyard.delivery.expanding.nodes import Fields, Items, Node, Scalar
from modelyard.delivery.expanding.refusing import refuse
from modelyard.delivery.expanding.typed.checking import as_fields, as_text, check_first, check_keys, switch, text
from modelyard.delivery.expanding.typed.keys import VARIABLE
from modelyard.delivery.pipeline import Variable


def read_variables(node: Node | None) -> tuple[Variable, ...]:
    """Variables of a pipeline, a stage or a job, in either form.

    Raises:
        InvalidPipelineError: one is not a variable.
    """
    if node is None or (isinstance(node, Scalar) and not node.text):
        return ()
    if isinstance(node, Items):
        return tuple(_variable(as_fields(item, "a variable")) for item in node.items)
    return tuple(
        Variable(name=key.text, value=as_text(value, f"the variable `{key.text}`"), place=key.place)
        for key, value in as_fields(node, "`variables`").entries
    )


def _variable(fields: Fields) -> Variable:
    word = check_first(fields, ("name", "group"), "a variable")
    check_keys(fields, VARIABLE if word == "name" else ("group",), f"a variable's `{word}`")
    name = text(fields, word)
    if not name.strip():
        refuse(fields.place, f"`{word}` is empty", hint="write the name of the variable or of its group")
    readonly = switch(fields, "readonly", "false") == "true"
    return Variable(
        name=name, value=text(fields, "value"), place=fields.place, group=word == "group", readonly=readonly
    )
