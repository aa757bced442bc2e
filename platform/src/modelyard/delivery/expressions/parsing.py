"""Text to expression: literals, names, functions, and the parts of values.

The grammar is the service's: no operators and no grouping, only functions; names of functions and values in any case;
`.name`, `['key']`, `.*` and `[*]` after a name and after a function.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from modelyard.delivery.expressions.contexts import Context
from modelyard.delivery.expressions.declaring import Declared, declared, refuse_count, refuse_name
from modelyard.delivery.expressions.lexing import Token, shortened, tokenize
from modelyard.delivery.expressions.syntax import Call, Every, Index, Literal, Node, Root
from modelyard.delivery.expressions.values import ExpressionError, Value
from modelyard.delivery.expressions.working import work_out
from modelyard.delivery.places import Place
from modelyard.errors import InvalidPipelineError

LONGEST = 21_000
"""Characters of one expression, as in the open implementation of the service's language."""
DEEPEST = 50
"""How deep arguments may stand inside each other, the whole expression counted as one; the service's limit."""
MOST_PARTS = 200
"""Of one value, one after the other. The service was seen to take 60; nobody writes that many."""


@dataclass(frozen=True, slots=True)
class Expression:
    """One expression that was parsed: its form is right, so only names and values can still be wrong."""

    text: str
    place: Place
    node: Node = field(repr=False)

    def evaluate(self, context: Context) -> Value:
        """Its value where `context` says what the names stand for.

        Raises:
            InvalidPipelineError: a name is not known there, or a function refuses its arguments.
        """
        try:
            return work_out(self.node, context)
        except ExpressionError as error:
            raise _located(error, self.text, self.place) from None


def parse(text: str, place: Place, *, functions: Iterable[str] = ()) -> Expression:
    """Read an expression, without the marks around it.

    Args:
        text: As in `${{ text }}`, `$[ text ]` or `condition: text`.
        place: Where it stands.
        functions: Names that are allowed besides the documented ones, with any number of arguments.

    Raises:
        InvalidPipelineError: it is not an expression; says what was found and what is allowed.
    """
    try:
        if len(text) > LONGEST:
            raise _too_much(f"it has {len(text)} characters, and {LONGEST} are allowed")
        others = {name.lower(): Declared(name, "(...)", "a function of its own", 0, None) for name in functions}
        return Expression(text, place, _Parser(tokenize(text), others | declared()).whole())
    except ExpressionError as error:
        raise _located(error, text, place) from None


def _located(error: ExpressionError, text: str, place: Place) -> InvalidPipelineError:
    message = " ".join(error.message.split())
    return InvalidPipelineError(f"{place}: {message}, in the expression {shortened(text)}", hint=error.hint)


class _Parser:
    """Goes through the words once, from left to right."""

    def __init__(self, tokens: list[Token], known: dict[str, Declared]) -> None:
        self._tokens = tokens
        self._known = known
        self._next = 0
        self._depth = 0

    def whole(self) -> Node:
        if not self._tokens:
            raise ExpressionError("an expression is missing", hint="Write a value or a function.")
        node = self._value()
        if token := self._peek():
            raise _unexpected(token, "the end of the expression")
        return node

    def _peek(self) -> Token | None:
        return self._tokens[self._next] if self._next < len(self._tokens) else None

    def _take(self, wanted: str) -> Token:
        token = self._peek()
        if token is None:
            hint = "Close each ( with ) and each [ with ], and give every function its arguments."
            raise ExpressionError(f"it ends where {wanted} is missing", hint=hint)
        self._next += 1
        return token

    def _comes(self, *kinds: str) -> bool:
        token = self._peek()
        return token is not None and token.kind in kinds

    def _value(self) -> Node:
        token = self._take("a value")
        self._depth += 1
        if self._depth > DEEPEST:
            raise _too_much(f"its arguments stand more than {DEEPEST} deep inside each other")
        if token.kind == "value":
            node: Node = Literal(token.value)
        elif token.kind == "name":
            node = self._with_parts(self._named(token))
        else:
            raise _unexpected(token, "a value")
        self._depth -= 1
        return node

    def _named(self, token: Token) -> Root | Call:
        function = self._known.get(token.text.lower())
        if self._comes("("):
            self._next += 1
            if function is None:
                raise refuse_name(token.text, [known.name for known in self._known.values()])
            return self._call(token, function)
        if function is not None:
            raise ExpressionError(
                f"{token.text} at character {token.at + 1} is a function, and its `(` is missing",
                hint=f"Write {function.name}{function.takes}.",
            )
        if token.text.lower() == "null":
            raise ExpressionError("null cannot be written", hint="Compare with '': nothing equals the empty string.")
        return Root(token.text)

    def _call(self, token: Token, function: Declared) -> Call:
        arguments = self._arguments(f"`)` of {function.name}( at character {token.at + 1}")
        if not function.allows(len(arguments)):
            raise refuse_count(function, len(arguments))
        return Call(function.name, arguments)

    def _arguments(self, closing: str) -> tuple[Node, ...]:
        if self._comes(")"):
            self._next += 1
            return ()
        arguments = [self._value()]
        while (end := self._take(f"the {closing}")).kind == ",":
            arguments.append(self._value())
        if end.kind != ")":
            raise _unexpected(end, f"`,` or the {closing}")
        return tuple(arguments)

    def _with_parts(self, node: Node) -> Node:
        parts = 0
        while self._comes(".", "["):
            parts += 1
            if parts > MOST_PARTS:
                raise _too_much(f"a value is followed by more than {MOST_PARTS} parts")
            opening = self._take("a part")
            node = self._named_part(node) if opening.kind == "." else self._computed_part(node, opening)
        return node

    def _named_part(self, node: Node) -> Node:
        token = self._take("the name after a dot")
        if token.kind == "*":
            return Every(node)
        if token.kind != "property":
            raise _unexpected(token, "a name after the dot")
        return Index(node, Literal(token.text))

    def _computed_part(self, node: Node, opening: Token) -> Node:
        if self._comes("*"):
            self._next += 1
            part: Node = Every(node)
        else:
            part = Index(node, self._value())
        closing = f"the `]` of the `[` at character {opening.at + 1}"
        end = self._take(closing)
        if end.kind != "]":
            raise _unexpected(end, closing)
        return part


def _unexpected(token: Token, wanted: str) -> ExpressionError:
    return ExpressionError(
        f"{shortened(token.text)} at character {token.at + 1} stands where {wanted} is expected",
        hint="An expression is a value, a name with its parts, or a function: eq(variables['a'], 'b').",
    )


def _too_much(message: str) -> ExpressionError:
    return ExpressionError(message, hint="Put a part of it into a variable.")
