"""Whether a command line that a pipeline holds is one that `modelyard` understands, without running it."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Sequence

import click

from modelyard.delivery.linting.rules.plain import ASKS


def wrong_with(words: Sequence[str]) -> str | None:
    """What is wrong with the words after `modelyard`, or nothing. Macros may stand for any value.

    Args:
        words: such as `["model", "train", "$(model)", "--env", "dev"]`.
    """
    from modelyard.cli.main import modelyard

    return wrong_for(modelyard, words)


def wrong_for(command: click.Command, words: Sequence[str]) -> str | None:
    """The same for one command or group."""
    context = click.Context(command, info_name=command.name, resilient_parsing=True)
    rest = list(words)
    if ASKS & set(rest):
        return None
    while isinstance(command, click.Group):
        name = rest.pop(0) if rest else ""
        found = command.get_command(context, name) if name else None
        if found is None:
            return f"there is no `{name}`{_near(name, command.list_commands(context))}" if name else "a verb is missing"
        context = click.Context(found, info_name=name, parent=context, resilient_parsing=True)
        command = found
    return _wrong_arguments(command, context, rest)


def _wrong_arguments(command: click.Command, context: click.Context, words: list[str]) -> str | None:
    context.resilient_parsing = False
    try:
        given, surplus, _ = command.make_parser(context).parse_args(words)
    except click.ClickException as error:
        return error.format_message()
    if surplus:
        return f"nothing takes `{surplus[0]}`"
    for parameter in command.params:
        value = given.get(parameter.name or "")
        if parameter.required and not parameter.envvar and not (isinstance(value, str | tuple | list) and value):
            return f"{parameter.human_readable_name} is missing"
        wrong = _wrong_value(parameter, value)
        if wrong:
            return wrong
    return None


def _wrong_value(parameter: click.Parameter, value: object) -> str | None:
    """A choice is compared with what there is to choose; other values are looked at when the command runs."""
    if isinstance(value, str) and "$" not in value and isinstance(parameter.type, click.Choice):
        allowed = [str(choice) for choice in parameter.type.choices]
        if value not in allowed:
            return f"`{value}` is no {parameter.human_readable_name}; allowed: {', '.join(allowed)}"
    return None


def _near(name: str, known: Iterable[str]) -> str:
    found = difflib.get_close_matches(name, list(known), n=1)
    return f", did you mean `{found[0]}`?" if found else f"; there are: {', '.join(known)}"
