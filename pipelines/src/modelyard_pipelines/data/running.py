"""The data workflow of a purpose: land, ingest and curate, month by month; what is done already is left alone."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from modelyard.composition import Platform
from modelyard.errors import BatchRefusedError, DataNotReadyError
from modelyard.lake.batches import BatchState, digest_of
from modelyard.lake.layers import Layer
from modelyard.workflow.flow import Task
from modelyard.workflow.graph import Note, Outcome, Step, Workflow
from modelyard_pipelines.data.curating import curate
from modelyard_pipelines.data.ingesting import Ingest, ingest
from modelyard_pipelines.purposes.catalog import Purpose
from modelyard_pipelines.sources.catalog import Source, find_source


def data_workflow(platform: Platform, purpose: Purpose, months: Sequence[str]) -> Workflow:
    """Everything that brings the given months ("2013-01") of a purpose from its sources to CURATED.

    No month given: every month that its sources know of. What does not come by month is delivered as it stands.
    """
    sources = [find_source(name, platform.workspace) for name in (purpose.driving, *purpose.increments)]
    whole = [find_source(name, platform.workspace) for name in purpose.snapshots]
    whole += [source for source in sources if not source.monthly]
    monthly = [source for source in sources if source.monthly]
    deliveries = [delivery(platform, source, None) for source in whole]
    known = months or sorted({month for source in monthly for month in source.months})
    deliveries += [delivery(platform, source, month) for month in known for source in monthly]
    needs = tuple(step.name for step in deliveries)
    task = Task(
        name=f"curate-{purpose.name}",
        title=f"curating {purpose.name}",
        command=("modelyard", "data", "curate", purpose.name, "--env", platform.environment.name),
        needs=needs,
    )
    last = Step(task, lambda note: _curate(platform, purpose, note))
    return Workflow(f"data-{purpose.name}", (*deliveries, last))


def delivery(platform: Platform, source: Source, month: str | None) -> Step:
    """One delivery of a source: landed as its ETL would, then ingested."""
    words = ("modelyard", "data", "run", source.name, "--env", platform.environment.name)
    task = Task(
        name=f"deliver-{source.name}-{month}" if month else f"deliver-{source.name}",
        title=f"{source.name} {month}" if month else source.name,
        command=(*words, "--month", month) if month else words,
    )
    return Step(task, lambda note: deliver_all(platform, source, month, note))


def deliver_all(platform: Platform, source: Source, month: str | None, note: Note) -> Outcome:
    """Lands and ingests whatever is there: of a source that delivers into a folder, one file after the other.

    Raises:
        BatchRefusedError: a gate refused a file; the report is in quarantine and people were told.
    """
    done = [deliver(platform, source, month, note)]
    while done[-1].changed and not source.own_landing:
        done.append(deliver(platform, source, month, note))
    changed = [one for one in done if one.changed] or done
    facts = changed[0].facts if len(changed) == 1 else {"batches": [dict(one.facts) for one in changed]}
    return Outcome(changed=done[0].changed, summary="\n".join(one.summary for one in changed), facts=facts)


def deliver(platform: Platform, source: Source, month: str | None, note: Note) -> Outcome:
    """Lands and ingests one delivery.

    Raises:
        BatchRefusedError: a gate refused it; the report is in quarantine and people were told.
    """
    note("landing")
    path = land(platform, source, month)
    digest = digest_of(path)
    record = platform.batches.find(source.name, digest)
    if record is not None and record.state is BatchState.STORED:
        versions = ", ".join(f"{layer} {version}" for layer, version in record.versions.items())
        return Outcome(changed=False, summary=f"{path.name}: stored before ({versions})")
    result = ingest(platform, source, path, note=note)
    if not result.accepted:
        raise refused(result)
    return Outcome(changed=True, summary=f"{path.name}: {stored(result)}", facts=result.to_json())


def land(platform: Platform, source: Source, month: str | None) -> Path:
    """The file of one delivery in the lake's source folder, written if it is not there yet.

    Raises:
        DataNotReadyError: the source delivers by month and none was named, or it has nothing for this month.
    """
    if source.monthly and not month:
        raise DataNotReadyError(
            f"{source.name} is delivered month by month", hint=f"modelyard data land {source.name} --month 2013-01"
        )
    return source.land(month or "", platform.lake / "source" / source.name, cache=platform.cache / "sources")


def stored(result: Ingest) -> str:
    """One line about an accepted batch."""
    rows = f"{result.report.rows or 0:,} rows"
    return f"{rows} → " + ", ".join(f"{one.table.layer} version {one.version}" for one in result.versions)


def refused(result: Ingest) -> BatchRefusedError:
    """The error for a refused batch, with the first reason and the next command."""
    return BatchRefusedError(
        f"{result.report.summary()}; no table was changed", hint=f"modelyard data quarantine {result.source}"
    )


def _curate(platform: Platform, purpose: Purpose, note: Note) -> Outcome:
    done = curate(platform, purpose, note=note)
    version = "nothing yet" if done.version is None else f"version {done.version.version}, {done.rows:,} rows"
    late = "".join(f"; {one}" for one in done.waiting)
    summary = f"{Layer.CURATED}/{purpose.name}: {len(done.added)} batches joined, {version}{late}"
    return Outcome(changed=bool(done.added), summary=summary, facts=done.to_json())
