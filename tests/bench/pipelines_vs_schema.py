"""Expanding and linting every pipeline file, against parsing alone and against the public schema alone.

No other program expands these files on one's own machine. So the peers are what one has without it: PyYAML, which reads
the same files and makes nothing of them, and the schema that editors use, given what we have expanded.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Mapping
from functools import cache
from pathlib import Path
from typing import Any

import yaml
from figures import Figure, Sample, compared, timed
from lakes import DifferentOutcomeError
from processes import ROOT, environment, run, say
from public_schema import accepts

SAFE_GOAL, C_GOAL, SCHEMA_GOAL = 1.5, 6.0, 3.0
COMMAND_SECONDS = 15.0
WHAT = "every entry file expanded with its templates and read into a typed pipeline"
Choices = list[tuple[str, Mapping[str, Any]]]


def measure(work: Path, *, runs: int) -> list[Figure]:
    """The figures: each side in turn in one warm process, with the outcomes compared before anything is timed.

    Raises:
        DifferentOutcomeError: an expansion does not survive being printed, lint or the schema refuse our files.
    """
    choices = _choices(ROOT)
    texts, reads = _agreed(ROOT, choices)
    sides: dict[str, Callable[[], object]] = {
        "expand": _expanding(ROOT),
        "safe": lambda: _parsed(ROOT, reads, yaml.SafeLoader),
        "c": lambda: _parsed(ROOT, reads, yaml.CSafeLoader),
        "lint": lambda: _linted(ROOT),
        "schema": lambda: [accepts(text) for text in texts],
    }
    taken: dict[str, list[Sample]] = {name: [] for name in sides}
    for turn in range(runs + 1):
        for name, side in sides.items():
            begun = time.perf_counter()
            side()
            if turn:
                taken[name].append(Sample(time.perf_counter() - begun))
        say(f"  pipelines, pair {turn} of {runs}" + ("" if turn else " (warm-up, not counted)"))
    facts = {
        "entry files": len({file for file, _ in choices}),
        "files read, templates once for each entry that uses them": len(reads),
        "compared": "each file as read by both; each expansion printed, read again and held to the document",
    }
    return [*_expanded(taken, facts), *_looked_at(taken, len(choices), runs), _defects(work)]


def _expanded(taken: Mapping[str, list[Sample]], facts: Mapping[str, Any]) -> list[Figure]:
    safe = f"{WHAT}, against yaml.safe_load of the same files and nothing more"
    fast = f"{WHAT}, against PyYAML's parser in C over the same files and nothing more"
    more: dict[str, Any] = {"facts": facts}
    return [
        compared("expand-vs-yaml", safe, taken["expand"], taken["safe"], goal=SAFE_GOAL, better="higher", **more),
        compared("expand-vs-yaml-in-c", fast, taken["expand"], taken["c"], goal=C_GOAL, better="lower", **more),
    ]


def _looked_at(taken: Mapping[str, list[Sample]], expansions: int, runs: int) -> list[Figure]:
    """Lint against the schema, and the whole command as one types it."""
    from modelyard.delivery.linting.registry import RULES

    what = "every pipeline file expanded in every way that is allowed and held to all rules, against the public schema"
    facts = {
        "expansions looked at by both": expansions,
        "rules": len(RULES),
        "the schema's side": "given our expansions as text; expanding them is no part of its time",
        "compared": "both find nothing",
    }
    command = [str(Path(sys.executable).with_name("modelyard")), "ci", "lint"]
    cold = [run(command, env=environment()).sample for _ in range(runs + 1)][1:]
    ours, peer = taken["lint"], taken["schema"]
    memory = {"peak memory": f"{max(one.peak_mb for one in cold):.0f} MiB"}
    return [
        compared("lint-vs-schema", what, ours, peer, goal=SCHEMA_GOAL, better="higher", facts=facts),
        timed("lint-command", "modelyard ci lint, from a cold process", cold, limit=COMMAND_SECONDS, facts=memory),
    ]


def _choices(root: Path) -> Choices:
    """Every entry file with everything that lint chooses for its parameters."""
    from modelyard.delivery.linting.repository import any_command
    from modelyard.delivery.linting.studying import study_of

    return [(one.pipeline.file, one.parameters) for one in study_of(root, None, any_command).runs]


def _agreed(root: Path, choices: Choices) -> tuple[list[str], list[str]]:
    """Every expansion as text, and the files that one expansion of each entry reads; all were found to agree."""
    from modelyard.delivery.expanding.expansion import expand
    from modelyard.delivery.expanding.nodes import plain
    from modelyard.delivery.expanding.printing import to_yaml

    texts: list[str] = []
    reads: dict[str, list[str]] = {}
    for file, parameters in choices:
        expansion = expand(root, file, parameters=parameters)
        text = to_yaml(expansion)
        if yaml.load(text, Loader=yaml.BaseLoader) != expansion.document:
            raise DifferentOutcomeError(f"{file} with {dict(parameters)} reads differently once it was printed")
        if not accepts(text):
            raise DifferentOutcomeError(f"the public schema refuses {file} with {dict(parameters)}")
        texts.append(text)
        reads.setdefault(file, list(expansion.sources))
        for name, source in expansion.sources.items():
            if plain(source) != _texts(root / name):
                raise DifferentOutcomeError(f"{name} is read differently by PyYAML")
    return texts, [name for names in reads.values() for name in names]


@cache
def _texts(file: Path) -> Any:
    return yaml.load(file.read_text(encoding="utf-8"), Loader=yaml.BaseLoader)


def _expanding(root: Path) -> Callable[[], object]:
    from modelyard.delivery.entries import entry_files
    from modelyard.delivery.expanding.loading import load

    files = entry_files(root)
    return lambda: [load(root, file) for file in files]


def _parsed(root: Path, reads: list[str], loader: Any) -> list[Any]:
    return [yaml.load((root / name).read_bytes(), Loader=loader) for name in reads]


def _linted(root: Path) -> None:
    from modelyard.cli.ci.command_lines import wrong_with
    from modelyard.delivery.linting.checking import lint

    findings = lint(root, commands=wrong_with)
    if findings:
        raise DifferentOutcomeError(f"lint finds something in our own files: {findings[0]}")


def _defects(work: Path) -> Figure:
    """Of the seeded mistakes, how many lint finds where they are, and how many the schema finds at all."""
    from modelyard.testing.pipeline_defects.scoring import DEFECTS, score

    ours = score()
    say(f"  pipelines, {ours.caught} of {ours.defects} mistakes found by lint")
    if _schema_finds(work / "correct", lambda _: None):
        raise DifferentOutcomeError("the public schema refuses the correct pipeline: what it finds means nothing")
    said = [_schema_finds(work / f"defect-{number}", one.put_into) for number, one in enumerate(DEFECTS)]
    found = sum(bool(one) for one in said)
    return Figure(
        name="pipeline-defects",
        what="seeded mistakes found: by the right rule at the right line, against failing the public schema in any way",
        ours=ours.caught,
        peer=found,
        ratio=ours.caught / found if found else None,
        goal=f"all {ours.defects}, no false alarm",
        met=ours.caught == ours.defects and not ours.false_alarms,
        runs=1,
        spread=(ours.caught / found, ours.caught / found) if found else (ours.caught, ours.caught),
        samples={"ours": [ours.caught], "peer": [found]},
        facts={
            "mistakes": ours.defects,
            "false alarms on the correct pipeline": ours.false_alarms,
            "missed": ", ".join(ours.missed) or "none",
            "found by the schema itself": said.count("schema"),
            "counted for the schema because our expansion fails": said.count("expansion"),
        },
        unit="count",
    )


def _schema_finds(root: Path, spoil: Callable[[Path], None]) -> str:
    """What stops a spoilt pipeline when there is no lint: `expansion`, `schema`, or nothing.

    The schema sees every entry file with its defaults, and with a stand-in. Another share of requests is to it another
    number, and would only double the time.
    """
    from modelyard.delivery.expanding.expansion import expand
    from modelyard.delivery.expanding.printing import to_yaml
    from modelyard.delivery.linting.repository import any_command
    from modelyard.delivery.linting.studying import study_of
    from modelyard.testing.pipeline_defects.sample import write_sample

    root.mkdir()
    write_sample(root)
    spoil(root)
    study = study_of(root, None, any_command)
    if study.refusals:
        return "expansion"
    seen = [one for one in study.runs if set(one.parameters) <= {"standIn"}]
    texts = [to_yaml(expand(root, one.pipeline.file, parameters=one.parameters)) for one in seen]
    return "" if all(_accepted(text) for text in texts) else "schema"


_accepted = cache(accepts)
"""Most mistakes leave most expansions as they were."""
