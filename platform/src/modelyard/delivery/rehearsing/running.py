"""Runs a pipeline on this machine, from its checkout to its summary; and goes on with a run that ended early."""

from __future__ import annotations

import secrets as random
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass

from modelyard.delivery.rehearsing.agent.checkouts import make_pristine
from modelyard.delivery.rehearsing.agent.masking import Mask
from modelyard.delivery.rehearsing.agent.secret_file import Secrets, read_secrets
from modelyard.delivery.rehearsing.agent.surroundings import passed_on, passwords_in
from modelyard.delivery.rehearsing.failures import failure_of
from modelyard.delivery.rehearsing.opening import Opened, begin, resume
from modelyard.delivery.rehearsing.planning.predefined import Identity, predefined, set_predefined
from modelyard.delivery.rehearsing.planning.variables import Variables
from modelyard.delivery.rehearsing.playing.conversations import Conversations
from modelyard.delivery.rehearsing.playing.service import PlayedService, serving
from modelyard.delivery.rehearsing.recording.journal import Journal, keep, masked
from modelyard.delivery.rehearsing.recording.records import RunRecord, joined
from modelyard.delivery.rehearsing.recording.summary import to_markdown
from modelyard.delivery.rehearsing.rehearsal import Rehearsal
from modelyard.delivery.rehearsing.runs import RunFolder, Runs
from modelyard.delivery.rehearsing.stages import run_stages
from modelyard.delivery.rehearsing.wishes import Company, Wishes
from modelyard.delivery.rehearsing.yards import LOCAL, VARIABLE, yards_in
from modelyard.errors import RehearsalFailedError

SUMMARY = "summary.md"
TOKEN_BYTES = 24


@dataclass(frozen=True, slots=True, kw_only=True)
class Finished:
    """A rehearsal that has ended."""

    folder: RunFolder
    record: RunRecord
    """Without secrets."""
    failure: RehearsalFailedError | None
    """What to end with; None if it succeeded."""


def rehearse(wishes: Wishes, company: Company) -> Finished:
    """Runs a pipeline.

    Raises:
        ConfigurationError: the run cannot begin: nothing is committed, secrets are readable by others, no such stage.
        InvalidPipelineError: the pipeline cannot be expanded.
        StackBusyError: another rehearsal has the run, or the yards.
    """
    runs = Runs(wishes.home)
    secrets = read_secrets(wishes.secrets) if wishes.secrets else Secrets()
    with ExitStack() as held:
        if wishes.environment == LOCAL:
            held.enter_context(runs.yards_held())
        folder = runs.begin() if wishes.rerun is None else runs.find(wishes.rerun)
        held.enter_context(runs.held(folder))
        opened = begin(wishes, folder) if wishes.rerun is None else resume(wishes, folder)
        if opened.record.environment == LOCAL and wishes.environment != LOCAL:
            held.enter_context(runs.yards_held())
        return _run(opened, wishes, company, runs=runs, secrets=secrets)


def _run(opened: Opened, wishes: Wishes, company: Company, *, runs: Runs, secrets: Secrets) -> Finished:
    token = random.token_urlsafe(TOKEN_BYTES)
    passed = passed_on(company.around, without=wishes.root.resolve())
    mask = Mask([*secrets.values, token, *passwords_in(passed.values())])
    record, folder = opened.record, opened.folder
    service = PlayedService(lambda: record, Conversations(folder.comments, mask))
    with serving(service, token) as address:
        identity = Identity(project=wishes.root.name or "project", address=address, token=token, person=company.person)
        rehearsal = Rehearsal(
            pipeline=opened.pipeline,
            record=record,
            journal=Journal(folder.path, record, mask),
            mask=mask,
            runs=runs,
            folder=folder,
            secrets=secrets,
            given=_given(opened, identity, secrets=secrets, runs=runs),
            passed=passed,
            approver=company.approver,
            gates=company.gates,
            watcher=company.watcher,
            cancellation=company.cancellation,
            prepare=lambda: make_pristine(folder.checkout, record.commit),
            drill=opened.drill,
            executor=company.executor,
            minute=company.minute,
        )
        for warning in opened.warnings:
            rehearsal.warn(warning)
        with _yards(rehearsal, wishes, company):
            _run_to_the_end(rehearsal)
    return Finished(folder=folder, record=RunRecord.from_json(masked(record, mask)), failure=failure_of(rehearsal))


def _given(opened: Opened, identity: Identity, *, secrets: Secrets, runs: Runs) -> Variables:
    given = Variables()
    for held in secrets.variables:
        given.set(held.name, held.value, secret=held.secret)
    found = predefined(opened.pipeline, opened.record, commit=opened.commit, identity=identity)
    set_predefined(given, found)
    given.set("System.AccessToken", identity.token, secret=True, readonly=True)
    if opened.record.environment == LOCAL:
        set_predefined(given, {VARIABLE: str(runs.yards)})
    return given


def _run_to_the_end(rehearsal: Rehearsal) -> None:
    """Runs the stages, and leaves a record and a summary however that ends."""
    record, begun = rehearsal.record, time.monotonic()
    record.result = "Running"
    rehearsal.journal.save()
    try:
        with rehearsal.cancellation.listening():
            run_stages(rehearsal)
        record.result = joined([stage.result for stage in record.stages])
        if rehearsal.canceled:
            record.result = "Canceled"
    finally:
        record.seconds = round(record.seconds + time.monotonic() - begun, 3)
        rehearsal.journal.save()
        keep(rehearsal.folder.path / SUMMARY, rehearsal.mask(to_markdown(record)))


@contextmanager
def _yards(rehearsal: Rehearsal, wishes: Wishes, company: Company) -> Iterator[None]:
    """Begins the services that a rerun expects, and ends those that run at the end."""
    if rehearsal.record.environment != LOCAL:
        yield
        return
    yards, checkout = rehearsal.runs.yards, rehearsal.folder.checkout
    if wishes.rerun is not None:
        for yard in yards_in(yards):
            _heed(rehearsal, company.yards.up(yard, checkout=checkout))
    try:
        yield
    finally:
        for yard in [] if wishes.keep else yards_in(yards):
            _heed(rehearsal, company.yards.down(yard, checkout=checkout))


def _heed(rehearsal: Rehearsal, problem: str) -> None:
    if problem:
        rehearsal.warn(problem)
