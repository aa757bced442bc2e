"""What an expression sees of the steps that are passed on to a template.

The service turns a short form into its task before a template looks at it: a template that goes over `script: x` finds
the keys `task` (CmdLine@2) and `inputs`. That is what lets a template refuse or allow tasks by their names. A step that
is put in as a whole stays as it was written.
"""

from __future__ import annotations

from collections.abc import Mapping

from modelyard.delivery.expanding.located import LocatedList, LocatedMapping, to_value
from modelyard.delivery.expanding.nodes import Fields, Items, Node, Scalar
from modelyard.delivery.expanding.typed.keys import OWN_STEP_KEYS
from modelyard.delivery.expressions.values import Value

TASKS: Mapping[str, tuple[str, Mapping[str, str]]] = {
    "script": ("CmdLine@2", {}),
    "bash": ("Bash@3", {"targetType": "inline"}),
    "pwsh": ("PowerShell@2", {"targetType": "inline", "pwsh": "true"}),
    "powershell": ("PowerShell@2", {"targetType": "inline"}),
}
"""Scripts, with the task behind each and what it is told besides the text."""


def as_seen(node: Node) -> Value:
    """A step, or a list of them."""
    if isinstance(node, Items):
        return LocatedList([as_seen(item) for item in node.items], node)
    word = node.entries[0][0].text if isinstance(node, Fields) and node.entries else ""
    if not isinstance(node, Fields) or word not in TASKS:
        return to_value(node)
    seen = to_value(_as_task(node, word))
    return LocatedMapping(seen, node)


def _as_task(node: Fields, word: str) -> Fields:
    task, more = TASKS[word]
    place = node.place
    own = [(key, value) for key, value in node.entries if key.text in OWN_STEP_KEYS[word]]
    inputs: list[tuple[Scalar, Node]] = [(Scalar(name, place), Scalar(value, place)) for name, value in more.items()]
    inputs += [(Scalar("script", place), node.entries[0][1]), *own]
    seen: list[tuple[Scalar, Node]] = [(Scalar("task", place), Scalar(task, place))]
    seen.append((Scalar("inputs", place), Fields(tuple(inputs), place)))
    taken = {word, *OWN_STEP_KEYS[word]}
    return Fields((*seen, *(entry for entry in node.entries if entry[0].text not in taken)), place)
