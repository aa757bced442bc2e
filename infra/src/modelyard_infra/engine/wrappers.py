"""Writes the executables that people use in place of `pulumi`: they set what the CLI must know, and run it."""

from __future__ import annotations

import os
from pathlib import Path
from shlex import quote

from modelyard_infra.blueprint.draw import interpreter
from modelyard_infra.engine.homes import LOCAL_STACKS, PASSPHRASE_VARIABLE, StackHome, local_home
from modelyard_infra.toolchain import PulumiCli

FIND_STACK = """stack=${PULUMI_STACK:-}
previous=
for word do
    case $previous in -s|--stack) stack=$word ;; esac
    case $word in
    --stack=*) stack=${word#--stack=} ;;
    -s=*) stack=${word#-s=} ;;
    -s?*) stack=${word#-s} ;;
    esac
    previous=$word
done"""
"""Shell that finds out which stack is meant, as the CLI itself does."""


def write(home: StackHome, cli: PulumiCli) -> None:
    """Writes the wrapper of a home, unless it is there and right."""
    body = _rehearsal(home) if home.simulated_azure is not None else _by_stack(home)
    lines = [
        "#!/bin/sh",
        "# Written by Modelyard. Runs the Pulumi CLI on this workspace's own state.",
        f"unset {PASSPHRASE_VARIABLE}",
        FIND_STACK,
        *body,
    ]
    if not cli.has_language_host:
        lines.append(f'export PATH={quote(str(home.workspace.infra / "languages"))}:"$PATH"')
    lines.append(f'exec {quote(str(cli.path))} "$@"')
    keep(home.wrapper, "\n".join(lines) + "\n", mode=0o755)


def keep(file: Path, text: str, *, mode: int) -> None:
    """Makes a file hold a text, in one step; a file that holds it already is not touched."""
    if file.exists() and file.read_text() == text:
        return
    file.parent.mkdir(parents=True, exist_ok=True)
    draft = file.with_name(f".{file.name}-{os.getpid()}")
    draft.write_text(text)
    draft.chmod(mode)
    draft.replace(file)


def _rehearsal(home: StackHome) -> list[str]:
    """The stacks of rehearsals differ in nothing but the file of their settings."""
    settings = quote(str(home.settings))
    path = "".join(f"{quote(str(folder))}:" for folder in home.first_on_path)
    return [
        *_exports(home, home.stacks[0]),
        f'[ -n "$stack" ] && export PULUMI_OPTION_CONFIG_FILE={settings}/"Pulumi.$stack.yaml"',
        f'export PATH={path}"$PATH"',
    ]


def _by_stack(home: StackHome) -> list[str]:
    """local lives on this machine. Of every other stack the environment's file says where it lives."""
    local = local_home(home.workspace)
    return [
        "# The same variables for your shell: python -m modelyard_infra.engine STACK",
        'case "${stack:-local}" in',
        f"{'|'.join(LOCAL_STACKS)})",
        *(f"    {line}" for line in _exports(local, LOCAL_STACKS[0])),
        "    ;;",
        "*)",
        f'    settings=$({quote(interpreter())} -m modelyard_infra.engine "$stack") || exit $?',
        '    eval "$settings"',
        "    ;;",
        "esac",
    ]


def _exports(home: StackHome, stack: str) -> list[str]:
    return [f"export {name}={quote(value)}" for name, value in home.variables(stack).items()]
