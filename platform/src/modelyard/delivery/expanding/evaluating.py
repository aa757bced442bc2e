"""Works out `${{ }}` in texts, and which parts of lists and mappings are there at all."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace

from modelyard.delivery.expanding.checking import Parsed
from modelyard.delivery.expanding.directives import Directive, directive_of, refuse_directive, whole_expression
from modelyard.delivery.expanding.limits import Budget
from modelyard.delivery.expanding.located import to_node
from modelyard.delivery.expanding.nodes import Fields, Items, Node, Scalar, scalars
from modelyard.delivery.expanding.reading import refuse_doubles
from modelyard.delivery.expanding.refusing import refuse
from modelyard.delivery.expanding.scopes import Scope
from modelyard.delivery.expressions.texts import compile_time_parts
from modelyard.delivery.expressions.values import Value, is_array, is_object, kind_of, to_boolean, to_text
from modelyard.delivery.places import Place

FieldInScope = tuple[Scalar, Node, Scope]
ItemInScope = tuple[Node, Scope]


class _Chain:
    """Whether an if, or one of its elseif, has been taken. None where there is no if before."""

    def __init__(self) -> None:
        self.taken: bool | None = None

    def takes(self, directive: Directive, evaluator: Evaluator, scope: Scope) -> bool:
        """Whether this branch is the one."""
        if directive.kind == "if":
            self.taken = None
        elif self.taken is None:
            hint = "put it right behind an `${{ if }}` or `${{ elseif }}` of the same list or mapping"
            refuse(directive.place, f"`{directive.kind}` without an `if` before it", hint=hint)
        before = bool(self.taken)
        now = not before and (directive.kind == "else" or to_boolean(evaluator.value(directive, scope)))
        self.taken = None if directive.kind == "else" else before or now
        return now


class Evaluator:
    """Turns nodes with expressions into nodes without."""

    def __init__(self, budget: Budget, parsed: Parsed) -> None:
        self._budget = budget
        self._parsed = parsed

    def expand(self, node: Node, scope: Scope) -> Node:
        """A part with everything in it worked out, which means nothing to the service but what it says."""
        if scope.final:
            return self._charged(node)
        if isinstance(node, Scalar):
            return self.scalar(node, scope) if "${{" in node.text else self._charged(node)
        if isinstance(node, Items):
            return Items(tuple(self.expand(item, inner) for item, inner in self.items(node, scope)), node.place)
        entries = [(key, self.expand(value, inner)) for key, value, inner in self.fields(node, scope)]
        refuse_doubles(entries)
        return Fields(tuple(entries), node.place)

    def scalar(self, scalar: Scalar, scope: Scope) -> Node:
        """A text with its expressions worked out; one that is a single expression becomes what its value is."""
        if scope.final or "${{" not in scalar.text:
            return scalar
        whole = whole_expression(scalar)
        if whole is None:
            return self._charged(self.text(scalar, scope))
        refuse_directive(scalar, whole)
        value = self._worked_out(whole, scalar.place, scope)
        return self._charged(to_node(value, scalar.place))

    def text(self, scalar: Scalar, scope: Scope) -> Scalar:
        """A text with its expressions worked out, as text.

        Raises:
            InvalidPipelineError: one of them is a list or a mapping.
        """
        if scope.final or "${{" not in scalar.text:
            return scalar
        out: list[str] = []
        for part in compile_time_parts(scalar.text, scalar.place):
            if isinstance(part, str):
                out.append(part)
                continue
            place = scalar.at(part.at)
            value = self._worked_out(part.text, place, scope)
            text = to_text(value)
            if text is None:
                hint = "name one of its parts, or make it text with join(', ', ...) or convertToJson(...)"
                refuse(place, f"`{part.text}` is {kind_of(value)}, and a text is needed", hint=hint)
            out.append(text)
        return Scalar("".join(out), scalar.place, scalar.block)

    def value(self, directive: Directive, scope: Scope) -> Value:
        """The value of a directive's expression."""
        return self._worked_out(directive.text, directive.place, scope)

    def _worked_out(self, text: str, place: Place, scope: Scope) -> Value:
        known = self._parsed(text, place)
        return (known if known.place == place else replace(known, place=place)).evaluate(scope.context)

    def fields(self, node: Fields, scope: Scope) -> Iterator[FieldInScope]:
        """The keys that are there, with values that are still to be worked out in the scope beside them."""
        chain = _Chain()
        for key, value in node.entries:
            directive = None if scope.final else directive_of(key)
            if directive is None:
                chain.taken = None
                yield self.text(key, scope), value, scope
            else:
                for inner in self._scopes(directive, chain, scope):
                    yield from self._inserted(directive, value, inner)

    def items(self, node: Items, scope: Scope) -> Iterator[ItemInScope]:
        """The items that are there, still to be worked out in the scope beside them."""
        chain = _Chain()
        for item in node.items:
            directives = None if scope.final else _list_directives(item)
            if directives is None:
                chain.taken = None
                yield from self._spliced(item, scope)
                continue
            for directive, value in directives:
                for inner in self._scopes(directive, chain, scope):
                    yield from self.items(value, inner) if isinstance(value, Items) else self._spliced(value, inner)

    def _scopes(self, directive: Directive, chain: _Chain, scope: Scope) -> Iterable[Scope]:
        """One scope for every time that the directive's content is there."""
        if directive.kind == "insert":
            chain.taken = None
            return [scope]
        if directive.kind == "each":
            chain.taken = None
            return self._rounds(directive, scope)
        return [scope] if chain.takes(directive, self, scope) else []

    def _rounds(self, directive: Directive, scope: Scope) -> Iterator[Scope]:
        value = self.value(directive, scope)
        if is_object(value):
            value = [{"key": key, "value": part} for key, part in value.items()]
        if value is None or value == "":
            value = []
        if not is_array(value):
            found = f"`each` goes over a list or a mapping; `{directive.text.strip()}` is {kind_of(value)}"
            refuse(directive.place, found, hint="declare the parameter with `type: object`")
        for item in value:
            self._budget.round(directive.place)
            yield scope.looping(directive.name, item)

    def _inserted(self, directive: Directive, node: Node, scope: Scope) -> Iterator[FieldInScope]:
        """The keys under a directive in a mapping."""
        if isinstance(node, Scalar) and node.text:
            expanded = self.scalar(node, scope)
            if isinstance(expanded, Scalar) and not expanded.text:
                return
            node, scope = expanded, scope.finished()
        if isinstance(node, Fields):
            yield from self.fields(node, scope)
        elif not (isinstance(node, Scalar) and not node.text):
            found = f"`{directive.kind}` stands among keys here, so keys belong under it; found {node.kind}"
            refuse(node.place, found, hint="indent keys below it, or make it an item of its own in a list")

    def _spliced(self, item: Node, scope: Scope) -> Iterator[ItemInScope]:
        """One item; or, where an expression gives a list, its items."""
        if not isinstance(item, Scalar) or scope.final or whole_expression(item) is None:
            yield item, scope
            return
        node = self.scalar(item, scope)
        for part in node.items if isinstance(node, Items) else (node,):
            yield part, scope.finished()

    def _charged(self, node: Node) -> Node:
        self._budget.charge(node)
        return node


def _list_directives(item: Node) -> list[tuple[Directive, Node]] | None:
    """The directives of an item that only adds items to its list; None for an item of its own."""
    if not isinstance(item, Fields) or not item.entries:
        return None
    found: list[tuple[Directive, Node]] = []
    for key, value in item.entries:
        directive = directive_of(key)
        listing = isinstance(value, Items) or (
            isinstance(value, Scalar) and (not value.text or whole_expression(value) is not None)
        )
        if directive is None or not listing:
            return None
        empty = isinstance(value, Scalar) and not value.text
        found.append((directive, Items((), value.place) if empty else value))
    return found


def no_expressions(node: Node, where: str) -> None:
    """Refuses `${{ }}` where the service reads texts as they are.

    Raises:
        InvalidPipelineError: there is one.
    """
    for scalar in scalars(node):
        at = scalar.text.find("${{")
        if at >= 0:
            refuse(scalar.at(at), f"a template expression is not allowed in {where}", hint="write the value itself")
