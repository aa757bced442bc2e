"""Typed steps out of a final pipeline."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from modelyard.delivery.expanding.nodes import Fields, Node, Scalar, plain
from modelyard.delivery.expanding.refusing import excerpt, refuse
from modelyard.delivery.expanding.typed.checking import (
    as_fields,
    as_items,
    as_text,
    check_first,
    check_keys,
    number,
    optional_text,
    switch,
    text,
)
from modelyard.delivery.expanding.typed.keys import OWN_STEP_KEYS, STEPS
from modelyard.delivery.pipeline import Shell, Step, StepKind

KINDS: Mapping[str, StepKind] = {
    "checkout": "checkout",
    "download": "download",
    "publish": "publish",
    "upload": "publish",
    "downloadBuild": "task",
    "getPackage": "task",
    "reviewApp": "task",
    "task": "task",
}
"""Every other word is a script."""
SHELLS: Mapping[str, Shell] = {"bash": "bash", "pwsh": "pwsh", "powershell": "powershell"}
STANDS_FOR: Mapping[str, tuple[str, str]] = {
    "downloadBuild": ("DownloadBuildArtifacts@0", "buildType"),
    "getPackage": ("DownloadPackage@1", "definition"),
    "reviewApp": ("ReviewApp@0", "resourceName"),
}
"""Short forms of tasks, and the input that their own word gives."""
TASK = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]*@[0-9]+(\.[0-9]+){0,2}")


def read_steps(node: Node) -> tuple[Step, ...]:
    """The steps of a job or of a deployment's hook.

    Raises:
        InvalidPipelineError: one is not a step.
    """
    return tuple(_step(item) for item in as_items(node, "`steps`"))


def _step(node: Node) -> Step:
    fields = as_fields(node, "a step")
    word = check_first(fields, STEPS, "a step")
    check_keys(fields, STEPS[word], f"a {word} step")
    return Step(
        kind=KINDS.get(word, "script"),
        does=_does(word, fields),
        place=fields.place,
        name=_name(fields),
        title=text(fields, "displayName"),
        shell=SHELLS.get(word, "default"),
        inputs=_inputs(word, fields),
        env=_env(fields),
        condition=optional_text(fields, "condition"),
        enabled=switch(fields, "enabled", "true", runtime=False),
        continue_on_error=switch(fields, "continueOnError", "false", runtime=False),
        timeout_minutes=number(fields, "timeoutInMinutes", runtime=False),
        retries=int(number(fields, "retryCountOnTaskFailure", runtime=False) or 0),
        working_directory=optional_text(fields, "workingDirectory"),
    )


def _does(word: str, fields: Fields) -> str:
    if word in STANDS_FOR:
        return STANDS_FOR[word][0]
    found = text(fields, word)
    if word == "task":
        if not TASK.fullmatch(found):
            hint = "write its name and its version, such as Cache@2"
            refuse(fields.place, f"{excerpt(found)} is not a task with its version", hint=hint)
    elif not found.strip():
        refuse(fields.place, f"`{word}` is empty", hint=f"write what it is about behind `{word}:`")
    return found


def _name(fields: Fields) -> str:
    name = text(fields, "name")
    if name and not re.fullmatch(r"[A-Za-z_][A-Za-z0-9_]*", name):
        hint = "use letters, digits and _, beginning with a letter"
        refuse(fields.place, f"the name of a step cannot be {excerpt(name)}", hint=hint)
    return name


def _inputs(word: str, fields: Fields) -> dict[str, Any]:
    """A task's inputs; of other steps every key that only they have."""
    found: dict[str, Any] = {}
    if word in STANDS_FOR:
        found[STANDS_FOR[word][1]] = text(fields, word)
    given = fields.get("inputs")
    if given is not None:
        found |= {key.text: as_text(value, f"the input `{key.text}`") for key, value in _mapping(given, "`inputs`")}
    own = [name for name in OWN_STEP_KEYS[word] if name not in ("inputs", "workingDirectory")]
    return found | {key.text: plain(value) for key, value in fields.entries if key.text in own}


def _env(fields: Fields) -> dict[str, str]:
    given = fields.get("env")
    if given is None:
        return {}
    return {
        key.text: as_text(value, f"the environment variable `{key.text}`") for key, value in _mapping(given, "`env`")
    }


def _mapping(node: Node, what: str) -> list[tuple[Any, Node]]:
    if isinstance(node, Scalar) and not node.text:
        return []
    return list(as_fields(node, what).entries)
