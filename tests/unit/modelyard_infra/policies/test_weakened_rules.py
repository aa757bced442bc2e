"""A copy of the rules that is weakened in any one place is caught by the cases that the rules are tried on."""

import ast
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

from modelyard.environment.models import Environment
from modelyard_infra.blueprint.graph import Graph
from modelyard_infra.policies import (
    access,
    apps,
    database,
    endpoints,
    governance,
    images,
    network,
    observability,
    resilience,
    secrets,
    spark,
    storage,
)
from modelyard_infra.policies.accepted import ACCEPTED
from modelyard_infra.policies.facts import Facts
from modelyard_infra.policies.rule import Rule
from modelyard_infra.policies.rules import RULES, violations
from modelyard_infra.testing.rule_cases import ADVISORY, BREAKS

Drawn = Callable[[str], tuple[Graph, Environment]]
Tried = dict[str, list[tuple[Facts, bool]]]
"""By rule: graphs, and whether the rule must find something in them."""


class Weakened(NamedTuple):
    """A copy of a module of rules in which one finding is never made, or one setting is not looked at."""

    module: str
    line: int
    rules: tuple[Rule, ...]


class Weaken(ast.NodeTransformer):
    """Takes away the n-th place that makes findings."""

    def __init__(self, place: int) -> None:
        self.left = place
        self.line = 0

    def _hit(self, node: ast.AST) -> bool:
        self.left -= 1
        if self.left == -1:
            self.line = node.lineno
        return self.left == -1

    def visit_Yield(self, node: ast.Yield) -> ast.AST:
        return ast.YieldFrom(ast.Tuple([], ast.Load())) if self._hit(node) else node

    def visit_YieldFrom(self, node: ast.YieldFrom) -> ast.AST:
        return ast.YieldFrom(ast.Tuple([], ast.Load())) if self._hit(node) else node

    def visit_Call(self, node: ast.Call) -> ast.AST:
        self.generic_visit(node)
        if isinstance(node.func, ast.Name) and node.func.id == "settings":
            node.args = [node.args[0], *(setting for setting in node.args[1:] if not self._hit(setting))]
        return node


def weakened_copies() -> Iterator[Weakened]:
    for module in (access, apps, database, endpoints, governance, images, network, observability, resilience, secrets,
                   spark, storage):  # fmt: skip
        source = Path(module.__file__).read_text()
        for place in range(200):
            tree, weaken = ast.parse(source), Weaken(place)
            weak = ast.fix_missing_locations(weaken.visit(tree))
            if weaken.left >= 0:
                break
            names: dict[str, object] = {"__name__": module.__name__}
            exec(compile(weak, module.__file__, "exec"), names)
            yield Weakened(module.__name__.rpartition(".")[2], weaken.line, names["RULES"])


@pytest.fixture(scope="module")
def tried(drawn: Drawn) -> Tried:
    """By rule: graphs, and whether the rule must find something in them."""
    found: Tried = {}
    graphs = {name: drawn(name) for name in ("dev", "test", "prod")}
    for case in (*BREAKS, *ADVISORY):
        graph, environment = graphs[case.environment]
        found.setdefault(case.rule, []).append((Facts(case.edit(graph), environment), True))
    for name, (graph, environment) in graphs.items():
        for rule in RULES:
            found[rule.id].append((Facts(graph, environment), (rule.id, name) in {one[:2] for one in ACCEPTED}))
    return found


def is_caught(weak: Weakened, tried: Tried) -> bool:
    """Whether the tests above would fail on the weakened copy."""
    return any(
        bool(list(violations((rule,), facts))) is not must_find
        for rule in weak.rules
        for facts, must_find in tried[rule.id]
    )


def test_rules_that_are_weakened_anywhere_are_caught(tried: Tried) -> None:
    copies = list(weakened_copies())

    assert len(copies) > len(RULES)
    survivors = [f"{weak.module}.py line {weak.line}" for weak in copies if not is_caught(weak, tried)]
    assert not survivors, "\n".join(survivors)
