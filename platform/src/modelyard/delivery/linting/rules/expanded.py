"""Files that cannot be expanded or read at all, and templates that nothing brings in."""

from __future__ import annotations

from collections.abc import Iterator

from modelyard.delivery.linting.problem import Problem
from modelyard.delivery.linting.rule import Rule
from modelyard.delivery.linting.study import Study
from modelyard.delivery.places import Place


def refused(study: Study) -> Iterator[Problem]:
    """What the expander says."""
    yield from study.refusals


def forgotten(study: Study) -> Iterator[Problem]:
    """Templates without a use."""
    for name in study.repository.unused:
        yield Problem(Place(name, 1), "no pipeline uses this template", "use it, or delete it")


RULES = (
    Rule(
        id="expands",
        kind="correctness",
        what="The file expands, also with every allowed value of its parameters: YAML, keys, templates, types, "
        "names of stages and jobs, tasks with a version.",
        why="The service would refuse it when a run is queued.",
        check=refused,
    ),
    Rule(
        id="template-used",
        kind="house",
        what="Every template is used by a pipeline.",
        why="Nobody would notice that it is out of date.",
        check=forgotten,
    ),
)
