"""Commands that could reach Azure are refused before they run: that finds mistakes, not malice."""

from __future__ import annotations

import shlex
from pathlib import PurePosixPath

LOCAL = "local"
SIMULATE = "--simulate"
REACHES = frozenset({"preview", "up", "refresh", "outputs", "down"})
"""Verbs of `modelyard infra` that look at, or change, an environment."""
VALUED = frozenset({"--format", "--percent", "--releases", "--replace"})
"""Their options that take a value."""
CLOUD_TOOLS = frozenset({"az", "azd", "pulumi", "terraform"})
HARMLESS = frozenset({"--version", "version", "--help", "-h"})
SHELLS = frozenset({"bash", "sh", "dash", "zsh"})
BEFORE = frozenset(
    {"if", "then", "elif", "else", "while", "until", "do", "!", "{", "time", "env", "exec", "command", "nohup", "sudo"}
)
"""Words before a command that leave it what it is."""
BREAKS = frozenset({";", "&&", "||", "|", "&", "(", ")"})


def reason_to_refuse(script: str) -> str:
    """Why a script must not run here; empty if it may."""
    for line in script.replace("\\\n", " ").splitlines():
        for words in _commands(line):
            reason = _refused(words)
            if reason:
                return reason
    return ""


def _commands(line: str) -> list[list[str]]:
    lexer = shlex.shlex(line, posix=True, punctuation_chars=True)
    lexer.whitespace_split = True
    try:
        tokens = list(lexer)
    except ValueError:
        tokens = line.split()
    found: list[list[str]] = [[]]
    for token in tokens:
        if token in BREAKS:
            found.append([])
        elif token.startswith("`"):
            found.append([token.strip("`")])
        else:
            found[-1].append(token)
    return [words for words in found if words]


def _refused(words: list[str]) -> str:
    while words and (words[0] in BEFORE or ("=" in words[0] and not words[0].startswith(("-", "/")))):
        words = words[1:]
    names = [PurePosixPath(word.rstrip("`")).name for word in words]
    if names and names[0] in SHELLS and "-c" in words[:-1]:
        return reason_to_refuse(words[words.index("-c") + 1])
    if names and names[0] in CLOUD_TOOLS and not HARMLESS & set(words):
        return f"`{names[0]}` could reach Azure, and a rehearsal is not signed in there"
    for at, name in enumerate(names[:-1]):
        if name == "modelyard" and words[at + 1] == "infra":
            return _infra(words[at + 2 :])
        if name == "modelyard":
            return _elsewhere(words[at + 1 :])
    return ""


def _elsewhere(words: list[str]) -> str:
    """Any other command, about an environment that is not here."""
    for at, word in enumerate(words):
        option, _, value = word.partition("=")
        named = value or next(iter(words[at + 1 :]), "")
        if option == "--env" and named != LOCAL and SIMULATE not in words:
            shown = " ".join(words[:2])
            return f"`modelyard {shown} --env {named}` could reach Azure: rehearse it with --env {LOCAL}"
    return ""


def _infra(words: list[str]) -> str:
    if words[:1] == ["bootstrap"] and "--run" in words:
        return "`modelyard infra bootstrap --run` changes Azure"
    if not words or words[0] not in REACHES or SIMULATE in words:
        return ""
    verb, *rest = words
    named = [word for before, word in zip(words, rest, strict=False) if before not in VALUED]
    environment = next((word for word in named if not word.startswith("-")), "")
    if environment in ("", LOCAL):
        return ""
    return f"`modelyard infra {verb} {environment}` could reach Azure: it does not carry {SIMULATE}"
