"""Opens templates: finds the file, gives it its parameters, and keeps track of who called whom."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from modelyard.delivery.expanding.checking import Parsed, check_expressions
from modelyard.delivery.expanding.files import Files, template_file
from modelyard.delivery.expanding.limits import MOST_LEVELS
from modelyard.delivery.expanding.nodes import Fields, Items, Node, Scalar
from modelyard.delivery.expanding.parameters import Parameter, bind_template, read_declarations
from modelyard.delivery.expanding.refusing import listed, near, refuse
from modelyard.delivery.expanding.scopes import Link, Scope
from modelyard.delivery.expanding.sections import TEMPLATE_KEYS

CHAIN_SHOWN = 8
PASSED_LISTS = {"stepList": "steps", "jobList": "jobs", "deploymentList": "jobs", "stageList": "stages"}
ListExpander = Callable[[str, Scalar, Node, Scope], Node]


class Templates:
    """The templates of one expansion."""

    def __init__(self, files: Files, parsed: Parsed) -> None:
        self._files = files
        self._parsed = parsed
        self._declared: dict[str, tuple[Parameter, ...]] = {}
        self.open: list[Link] = []
        """What is open now. After an error it still says how the line at fault was reached."""
        self.extended: str | None = None
        """The first template that was extended."""

    @contextmanager
    def opened(
        self, reference: Fields, scope: Scope, allowed: tuple[str, ...], expand: ListExpander
    ) -> Iterator[tuple[Fields, Scope]]:
        """A template's keys, without its parameters, and the scope to expand them in.

        Args:
            reference: `template` and `parameters`, worked out.
            scope: of the line that names the template.
            allowed: the keys that the template may have; the last one must be there unless it may be extended.
            expand: brings in the templates inside lists of steps, jobs and stages that are passed on.

        Raises:
            InvalidPipelineError: it cannot be used here, or not with these parameters.
        """
        path, given = _reference(reference)
        name = template_file(path)
        link = Link(file=name, place=path.place)
        _refuse_endless((*scope.chain, link))
        node = self._files.load(name, path.place)
        _check_keys(node, name, path, allowed)
        if name not in self._declared:
            self._look_through(node, link)
            self._declared[name] = read_declarations(node.get("parameters"), entry=False)
        declared = self._declared[name]
        values = bind_template(declared, _with_lists(declared, given, scope.finished(), expand), file=name)
        body = Fields(tuple((key, value) for key, value in node.entries if key.text != "parameters"), node.place)
        if "extends" in allowed and self.extended is None:
            self.extended = name
        self.open.append(link)
        yield body, Scope(parameters=values, variables=scope.variables, chain=(*scope.chain, link))
        self.open.pop()

    def _look_through(self, node: Fields, link: Link) -> None:
        """Every expression of a template that is opened for the first time."""
        self.open.append(link)
        check_expressions(node, self._parsed)
        self.open.pop()


def _with_lists(declared: tuple[Parameter, ...], given: Fields, scope: Scope, expand: ListExpander) -> Fields:
    """The parameters of a call, with the templates brought in that stand in lists of steps, jobs and stages."""
    types = {parameter.name.lower(): parameter.type for parameter in declared}
    entries: list[tuple[Scalar, Node]] = []
    for key, value in given.entries:
        kind = PASSED_LISTS.get(types.get(key.text.lower(), ""))
        entries.append((key, expand(kind, key, value, scope) if kind and isinstance(value, Items) else value))
    return Fields(tuple(entries), given.place)


def _reference(reference: Fields) -> tuple[Scalar, Fields]:
    for key, _ in reference.entries:
        if key.text not in TEMPLATE_KEYS:
            found = f"`{key.text}` cannot stand beside `template`{near(key.text, TEMPLATE_KEYS)}"
            refuse(key.place, found, hint="pass it on as a parameter of the template")
    path, given = reference.get("template"), reference.get("parameters")
    if not isinstance(path, Scalar):
        refuse(reference.place, "`template` must name a file", hint="write a path such as steps/build.yml")
    if given is None or (isinstance(given, Scalar) and not given.text):
        return path, Fields((), path.place)
    if not isinstance(given, Fields):
        refuse(given.place, f"`parameters` of a template is a mapping, found {given.kind}", hint="write NAME: VALUE")
    return path, Fields(given.entries, path.place)


def _check_keys(node: Fields, name: str, path: Scalar, allowed: tuple[str, ...]) -> None:
    bodies = [key for key in allowed if key != "parameters"]
    for key, _ in node.entries:
        if key.text in allowed or "${{" in key.text:
            continue
        found = f"{name} has the key `{key.text}` (line {key.place.line}){near(key.text, allowed)}"
        refuse(path.place, f"{found}; a template used here has {listed(bodies)}", hint="name a template of this kind")
    if len(bodies) == 1 and not any(key == bodies[0] or "${{" in key for key in node.names):
        refuse(path.place, f"{name} has no `{bodies[0]}`, which are needed here", hint=f"add `{bodies[0]}:` to {name}")


def _refuse_endless(chain: tuple[Link, ...]) -> None:
    if len(chain) <= MOST_LEVELS:
        return
    last = chain[-1]
    files = [link.file for link in chain]
    back = next((n for n in range(1, len(files)) if files[-1 - n] == last.file), None)
    if back is None:
        found = f"templates use each other over more than {MOST_LEVELS} levels, the service's limit"
        refuse(last.place, f"{found}: {' → '.join(files[-CHAIN_SHOWN:])}", hint="use fewer levels")
    circle = files[-1 - back :]
    shown = circle if len(circle) <= CHAIN_SHOWN else [*circle[: CHAIN_SHOWN - 1], "…", circle[-1]]
    refuse(
        last.place,
        f"templates use each other in a circle, {MOST_LEVELS} levels deep: {' → '.join(shown)}",
        hint="end the circle with a condition, or take one of its references out",
    )
