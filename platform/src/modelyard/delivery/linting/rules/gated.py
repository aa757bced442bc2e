"""The gates: no path to a deploy avoids tests, comparison, approval, API suite and scan."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from modelyard.delivery.linting.gates import CHECKS, GATES, examine, holes_of, needed_by
from modelyard.delivery.linting.problem import Problem
from modelyard.delivery.linting.rule import Rule, each_run
from modelyard.delivery.linting.study import Run, Study
from modelyard.delivery.linting.works import WORKS, works_in

STOPPING = (*CHECKS, "comparison", "suite", "scan", "ledger")


def avoided(run: Run, study: Study) -> Iterator[Problem]:
    """Ways around a gate."""
    examined = examine(run.pipeline)
    for gate in GATES:
        needed = needed_by(gate, examined.works)
        for target, hole in holes_of(gate, examined):
            place = study.at(hole.place, hole.key) if hole.key else hole.place
            message = f"{WORKS[gate.before].says} can happen without {WORKS[needed].says}: {hole.why}"
            hint = f"let `{target.stage.name}` depend on it, under succeeded()"
            yield Problem(place, message, hint)


def skippable(run: Run, study: Study) -> Iterator[Problem]:
    """Stages that hold a gate and can be unticked when a run is queued."""
    written = {str(stage.get("stage")): stage for stage in _stages(run.pipeline.document)}
    found = works_in(run.pipeline)
    guards = [guard for gate in GATES if found[gate.before] for guard in found[needed_by(gate, found)]]
    for stage in {guard.stage.name: guard.stage for guard in guards}.values():
        said = str(written.get(stage.name, {}).get("isSkippable", "true")).lower()
        if said != "false":
            message = f"stage `{stage.name}` holds a gate, and whoever queues a run can leave it out"
            yield Problem(study.at(stage.place, "isSkippable"), message, "add isSkippable: false")


def unheeded(run: Run, study: Study) -> Iterator[Problem]:
    """Gates whose failure changes nothing."""
    found = works_in(run.pipeline)
    for name in STOPPING:
        for site in found[name]:
            for owner in (site.step, site.job):
                if owner.continue_on_error.strip().lower() not in {"false", ""}:
                    message = f"{WORKS[name].says} may fail and everything goes on (continueOnError)"
                    yield Problem(study.at(owner.place, "continueOnError"), message, "take continueOnError out")


def _stages(document: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    found = document.get("stages")
    return [stage for stage in found if isinstance(stage, Mapping)] if isinstance(found, list) else []


RULES = (
    Rule(
        id="gates",
        kind="house",
        what="No path to a promotion or a deploy goes around its gates, whatever fails, is skipped or cancelled.",
        why="A condition such as always() opens a gate although dependsOn is right.",
        check=each_run(avoided),
    ),
    Rule(
        id="gates-not-skippable",
        kind="house",
        what="Stages that hold a gate say isSkippable: false.",
        why="Stages can be unticked when a run is queued, and what depends on them runs all the same.",
        check=each_run(skippable),
    ),
    Rule(
        id="gates-stop",
        kind="house",
        what="Checks, comparison, API suite and scan never have continueOnError.",
        why="A failed step must not turn green.",
        check=each_run(unheeded),
    ),
)
