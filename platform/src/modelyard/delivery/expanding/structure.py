"""Expands the lists that templates add to: stages, jobs and steps, with the variables that each brings along."""

from __future__ import annotations

from collections.abc import Iterable

from modelyard.delivery.expanding.directives import whole_expression
from modelyard.delivery.expanding.evaluating import Evaluator, FieldInScope, no_expressions
from modelyard.delivery.expanding.merging import as_list, merge
from modelyard.delivery.expanding.nodes import Fields, Items, Node, Scalar
from modelyard.delivery.expanding.reading import refuse_doubles
from modelyard.delivery.expanding.refusing import excerpt, refuse
from modelyard.delivery.expanding.scopes import Scope
from modelyard.delivery.expanding.sections import AS_WRITTEN, BODIES, EXTENDED_KEYS, LISTS, SECTIONS, WITH_VARIABLES
from modelyard.delivery.expanding.templates import Templates


class Structure:
    """One expansion at work."""

    def __init__(self, evaluator: Evaluator, templates: Templates) -> None:
        self._evaluator = evaluator
        self._templates = templates

    def pipeline(self, node: Fields, scope: Scope) -> Fields:
        """A pipeline, or a template that a pipeline extends, with whatever it extends itself."""
        inner = scope.growing()
        expanded = self._mapping("pipeline", node, self._entries(node, inner))
        bodies = [key for key in expanded.names if key in BODIES]
        if len(bodies) > 1:
            found = f"`{bodies[0]}` and `{bodies[1]}` cannot stand together"
            key = expanded.key(bodies[1])
            refuse(key.place if key else node.place, found, hint=f"keep one of {', '.join(BODIES)}")
        extends = expanded.get("extends")
        if extends is None:
            return expanded
        if not isinstance(extends, Fields):
            hint = "write `extends:`, and `template: FILE` below it"
            refuse(extends.place, f"`extends` is a mapping, found {extends.kind}", hint=hint)
        with self._templates.opened(extends, inner, EXTENDED_KEYS, self._list) as (body, below):
            return merge(expanded, self.pipeline(body, below))

    def _entries(self, node: Fields, scope: Scope) -> Iterable[FieldInScope]:
        """The keys of a part. Its own variables come first, because everything else in it can use them."""
        key, value = node.key("variables"), node.get("variables")
        if key is None or value is None:
            return self._evaluator.fields(node, scope)
        variables = self._variables(value, scope)
        replaced = ((k, variables if k is key else v) for k, v in node.entries)
        known = Fields(tuple(replaced), node.place)
        return ((k, v, s.finished() if k is key else s) for k, v, s in self._evaluator.fields(known, scope))

    def _mapping(self, kind: str, node: Fields, entries: Iterable[FieldInScope]) -> Fields:
        found = [(key, self._entry(kind, key, value, inner)) for key, value, inner in entries]
        refuse_doubles(found)
        return Fields(tuple(found), node.place)

    def _entry(self, kind: str, key: Scalar, value: Node, scope: Scope) -> Node:
        if kind == "pipeline" and key.text in AS_WRITTEN:
            no_expressions(value, f"`{key.text}`")
            return value
        if kind == "pipeline" and key.text == "resources":
            return self._resources(value, scope)
        if key.text == "variables" and kind in WITH_VARIABLES:
            return self._variables(value, scope)
        return self._part(SECTIONS.get(kind, {}).get(key.text, ""), key, value, scope)

    def _part(self, kind: str, key: Scalar, node: Node, scope: Scope) -> Node:
        node, scope = self._known(node, scope)
        if kind in LISTS:
            return self._list(kind, key, node, scope)
        if kind in SECTIONS and isinstance(node, Fields):
            return self._mapping(kind, node, self._evaluator.fields(node, scope))
        return self._evaluator.expand(node, scope)

    def _known(self, node: Node, scope: Scope) -> tuple[Node, Scope]:
        """A part that is one expression, worked out."""
        if isinstance(node, Scalar) and not scope.final and whole_expression(node) is not None:
            return self._evaluator.scalar(node, scope), scope.finished()
        return node, scope

    def _list(self, kind: str, key: Scalar, node: Node, scope: Scope) -> Items:
        if isinstance(node, Scalar) and not node.text:
            return Items((), node.place)
        if not isinstance(node, Items):
            found = excerpt(node.text) if isinstance(node, Scalar) else node.kind
            refuse(node.place, f"`{key.text}` is a list, found {found}", hint="begin every item with a dash")
        found_items: list[Node] = []
        for item, inner in self._evaluator.items(node, scope):
            found_items.extend(self._item(kind, item, inner))
        return Items(tuple(found_items), node.place)

    def _item(self, kind: str, item: Node, scope: Scope) -> Iterable[Node]:
        if not isinstance(item, Fields):
            return (self._evaluator.expand(item, scope),)
        if LISTS[kind] in WITH_VARIABLES:
            entries = list(self._entries(item, scope.growing()))
        else:
            entries = list(self._evaluator.fields(item, scope))
        if any(key.text == "template" for key, _, _ in entries):
            return self._included(kind, item, entries, scope)
        return (self._mapping(LISTS[kind], item, entries),)

    def _included(self, kind: str, item: Fields, entries: Iterable[FieldInScope], scope: Scope) -> tuple[Node, ...]:
        reference = self._mapping("", item, entries)
        with self._templates.opened(reference, scope, ("parameters", kind), self._list) as (body, below):
            found: list[Node] = []
            for key, value, inner in self._evaluator.fields(body, below):
                if key.text != kind:
                    refuse(key.place, f"a template of {kind} has no key {excerpt(key.text)}", hint=f"write `{kind}:`")
                node, known = self._known(value, inner)
                found.extend(self._list(kind, key, node, known).items)
            return tuple(found)

    def _resources(self, node: Node, scope: Scope) -> Node:
        if not isinstance(node, Fields):
            no_expressions(node, "`resources`")
            return node
        entries: list[tuple[Scalar, Node]] = []
        for key, value in node.entries:
            if key.text == "repositories":
                _only_in_ref(value)
            elif key.text != "containers":
                no_expressions(value, f"`resources.{key.text}`")
            entries.append((key, self._evaluator.expand(value, scope)))
        return Fields(tuple(entries), node.place)

    def _variables(self, node: Node, scope: Scope) -> Node:
        """Variables in their order: each can use those before it, and everything behind can use them all."""
        node, scope = self._known(node, scope)
        if isinstance(node, Fields):
            entries: list[tuple[Scalar, Node]] = []
            for key, value, inner in self._evaluator.fields(node, scope):
                entries.append((key, self._evaluator.expand(value, inner)))
                _remember(key, entries[-1][1], scope)
            refuse_doubles(entries)
            return Fields(tuple(entries), node.place)
        if isinstance(node, Items):
            found: list[Node] = []
            for item, inner in self._evaluator.items(node, scope):
                found.extend(self._variable(item, inner))
            return Items(tuple(found), node.place)
        if node.text:
            refuse(
                node.place, f"`variables` is a mapping or a list, found {excerpt(node.text)}", hint="write NAME: VALUE"
            )
        return Fields((), node.place)

    def _variable(self, item: Node, scope: Scope) -> Iterable[Node]:
        if not isinstance(item, Fields):
            refuse(
                item.place,
                f"a variable is a mapping, found {item.kind}",
                hint="write `- name: NAME` and `value: VALUE`",
            )
        entries = list(self._evaluator.fields(item, scope))
        known = self._mapping("", item, entries)
        if known.get("template") is not None:
            with self._templates.opened(known, scope, ("parameters", "variables"), self._list) as (body, below):
                found = [self._variables(value, inner) for _, value, inner in self._evaluator.fields(body, below)]
            return [part for node in found for part in as_list(node).items]
        name, value = known.get("name"), known.get("value")
        if isinstance(name, Scalar) and value is not None:
            _remember(name, value, scope)
        return (known,)


def _only_in_ref(node: Node) -> None:
    """Of a repository, an expression can only choose the branch or tag."""
    for item in node.items if isinstance(node, Items) else (node,):
        kept = item.entries if isinstance(item, Fields) else ()
        if not kept:
            no_expressions(item, "`resources.repositories`")
        for key, value in kept:
            no_expressions(key, "`resources.repositories`")
            if key.text != "ref":
                no_expressions(value, "`resources.repositories`")


def _remember(name: Scalar, value: Node, scope: Scope) -> None:
    if not isinstance(value, Scalar):
        refuse(value.place, f"the variable '{name.text}' is a text, found {value.kind}", hint="write one text")
    for known in [known for known in scope.variables if known.lower() == name.text.lower()]:
        del scope.variables[known]
    scope.variables[name.text] = value.text
