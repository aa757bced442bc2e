"""Template files: where a reference leads, and each file read once."""

from __future__ import annotations

import difflib
import posixpath
from collections.abc import Callable
from pathlib import Path

from modelyard.delivery.expanding.limits import MOST_FILES
from modelyard.delivery.expanding.nodes import Fields, Scalar
from modelyard.delivery.expanding.reading import read_yaml
from modelyard.delivery.expanding.refusing import excerpt, refuse
from modelyard.delivery.places import Place

Reader = Callable[[str], bytes | None]
"""The bytes of a file by its name from the root of the repository; None where there is none."""


def reader_of(root: Path) -> Reader:
    """Reads files of a folder, and nothing outside it."""
    top = root.resolve()

    def read(name: str) -> bytes | None:
        path = (top / name).resolve()
        if not path.is_relative_to(top) or not path.is_file():
            return None
        return path.read_bytes()

    return read


class Files:
    """The files of one expansion."""

    def __init__(self, root: Path, read: Reader) -> None:
        self._root = root
        self._read = read
        self._found: dict[str, Fields] = {}

    @property
    def names(self) -> tuple[str, ...]:
        """Every file that was read, in order."""
        return tuple(self._found)

    @property
    def parsed(self) -> dict[str, Fields]:
        """Every file that was read, as it is written."""
        return dict(self._found)

    def load(self, name: str, place: Place) -> Fields:
        """Reads a file, or remembers it.

        Args:
            name: from the root of the repository.
            place: the line that names it.

        Raises:
            InvalidPipelineError: it is not there, cannot be read, or is one file too many.
        """
        if name in self._found:
            return self._found[name]
        if len(self._found) > MOST_FILES:
            found = f"more than {MOST_FILES} template files go into this pipeline, which is the service's limit"
            refuse(place, found, hint="put several small templates into one file")
        try:
            content = self._read(name)
        except OSError as error:
            refuse(place, f"{name} cannot be read: {error.strerror or error}", hint="check the file's permissions")
        if content is None:
            refuse(place, f"there is no file {name}{self._near(name)}", hint=f"add {name}, or correct its name")
        self._found[name] = read_yaml(content, name)
        return self._found[name]

    def _near(self, name: str) -> str:
        folder = (self._root / name).parent
        names = sorted(path.name for path in folder.glob("*.y*ml")) if folder.is_dir() else []
        close = difflib.get_close_matches(posixpath.basename(name), names, n=1)
        return f"; did you mean '{posixpath.join(posixpath.dirname(name), close[0])}'?" if close else ""


def template_file(reference: Scalar) -> str:
    """The file that a `template:` names, from the root of the repository.

    A path is taken from the folder of the file in which it is written, or from the root if it begins with a slash.

    Raises:
        InvalidPipelineError: it leads out of the repository, or into another one.
    """
    text = reference.text.strip()
    path, at, repository = text.partition("@")
    if at and repository.lower() != "self":
        found = f"{excerpt(text)} is in another repository, which is not read here"
        refuse(reference.place, found, hint="copy the template into this repository, or name it with @self")
    if not path:
        refuse(reference.place, "`template` names no file", hint="write a path such as steps/build.yml")
    path = path.replace("\\", "/")
    folder = "" if path.startswith("/") else posixpath.dirname(reference.place.file)
    name = posixpath.normpath(posixpath.join(folder, path.lstrip("/")))
    if name.startswith("../") or name in ("..", "."):
        refuse(reference.place, f"{excerpt(text)} leads out of the repository", hint="keep templates inside it")
    return name
