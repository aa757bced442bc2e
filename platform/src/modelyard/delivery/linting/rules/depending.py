"""dependsOn: it names what exists, nothing waits for itself, and everything can run."""

from __future__ import annotations

import difflib
from collections.abc import Iterator, Mapping

from modelyard.delivery.linting.graph import SKIPPED, Graph, Part, job_graph, stage_graph
from modelyard.delivery.linting.problem import Problem
from modelyard.delivery.linting.rule import Rule, each_run
from modelyard.delivery.linting.study import Run, Study


def _graphs(run: Run) -> Iterator[Graph]:
    yield stage_graph(run.pipeline)
    yield from (job_graph(stage.jobs) for stage in run.pipeline.stages)


def missing(run: Run, study: Study) -> Iterator[Problem]:
    """Names in dependsOn that nothing has."""
    for graph in _graphs(run):
        known = {name.lower(): name for name in graph.parts}
        for part in graph.parts.values():
            for name in part.depends_on:
                if name not in graph.parts:
                    yield Problem(study.at(part.place, "dependsOn"), *_missing(graph.kind, part, name, known))


def _missing(kind: str, part: Part, name: str, known: Mapping[str, str]) -> tuple[str, str]:
    near = difflib.get_close_matches(name.lower(), known, n=1)
    allowed = f"did you mean `{known[near[0]]}`?" if near else f"there are: {', '.join(known.values())}"
    where = "this pipeline" if kind == "stage" else "the same stage"
    return f"{kind} `{part.name}` depends on `{name}`, but {where} has no {kind} of that name", allowed


def cyclic(run: Run, study: Study) -> Iterator[Problem]:
    """Stages or jobs that wait for each other."""
    for graph in _graphs(run):
        cycle = graph.cycle
        if cycle:
            message = f"{graph.kind}s wait for each other: {' → '.join(cycle)}"
            yield Problem(
                study.at(graph.parts[cycle[0]].place, "dependsOn"), message, "take one of these dependencies out"
            )


def unreachable(run: Run, study: Study) -> Iterator[Problem]:
    """Parts that never run because of what they depend on, or whose condition never holds."""
    for graph in _graphs(run):
        found = {} if graph.cycle else graph.outcomes()
        dead = [name for name in graph.order if found.get(name) == SKIPPED]
        for name in dead:
            part = graph.parts[name]
            after = [before for before in dead if before in graph.ancestors(name)]
            if after:
                message = f"{graph.kind} `{name}` never runs, because {graph.kind} `{after[0]}` never does"
                hint = f"correct `{after[0]}`, or let `{name}` not depend on it"
                yield Problem(study.at(part.place, "dependsOn"), message, hint)
            elif not _is_switched_off(part):
                message = f"{graph.kind} `{name}` never runs: its condition cannot become true"
                yield Problem(study.at(part.place, "condition"), message, f"correct the condition {part.condition}")


def _is_switched_off(part: Part) -> bool:
    """Whether somebody meant it: `condition: false` says nothing about what came before."""
    return (part.condition or "").strip().lower() == "false"


RULES = (
    Rule(
        id="depends-on",
        kind="correctness",
        what="dependsOn names stages of this pipeline, or jobs of the same stage.",
        why="The service refuses the whole pipeline when the run is queued.",
        check=each_run(missing),
    ),
    Rule(
        id="no-cycles",
        kind="correctness",
        what="No stage and no job waits for itself, directly or around a corner.",
        why="Nothing of the pipeline would run.",
        check=each_run(cyclic),
    ),
    Rule(
        id="reachable",
        kind="correctness",
        what="Every stage and job can run for some outcome of what it depends on.",
        why="A check that never runs looks like one that never fails.",
        check=each_run(unreachable),
    ),
)
