"""Parameters: what a file declares, and what a caller, or a person, gives it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import NoReturn

from modelyard.delivery.expanding.evaluating import no_expressions
from modelyard.delivery.expanding.located import to_value
from modelyard.delivery.expanding.nodes import Fields, Items, Node, Scalar
from modelyard.delivery.expanding.refusing import excerpt, listed, near, refuse
from modelyard.delivery.expanding.stepviews import as_seen
from modelyard.delivery.expressions.looking_up import OpenParameters
from modelyard.delivery.expressions.values import Value, read_number
from modelyard.delivery.places import Place

LISTS: Mapping[str, tuple[str, ...]] = {
    "stepList": (),
    "jobList": ("job", "deployment", "template"),
    "deploymentList": ("deployment", "template"),
    "stageList": ("stage", "template"),
    "stringList": (),
    "containerList": (),
}
"""Types that are lists, and what an item begins with."""
SINGLES: Mapping[str, tuple[str, ...]] = {
    "step": (),
    "job": ("job", "template"),
    "deployment": ("deployment", "template"),
    "stage": ("stage", "template"),
    "container": (),
}
"""Types that are mappings, and what they begin with."""
TEXTS = ("string", "number", "boolean")
CHOICES = ("environment", "filePath", "pool", "secureFile", "serviceConnection")
"""Texts that a person picks when a run begins; only entry files have them."""
TYPES = (*TEXTS, "object", *LISTS, *SINGLES, *CHOICES)
ENTRY_ONLY = (*CHOICES, "stringList")
OLD_FORM = "any"
KEYS = ("name", "displayName", "type", "default", "values")
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")


@dataclass(frozen=True, slots=True, kw_only=True)
class Parameter:
    """One declared parameter."""

    name: str
    type: str
    """OLD_FORM where `parameters` is a mapping of names to defaults."""
    default: Node | None
    values: tuple[Scalar, ...]
    """What is allowed; empty for anything of the type."""
    place: Place
    title: str = ""


def read_declarations(node: Node | None, *, entry: bool) -> tuple[Parameter, ...]:
    """The parameters of a file.

    Args:
        node: what stands under `parameters:`; None without it.
        entry: the file is a pipeline, not a template.

    Raises:
        InvalidPipelineError: a declaration is not one, or a default does not fit its own type.
    """
    if node is None or (isinstance(node, Scalar) and not node.text):
        return ()
    no_expressions(node, "the declaration of parameters")
    if isinstance(node, Scalar):
        refuse(node.place, f"`parameters` is a list, found {excerpt(node.text)}", hint="write `- name: NAME`")
    found = _old_form(node) if isinstance(node, Fields) else [_declared(item, entry=entry) for item in node.items]
    seen: dict[str, Parameter] = {}
    for parameter in found:
        first = seen.setdefault(parameter.name.lower(), parameter)
        if first is not parameter:
            refuse(parameter.place, f"the parameter '{parameter.name}' is declared twice, first at {first.place}")
    return tuple(found)


def _old_form(node: Fields) -> list[Parameter]:
    return [
        Parameter(name=key.text, type=OLD_FORM, default=value, values=(), place=key.place)
        for key, value in node.entries
    ]


def _declared(item: Node, *, entry: bool) -> Parameter:
    if not isinstance(item, Fields):
        refuse(item.place, f"a parameter is a mapping, found {item.kind}", hint="write `- name: NAME`")
    for key, _ in item.entries:
        if key.text not in KEYS:
            found = f"a parameter has no key '{key.text}'{near(key.text, KEYS)}"
            refuse(key.place, found, hint=f"allowed: {listed(KEYS)}")
    name = _text(item, "name")
    if not _NAME.fullmatch(name):
        hint = "use letters, digits and _, beginning with a letter"
        refuse(item.place, f"a parameter needs a name, found {excerpt(name)}", hint=hint)
    values = _values(item.get("values"))
    default = item.get("default")
    if default is None and entry and values:
        default = values[0]
    parameter = Parameter(
        name=name,
        type=_type(item, entry=entry),
        default=default,
        values=values,
        place=item.place,
        title=_text(item, "displayName"),
    )
    for value in parameter.values:
        if _parsed(parameter.type, value.text) is None:
            _mismatch(parameter, value, excerpt(value.text))
    if parameter.default is not None:
        convert(parameter, parameter.default)
    return parameter


def _type(item: Fields, *, entry: bool) -> str:
    node = item.get("type")
    if node is None:
        return "string"
    name = _text(item, "type")
    if name not in TYPES:
        found = f"no parameter has the type {excerpt(name)}{near(name, TYPES)}"
        refuse(node.place, found, hint=f"allowed: {listed(TYPES)}")
    if name in ENTRY_ONLY and not entry:
        refuse(node.place, f"the type '{name}' is only for the parameters of a pipeline", hint="use object or string")
    return name


def _text(item: Fields, name: str) -> str:
    node = item.get(name)
    if node is None:
        return ""
    if not isinstance(node, Scalar):
        refuse(node.place, f"`{name}` is a text, found {node.kind}")
    return node.text


def _values(node: Node | None) -> tuple[Scalar, ...]:
    if node is None:
        return ()
    if not isinstance(node, Items) or not node.items:
        refuse(node.place, "`values` is a list of at least one text", hint="write `values: [first, second]`")
    allowed = [item for item in node.items if isinstance(item, Scalar)]
    if len(allowed) < len(node.items):
        refuse(node.place, "`values` is a list of texts, found something else in it")
    return tuple(allowed)


def bind_template(parameters: tuple[Parameter, ...], given: Fields, *, file: str) -> dict[str, Value]:
    """The values of a template's parameters; the arguments and the errors are those of `bind`.

    A template that declares none, or in the old form, takes whatever it is given. The service does so too, and public
    templates pass on what they do not declare.
    """
    if any(parameter.type != OLD_FORM for parameter in parameters):
        return bind(parameters, given, file=file)
    names = {parameter.name.lower() for parameter in parameters}
    own = tuple(entry for entry in given.entries if entry[0].text.lower() in names)
    more = {key.text: to_value(value) for key, value in given.entries if key.text.lower() not in names}
    return OpenParameters(bind(parameters, Fields(own, given.place), file=file) | more)


def bind(parameters: tuple[Parameter, ...], given: Fields, *, file: str) -> dict[str, Value]:
    """The value of every declared parameter.

    Args:
        parameters: what the file declares.
        given: what it is called with; its place is that of the call.
        file: the file that declares.

    Raises:
        InvalidPipelineError: a parameter is unknown, missing, of another type, or not among its values.
    """
    by_name = {parameter.name.lower(): parameter for parameter in parameters}
    for key, _ in given.entries:
        if key.text.lower() not in by_name:
            names = [parameter.name for parameter in parameters]
            found = f"{file} has no parameter '{key.text}'{near(key.text, names)}"
            refuse(key.place, found, hint=f"its parameters: {listed(names)}")
    nodes = {key.text.lower(): value for key, value in given.entries}
    return {
        parameter.name: _bound(parameter, nodes.get(parameter.name.lower()), given.place) for parameter in parameters
    }


def _bound(parameter: Parameter, node: Node | None, place: Place) -> Value:
    if node is None:
        node = parameter.default
    if node is None:
        found = f"the parameter '{parameter.name}' of type {parameter.type} is missing (declared at {parameter.place})"
        refuse(place, found, hint=f"give '{parameter.name}' a value here, or a default where it is declared")
    return convert(parameter, node)


def convert(parameter: Parameter, node: Node) -> Value:
    """A node as a value of the parameter's type.

    Raises:
        InvalidPipelineError: it is none, or not among the allowed values.
    """
    if parameter.type in LISTS:
        _check_list(parameter, node)
    elif parameter.type in SINGLES:
        _check_single(parameter, node, SINGLES[parameter.type])
    elif parameter.type not in ("object", OLD_FORM, "pool"):
        return _scalar(parameter, node)
    return as_seen(node) if "step" in parameter.type else to_value(node, typed=parameter.type == "object")


def _scalar(parameter: Parameter, node: Node) -> Value:
    if not isinstance(node, Scalar):
        _mismatch(parameter, node, node.kind)
    value = _parsed(parameter.type, node.text)
    if value is None:
        _mismatch(parameter, node, excerpt(node.text))
    if parameter.values and value not in [_parsed(parameter.type, allowed.text) for allowed in parameter.values]:
        names = [allowed.text for allowed in parameter.values]
        found = f"the parameter '{parameter.name}' cannot be {excerpt(node.text)}{near(node.text, names)}"
        hint = f"allowed: {', '.join(names)} (declared at {parameter.place})"
        refuse(node.place, found, hint=hint)
    return value


def _parsed(kind: str, text: str) -> Value:
    """A text as a number or a boolean, where the type is one; None if it is none."""
    if kind == "number":
        return read_number(text) if text.strip() else None
    return {"true": True, "false": False}.get(text.lower()) if kind == "boolean" else text


def webhook_parameters(resources: Node | None, declared: tuple[Parameter, ...]) -> tuple[Parameter, ...]:
    """What a webhook brings: its payload is a parameter of the entry file, by the webhook's name.

    Without a payload it is empty, so that its parts are empty too.
    """
    webhooks = resources.get("webhooks") if isinstance(resources, Fields) else None
    taken = {parameter.name.lower() for parameter in declared}
    found: dict[str, Parameter] = {}
    for item in webhooks.items if isinstance(webhooks, Items) else ():
        name = item.get("webhook") if isinstance(item, Fields) else None
        if isinstance(name, Scalar) and name.text.lower() not in taken:
            nothing = Fields((), name.place)
            found[name.text.lower()] = Parameter(
                name=name.text, type="object", default=nothing, values=(), place=name.place
            )
    return tuple(found.values())


def _check_list(parameter: Parameter, node: Node) -> None:
    if not isinstance(node, Items):
        _mismatch(parameter, node, node.kind)
    for item in node.items:
        if parameter.type == "stringList":
            _scalar(parameter, item)
        else:
            _check_single(parameter, item, LISTS[parameter.type])


def _check_single(parameter: Parameter, node: Node, begins: tuple[str, ...]) -> None:
    if not isinstance(node, Fields):
        _mismatch(parameter, node, node.kind)
    if begins and not any(name in node.names for name in begins):
        _mismatch(parameter, node, f"a mapping without {' or '.join(f'`{name}`' for name in begins)}")


def _mismatch(parameter: Parameter, node: Node, found: str) -> NoReturn:
    hints = {"boolean": "write true or false", "number": "write a number", "string": "write a text"}
    wanted = f"the parameter '{parameter.name}' has the type {parameter.type}"
    hint = hints.get(parameter.type, f"give it what `type: {parameter.type}` takes, or change its type")
    refuse(node.place, f"{wanted}, found {found} (declared at {parameter.place})", hint=hint)
