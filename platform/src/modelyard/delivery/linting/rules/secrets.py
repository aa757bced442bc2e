"""Secrets: not in a file, not on a command line."""

from __future__ import annotations

import re
from collections.abc import Iterator

from modelyard.delivery.expanding.nodes import Scalar
from modelyard.delivery.expressions.texts import MACRO
from modelyard.delivery.linting.problem import Problem
from modelyard.delivery.linting.rule import Rule, each_run, each_source
from modelyard.delivery.linting.scripts import script_of
from modelyard.delivery.linting.sources import Source
from modelyard.delivery.linting.study import Run, Study
from modelyard.delivery.places import Place
from modelyard.environment.secret_shapes import looks_like_a_secret

SECRET_NAME = re.compile(r"(?i)(secret|password|passwd|pwd|token|apikey|api_key|accesskey|access_key|credential)")
NAMES_OF_SECRETS = re.compile(r"(?i)(name|id|file|path|url|uri|version|minutes|seconds)$")
"""Variables that end so say where a secret is, or how long it lasts."""
SHORTEST = 8
"""Characters of a word in a comment that may be a secret."""
_REFERENCE = re.compile(r"\$[({\[]")


def written(source: Source, study: Study) -> Iterator[Problem]:
    """Texts and comments that have the shape of a secret."""
    del study
    for scalar in source.texts:
        for line, text in enumerate(scalar.text.splitlines()):
            if looks_like_a_secret(MACRO.sub("", text)):
                place = scalar.at(sum(map(len, scalar.text.splitlines(keepends=True)[:line])))
                yield Problem(place, "this looks like a secret", _HINT)
    for key, value in ((key, value) for fields in source.mappings for key, value in fields.entries):
        if isinstance(value, Scalar) and is_secret_name(key.text) and _is_literal(value.text):
            yield Problem(key.place, f"`{key.text}` has its value in the file", _HINT)


_HINT = "keep it in the environment's Key Vault; if it was pushed, make a new one"


def in_comments(source: Source, study: Study) -> Iterator[Problem]:
    """The same for comments, which nobody runs but everybody can read."""
    del study
    for number, line in enumerate(source.text.splitlines(), 1):
        before, sign, comment = line.partition("#")
        if sign and (not before or before.endswith(" ")) and _is_secret_comment(MACRO.sub("", comment)):
            yield Problem(Place(source.file, number), "this comment looks like a secret", _HINT)


def _is_secret_comment(text: str) -> bool:
    """Prose may say `secret:`; a secret has letters and digits in one long word."""
    words = re.split(r"[\s=:;,'\"]+", text)
    mixed = any(len(word) >= SHORTEST and re.search(r"\d", word) and re.search(r"[A-Za-z]", word) for word in words)
    return mixed and looks_like_a_secret(text)


def is_secret_name(name: str) -> bool:
    """Whether a variable of this name holds a secret itself."""
    last = name.rpartition(".")[2]
    return bool(SECRET_NAME.search(last)) and not NAMES_OF_SECRETS.search(last)


def _is_literal(text: str) -> bool:
    return bool(text.strip()) and not _REFERENCE.search(text) and text.strip().lower() not in {"true", "false"}


def on_command_lines(run: Run, study: Study) -> Iterator[Problem]:
    """Macros of secret variables in a script."""
    for _, _, step in run.steps:
        script = script_of(step)
        texts = {script.key: script.text} if script else {}
        texts |= {key: str(value) for key, value in step.inputs.items() if "argument" in key.lower()}
        for key, text in texts.items():
            for name in MACRO.findall(text):
                if is_secret_name(name):
                    message = f"$({name}) is put on a command line, where every process can read it"
                    hint = f"hand it over in env: and let the command read ${name.replace('.', '_').upper()}"
                    yield Problem(study.at(step.place, key, about=f"$({name})"), message, hint)


RULES = (
    Rule(
        id="no-secret",
        kind="house",
        what="No text of a pipeline has the shape of a key, token, password or signed address.",
        why="Whoever can read the repository could use it.",
        check=each_source(written),
    ),
    Rule(
        id="no-secret-comment",
        kind="house",
        what="No comment has one either.",
        why="A secret that is switched off is still a secret.",
        check=each_source(in_comments),
    ),
    Rule(
        id="secret-by-env",
        kind="house",
        what="Secret variables reach a command through env: only.",
        why="A command line stands in the log and in the list of processes.",
        check=each_run(on_command_lines),
    ),
)
