"""How a run begins: its folder, its record, its checkout, its pipeline. Nothing is left of one that cannot begin."""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import yaml

from modelyard.delivery.expanding.loading import load
from modelyard.delivery.pipeline import Pipeline
from modelyard.delivery.rehearsing.agent.checkouts import Commit, check_out, head_of
from modelyard.delivery.rehearsing.agent.processes import end_left
from modelyard.delivery.rehearsing.planning.drills import Drill, read_drill
from modelyard.delivery.rehearsing.planning.predefined import compile_time, reason_of
from modelyard.delivery.rehearsing.recording.journal import read_record
from modelyard.delivery.rehearsing.recording.records import RunRecord
from modelyard.delivery.rehearsing.runs import RunFolder
from modelyard.delivery.rehearsing.stages import choose
from modelyard.delivery.rehearsing.wishes import Wishes
from modelyard.delivery.rehearsing.yards import LOCAL, PARAMETER
from modelyard.errors import ConfigurationError

LONGEST_LIST = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Opened:
    """A run that may begin."""

    folder: RunFolder
    record: RunRecord
    commit: Commit
    pipeline: Pipeline
    drill: Drill | None
    warnings: tuple[str, ...]


def begin(wishes: Wishes, folder: RunFolder) -> Opened:
    """Opens a new run.

    Raises:
        ConfigurationError: nothing is committed, or there is no such stage.
        InvalidPipelineError: the pipeline cannot be expanded.
    """
    try:
        commit = head_of(wishes.root)
        check_out(wishes.root, commit, folder.checkout)
        record = _record(wishes, commit, number=folder.number, root=folder.checkout)
        pipeline = load_pipeline(folder.checkout, record, commit)
        drill = read_drill(wishes.fail, pipeline) if wishes.fail else None
        choose(pipeline, record, wishes.stages, rerun=False)
    except BaseException:
        shutil.rmtree(folder.path, ignore_errors=True)
        raise
    record.drill = str(drill or "")
    return Opened(
        folder=folder,
        record=record,
        commit=commit,
        pipeline=pipeline,
        drill=drill,
        warnings=_uncommitted(commit, wishes),
    )


def resume(wishes: Wishes, folder: RunFolder) -> Opened:
    """Opens a run that ended early; what it was rehearsing stays what it was.

    Raises:
        ConfigurationError: its record cannot be read, it is of another file, or nothing is left to run.
        InvalidPipelineError: the pipeline cannot be expanded.
    """
    record = read_record(folder.path)
    again = f"modelyard ci rehearse --rerun {record.number}"
    if wishes.file and wishes.file != record.file:
        raise ConfigurationError(f"rehearsal {record.number} is of {record.file}, not of {wishes.file}", hint=again)
    if wishes.settings:
        raise ConfigurationError("a rerun keeps the parameters of its run; --set is for a new one", hint=again)
    end_left(record.process)
    commit = Commit(record.commit, record.branch, "", "")
    check_out(wishes.root, commit, folder.checkout)
    pipeline = load_pipeline(folder.checkout, record, commit)
    drill = read_drill(wishes.fail, pipeline) if wishes.fail else None
    choose(pipeline, record, wishes.stages, rerun=True)
    if all(stage.result != "Pending" for stage in record.stages):
        raise ConfigurationError(
            f"nothing of rehearsal {record.number} is left to run: every stage succeeded",
            hint=f"{again} --stage {record.stages[-1].name}" if record.stages else again,
        )
    record.attempt += 1
    record.process, record.reason, record.drill = {}, "", str(drill or "")
    return Opened(folder=folder, record=record, commit=commit, pipeline=pipeline, drill=drill, warnings=())


def pipeline_of(wishes: Wishes) -> Pipeline:
    """The pipeline of the working tree, as it is written now.

    Raises:
        ConfigurationError: nothing is committed.
        InvalidPipelineError: the pipeline cannot be expanded.
    """
    commit = head_of(wishes.root)
    return load_pipeline(wishes.root, _record(wishes, commit, number=0, root=wishes.root), commit)


def _record(wishes: Wishes, commit: Commit, *, number: int, root: Path) -> RunRecord:
    settings = dict(wishes.settings)
    variables = {name: settings.pop(name) for name in list(settings) if "." in name}
    if wishes.environment == LOCAL and _declares(root / wishes.file, PARAMETER):
        settings.setdefault(PARAMETER, LOCAL)
    return RunRecord(
        number=number,
        file=wishes.file,
        commit=commit.digest,
        branch=commit.branch,
        begun_at=datetime.now(UTC).isoformat(timespec="seconds"),
        parameters=settings,
        variables=variables,
        environment=wishes.environment,
    )


def load_pipeline(root: Path, record: RunRecord, commit: Commit) -> Pipeline:
    """The pipeline as the service would expand it for this run."""
    known = compile_time(record, commit)
    pipeline = load(root, record.file, parameters=record.parameters, variables=known)
    reason = reason_of(pipeline)
    if "build.reason" in {name.lower() for name in record.variables} or reason == known["Build.Reason"]:
        return pipeline
    # Why a run begins stands in the file itself, and templates may ask for it.
    return load(root, record.file, parameters=record.parameters, variables={**known, "Build.Reason": reason})


def _declares(file: Path, parameter: str) -> bool:
    """Whether an entry file has a parameter; what is wrong with the file is told when it is expanded."""
    try:
        document: Any = yaml.safe_load(file.read_text(encoding="utf-8"))
    except (OSError, ValueError, yaml.YAMLError):
        return False
    declared = document.get("parameters") if isinstance(document, Mapping) else None
    if isinstance(declared, Mapping):
        return parameter in declared
    return any(isinstance(one, Mapping) and one.get("name") == parameter for one in declared or [])


def _uncommitted(commit: Commit, wishes: Wishes) -> tuple[str, ...]:
    state = wishes.home.parent
    changed = [name for name in commit.changed if state not in (path := wishes.root / name, *path.parents)]
    if not changed:
        return ()
    named = ", ".join(changed[:LONGEST_LIST])
    more = len(changed) - LONGEST_LIST
    shown = f"{named} and {more} more" if more > 0 else named
    return (f"{len(changed)} files of {wishes.root} are not committed and not rehearsed: {shown}",)
