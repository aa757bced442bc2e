"""The correct pipeline, written where a test wants it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path

BESIDES: Mapping[str, str] = {
    "Makefile": "setup-dev:\nlint type unit e2e:\ntest: lint type unit e2e\n"
    "hotfix:\n\tmodelyard infra up prod --releases releases\n",
    "uv.lock": "",
    "pyproject.toml": '[project]\nname = "sample"\n[project.scripts]\nmodelyard = "modelyard.cli.main:main"\n',
    "tools/prepare.py": "",
}
"""What the pipeline refers to."""
COMMANDS: Mapping[str, Sequence[str]] = {
    "ci matrix": ("--models",),
    "ci approval": (),
    "model train": ("--env",),
    "model compare": ("--env", "--gate"),
    "model promote": ("--env", "--by", "--override"),
    "release test": ("--env",),
    "release build": ("--env", "--out"),
    "release scan": ("--env", "--from"),
    "release import": ("--env", "--from"),
    "release deploy": ("--env", "--from"),
    "release notes": (),
    "release ab": ("--env", "--percent"),
    "release back": ("--env", "--from"),
    "infra up": ("--releases", "--percent", "--simulate"),
    "schedule run": ("--env",),
}
"""What `modelyard` can do in the sample, with options."""


def write_sample(root: Path) -> None:
    """Writes the files of the pipeline and what they refer to into an empty folder."""
    _copy(files(__package__) / "correct", root)
    for name, text in BESIDES.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text, encoding="utf-8")


def _copy(source: Traversable, target: Path) -> None:
    for item in source.iterdir():
        if item.is_dir():
            _copy(item, target / item.name)
        else:
            target.mkdir(parents=True, exist_ok=True)
            (target / item.name).write_text(item.read_text(encoding="utf-8"), encoding="utf-8")


def sample_command(words: Sequence[str]) -> str | None:
    """What is wrong with the words after `modelyard`, in the sample."""
    options = COMMANDS.get(" ".join(words[:2]))
    if options is None:
        return f"there is no `{' '.join(words[:2])}`"
    wrong = next((word for word in words[2:] if word.startswith("--") and word not in options), None)
    return f"no option {wrong}" if wrong else None
