"""Reads one YAML file as the service does: one document, no anchors, no double keys, every part with its line."""

from __future__ import annotations

import re
from collections.abc import Iterator

import yaml

from modelyard.delivery.expanding.nodes import Fields, Items, Node, Scalar
from modelyard.delivery.expanding.refusing import excerpt, refuse
from modelyard.delivery.places import Place
from modelyard.errors import InvalidPipelineError

DEEPEST = 100
"""Levels of nesting in one file; people need about fifteen."""
LARGEST_BYTES = 4 * 1024 * 1024
"""The service parses with 20 MB of memory, which is about 2 MB on disk."""
STANDARD_TAG = "tag:yaml.org,2002:"
_UNREADABLE = re.compile(r"[^\t\n\r\x20-\x7e\x85\xa0-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


def read_yaml(content: bytes, file: str) -> Fields:
    """Reads a pipeline or template file.

    Args:
        content: the bytes of the file.
        file: its name in messages, from the root of the repository.

    Raises:
        InvalidPipelineError: it is not UTF-8, not YAML, empty, or uses what the service does not read.
    """
    text = _decoded(content, file)
    try:
        node = _Composer(yaml.parse(text, Loader=_LOADER), file).document()
    except yaml.YAMLError as error:
        _refuse_syntax(error, text, file)
    if node is None or (isinstance(node, Scalar) and not node.text):
        refuse(Place(file, 1), "the file is empty", hint=f"write a pipeline or a template into {file}")
    if not isinstance(node, Fields):
        refuse(
            node.place, f"a pipeline is a mapping of keys, found {node.kind}", hint="begin with a key such as steps:"
        )
    return node


def read_value(text: str, place: Place) -> Node:
    """Reads the value of a parameter that was given as YAML text; every part is at `place`.

    Raises:
        InvalidPipelineError: it is not YAML.
    """
    if _UNREADABLE.search(text):
        refuse(place, "a value has a character that YAML does not allow", hint="delete it")
    try:
        node = _Composer(yaml.parse(text, Loader=_LOADER), place.file, fixed=place).document()
    except yaml.YAMLError as error:
        problem = getattr(error, "problem", None) or "it cannot be read"
        refuse(place, f"the value {excerpt(text)} is not YAML: {problem}", hint="write for example [a, b]")
    return node or Scalar("", place)


def _decoded(content: bytes, file: str) -> str:
    if len(content) > LARGEST_BYTES:
        found = f"{len(content):,} bytes; at most {LARGEST_BYTES:,} are read"
        refuse(Place(file, 1), f"the file has {found}", hint="split it into templates")
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        found = f"byte 0x{content[error.start]:02x} is not UTF-8"
        refuse(Place(file, line), found, hint=f"save {file} as UTF-8")
    bad = _UNREADABLE.search(text)
    if bad:
        place = Place(file, text.count("\n", 0, bad.start()) + 1)
        refuse(place, f"the character U+{ord(bad.group()):04X} is not allowed in YAML", hint="delete it")
    return text


def _refuse_syntax(error: yaml.YAMLError, text: str, file: str) -> None:
    mark = getattr(error, "problem_mark", None) or getattr(error, "context_mark", None)
    place = Place(file, mark.line + 1 if mark else 1, mark.column + 1 if mark else 1)
    lines = text.splitlines()
    line = lines[place.line - 1] if place.line <= len(lines) else ""
    if re.match(r"\s*\t", line):
        refuse(place, "the line is indented with a tab, which YAML does not allow", hint="indent with spaces")
    problem = getattr(error, "problem", None) or "it is not YAML"
    raise InvalidPipelineError(
        f"{place}: {problem}: {excerpt(line)}", hint=f"correct the YAML of line {place.line} of {file}"
    ) from None


class _Composer:
    """Builds nodes from the parser's events, so that depth is checked before it is used up."""

    def __init__(self, events: Iterator[yaml.Event], file: str, *, fixed: Place | None = None) -> None:
        self._events = events
        self._file = file
        self._fixed = fixed
        self._depth = 0

    def document(self) -> Node | None:
        """The only document of the file, or None of an empty one."""
        node: Node | None = None
        for event in self._events:
            if isinstance(event, yaml.DocumentStartEvent):
                if node is not None:
                    hint = "keep one pipeline or template in a file"
                    refuse(self._place(event), "a second document begins here (---)", hint=hint)
                node = self._node(next(self._events))
        return node

    def _node(self, event: yaml.Event) -> Node:
        place = self._place(event)
        _refuse_anchor(event, place)
        if isinstance(event, yaml.ScalarEvent):
            return Scalar(event.value, place, event.style in ("|", ">"), bool(event.implicit[0]))
        self._depth += 1
        if self._depth > DEEPEST:
            refuse(place, f"nested deeper than {DEEPEST} levels", hint="move the inner parts into templates")
        node = self._items(place) if isinstance(event, yaml.SequenceStartEvent) else self._fields(place)
        self._depth -= 1
        return node

    def _items(self, place: Place) -> Items:
        found: list[Node] = []
        while not isinstance(event := next(self._events), yaml.SequenceEndEvent):
            found.append(self._node(event))
        return Items(tuple(found), place)

    def _fields(self, place: Place) -> Fields:
        entries: list[tuple[Scalar, Node]] = []
        while not isinstance(event := next(self._events), yaml.MappingEndEvent):
            key = self._node(event)
            if not isinstance(key, Scalar):
                refuse(key.place, f"a key is a text, found {key.kind}", hint="put quotes around the key")
            entries.append((key, self._node(next(self._events))))
        refuse_doubles(entries)
        return Fields(tuple(entries), place)

    def _place(self, event: yaml.Event) -> Place:
        mark = event.start_mark
        return self._fixed or Place(self._file, *((mark.line + 1, mark.column + 1) if mark else (1, 1)))


def refuse_doubles(entries: list[tuple[Scalar, Node]]) -> None:
    """Keys are told apart without regard to case; keys that are expressions are compared when they are known."""
    seen: dict[str, Scalar] = {}
    for key, _ in entries:
        if "${{" in key.text:
            continue
        first = seen.setdefault(key.text.lower(), key)
        if first is not key:
            same = "" if first.text == key.text else f" as '{first.text}'"
            refuse(
                key.place,
                f"the key {excerpt(key.text)} is already there{same}, at {first.place}",
                hint="delete or rename one of the two",
            )


def _refuse_anchor(event: yaml.Event, place: Place) -> None:
    if isinstance(event, yaml.AliasEvent):
        refuse(place, f"the alias *{event.anchor}: Azure Pipelines reads no anchors", hint="use a template instead")
    anchor = getattr(event, "anchor", None)
    if anchor:
        refuse(place, f"the anchor &{anchor}: Azure Pipelines reads no anchors", hint="use a template instead")
    tag = getattr(event, "tag", None)
    if tag and tag != "!" and not tag.startswith(STANDARD_TAG):
        refuse(place, f"the tag {tag} is unknown to Azure Pipelines", hint="delete the tag")
