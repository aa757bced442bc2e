"""Scripts of steps, taken apart: which commands they hold, and what makes them more than one command."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from modelyard.delivery.expressions.texts import MACRO
from modelyard.delivery.pipeline import Step

SCRIPT_INPUTS = {
    "azurecli": "inlineScript",
    "azurepowershell": "Inline",
    "bash": "script",
    "cmdline": "script",
    "powershell": "script",
}
"""Inputs of tasks that are scripts, by the task's name without its version."""
KEYWORDS = frozenset(
    [
        "if",
        "then",
        "else",
        "elif",
        "fi",
        "for",
        "while",
        "until",
        "do",
        "done",
        "case",
        "esac",
        "function",
        "select",
        "time",
        "{",
        "}",
        "!",
        "[[",
        "[",
    ]
)
INTERPRETERS = frozenset(
    ["bash", "sh", "zsh", "dash", "pwsh", "powershell", "cmd", "python", "python3", "perl", "node", "ruby"]
)
INLINE_FLAGS = frozenset({"-c", "-e", "-Command", "-command", "/c"})
_OPERATORS = re.compile(r"(&&|\|\||;|\||&|>>?|<<?<?|\(|\))")
_NAMES = {
    "|": "a pipe",
    "&&": "`&&`",
    "||": "`||`",
    ";": "`;`",
    "&": "`&`",
    "(": "a subshell",
    ")": "a subshell",
}


@dataclass(frozen=True, slots=True)
class Script:
    """What a step gives to a shell."""

    text: str
    key: str
    """Under which key of the step it stands: script, bash, pwsh, powershell, or an input of a task."""


def script_of(step: Step) -> Script | None:
    """The script of a step, of a task too; None for steps that run none."""
    if step.kind == "script":
        return Script(step.does, "script" if step.shell == "default" else step.shell)
    if step.kind != "task":
        return None
    task = task_name(step)
    for key in (SCRIPT_INPUTS.get(task, ""), "inlineScript"):
        text = next((value for name, value in step.inputs.items() if name.lower() == key.lower() and key), None)
        if text is not None:
            return Script(str(text), key)
    return None


def task_name(step: Step) -> str:
    """A task's name without its version, in small letters; empty for other steps."""
    return step.does.partition("@")[0].strip().lower() if step.kind == "task" else ""


def lines_of(text: str) -> list[str]:
    """Lines that are commands: continued ones joined, empty ones and comments left out."""
    joined = re.sub(r"\\\n\s*", " ", text)
    lines = (line.strip() for line in joined.splitlines())
    return [line for line in lines if line and not line.startswith("#")]


def words_of(line: str) -> list[str]:
    """The words of one command; macros stay whole. Quotes that are never closed end the last word."""
    protected, macros = _protect(line)
    try:
        words = shlex.split(protected)
    except ValueError:
        words = protected.split()
    return [_restore(word, macros) for word in words]


def pieces_of(text: str) -> Iterator[list[str]]:
    """Every command in a script as words, also those behind pipes, `&&` and `;`."""
    for line in lines_of(text):
        for piece in _split(line):
            words = words_of(piece)
            while words and (words[0] in KEYWORDS or re.fullmatch(r"\w+=.*", words[0])):
                words = words[1:]
            if words:
                yield words


def surplus_of(text: str) -> list[str]:
    """What makes a script more than one command, in words: nothing for a single one."""
    lines = lines_of(text)
    found = [] if len(lines) == 1 else [f"{len(lines)} lines"]
    for line in lines:
        found += _operators_in(line)
        words = words_of(line)
        found += [f"`{words[0]}`"] if words[0] in KEYWORDS or words[0] in {"eval", "exec", "source", "."} else []
        found += ["a variable set before the command"] if re.match(r"\w+=", words[0]) else []
        found += ["code on the command line"] if _is_inline(words) else []
    return list(dict.fromkeys(found))


def _operators_in(line: str) -> list[str]:
    protected, _ = _protect(line)
    outside = re.sub(r"'[^']*'", "''", protected)
    found = ["a command inside a command"] if re.search(r"\$\(|`", outside) else []
    bare = re.sub(r'"(\\.|[^"\\])*"', '""', outside)
    operators = _OPERATORS.findall(re.sub(r"\$\(|\\.", " ", bare))
    return found + [_NAMES.get(operator, "a redirect") for operator in operators]


def _is_inline(words: Sequence[str]) -> bool:
    program = words[0].rsplit("/", 1)[-1]
    return program in INTERPRETERS and any(word in INLINE_FLAGS for word in words[1:3])


def _split(line: str) -> list[str]:
    """A line at its operators, where they are not quoted."""
    protected, macros = _protect(line)
    pieces, quote, current = [], "", ""
    for character in protected:
        if quote:
            quote = "" if character == quote else quote
        elif character in "'\"":
            quote = character
        if not quote and character in "|&;()`":
            pieces.append(current)
            current = ""
        else:
            current += character
    return [_restore(piece.rstrip("$ "), macros) for piece in [*pieces, current] if piece.strip()]


def _protect(line: str) -> tuple[str, list[str]]:
    """A line whose macros are plain words, so that their parentheses are not taken for subshells."""
    macros: list[str] = []

    def kept(match: re.Match[str]) -> str:
        macros.append(match.group(0))
        return f"\0{len(macros) - 1}\0"

    return MACRO.sub(kept, line), macros


def _restore(word: str, macros: Sequence[str]) -> str:
    return re.sub("\0(\\d+)\0", lambda match: macros[int(match.group(1))], word)
