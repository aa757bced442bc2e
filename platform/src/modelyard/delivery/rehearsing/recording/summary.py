"""What a rehearsal was, for people: summary.md, and the rows of the table that is printed."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from modelyard.delivery.rehearsing.recording.records import BAD, JobRecord, RunRecord, StageRecord, StepRecord

HEADINGS = ("stage", "job", "result", "steps", "s", "why")
SHOWN: dict[str, str] = {"SucceededWithIssues": "with issues"}
LONGEST_REASON = 100
LONGEST_LIST = 20


def rows(record: RunRecord) -> list[tuple[object, ...]]:
    """One row for each job, and for each stage that ran none."""
    return [row for stage in record.stages for row in _stage_rows(stage)]


def _stage_rows(stage: StageRecord) -> Iterator[tuple[object, ...]]:
    if not stage.jobs:
        yield stage.name, "", shown(stage.result), "", f"{stage.seconds:.1f}", _short(stage.reason)
    for job in stage.jobs:
        ran = sum(step.result not in ("Skipped", "Pending") for step in job.steps)
        reason = job.reason or next((f"{step.label}: {step.reason}" for step in job.steps if step.result in BAD), "")
        yield stage.name, job.key, shown(job.result), f"{ran}/{len(job.steps)}", f"{job.seconds:.1f}", _short(reason)


def shown(result: str) -> str:
    """A result as people read it."""
    return SHOWN.get(result, result.lower())


def notes(record: RunRecord) -> list[str]:
    """What the table does not say, a line each: failures, what was skipped, tests, coverage, approvals, artifacts."""
    found = [*_drill(record), *_failed(record), *_skipped(record), *_tests(record)]
    found += [f"coverage: {one['lines']:.1%} of the lines ({one['file']})" for one in record.coverage]
    for one in record.approvals:
        what = one["environment"] or one["job"]
        found.append(f"{one['decision']}: {what} before {one['stage']}, by {one['by']}: {one['reason']}")
    if record.artifacts:
        found.append(f"artifacts: {', '.join(sorted(record.artifacts))}")
    if record.tags:
        found.append(f"tags: {', '.join(record.tags)}")
    found += [f"{place}: {issue}" for place, issue in _issues(record)][:LONGEST_LIST]
    return found + [f"note: {warning}" for warning in record.warnings]


def to_markdown(record: RunRecord) -> str:
    """The summary as a document."""
    lines = [
        f"# Rehearsal {record.number} of {record.file}: {shown(record.result)}",
        "",
        _origin(record),
        "",
        f"| {' | '.join(HEADINGS)} |",
        f"|{' --- |' * len(HEADINGS)}",
        *(f"| {' | '.join(_cell(value) for value in row)} |" for row in rows(record)),
        "",
        *(f"- {note}" for note in notes(record)),
    ]
    for stage, job, step in record.steps:
        if step.result in BAD:
            lines += [
                "",
                f"## {stage.name} / {job.key} / {step.label}",
                "",
                f"{step.place}: {step.reason}. Log: {step.log}",
            ]
    return "\n".join([*lines, *(f"\n{summary}" for summary in record.summaries)]) + "\n"


def _origin(record: RunRecord) -> str:
    where = record.branch or "no branch"
    took = f"{record.seconds:.1f} s, attempt {record.attempt}"
    return f"Commit {record.commit[:12]} on {where}, begun {record.begun_at}; {took}."


def _drill(record: RunRecord) -> list[str]:
    if not record.drill:
        return []
    happened = any(step.drill for _, _, step in record.steps)
    return [f"drill: {record.drill} was made to fail" if happened else f"drill: {record.drill} was never reached"]


def _failed(record: RunRecord) -> Iterator[str]:
    for stage, job, step in record.steps:
        if step.result in BAD:
            yield f"{step.result.lower()}: {_name(stage, job, step)} ({step.place}): {step.reason}; {step.log}"


def _skipped(record: RunRecord) -> Iterator[str]:
    """Tasks that have no part here: never silently green."""
    for stage, job, step in record.steps:
        if step.result == "Skipped" and "no part" in step.reason:
            yield f"not rehearsed: {_name(stage, job, step)}: {step.reason}"


def _tests(record: RunRecord) -> list[str]:
    if not record.tests:
        return []
    tests, failed = (sum(one[key] for one in record.tests) for key in ("tests", "failed"))
    skipped = sum(one["skipped"] for one in record.tests)
    named = [name for one in record.tests for name in one["failures"]]
    return [
        f"tests: {tests}, {failed} failed, {skipped} skipped",
        *(f"failed test: {name}" for name in named[:LONGEST_LIST]),
    ]


def _issues(record: RunRecord) -> Sequence[tuple[str, str]]:
    return [(_name(stage, job, step), issue) for stage, job, step in record.steps for issue in step.issues]


def _name(stage: StageRecord, job: JobRecord, step: StepRecord) -> str:
    return " / ".join(filter(None, (stage.name, job.key, step.hook, step.label)))


def _short(reason: str) -> str:
    first = reason.splitlines()[0] if reason else ""
    return first if len(first) <= LONGEST_REASON else f"{first[: LONGEST_REASON - 1]}…"


def _cell(value: object) -> str:
    return str(value).replace("|", "\\|")
