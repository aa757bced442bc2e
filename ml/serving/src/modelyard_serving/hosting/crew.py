"""The workers: one at each place, replaced by a new generation when what is served changes, or when one has ended.

At no moment do two generations accept: the new workers are ready first, then the old ones stop accepting, then the new
ones begin. What comes in between waits in the sockets, which stay open all the time.
"""

from __future__ import annotations

import gc
import os
import selectors
import signal
import socket
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any, NoReturn

from modelyard_serving.answering.catalog import Beside, Catalog
from modelyard_serving.answering.reporting import segment_for
from modelyard_serving.hosting.channel import HostEnd
from modelyard_serving.hosting.worker import Openings, WorkerPlan, run_worker
from modelyard_serving.observing.counters import Ledger, Segment
from modelyard_serving.observing.records import Log
from modelyard_serving.settings import Settings

_ACKNOWLEDGE_SECONDS = 1.0
"""How long the new workers wait for the word of the old ones, which may be hung."""
_FIRST_PAUSE_SECONDS, _LONGEST_PAUSE_SECONDS = 0.1, 5.0
_CRASHED = 70


@dataclass(slots=True, eq=False, kw_only=True)
class Member:
    """One worker as the host sees it."""

    pid: int
    place: int
    end: HostEnd
    segment: Segment
    born: float
    ready: bool = False
    retired: bool = False
    """It accepts no more."""


@dataclass(slots=True)
class _Place:
    """Where one worker accepts, and who is there."""

    listener: socket.socket
    serving: Member | None = None
    coming: Member | None = None


@dataclass(slots=True, kw_only=True)
class Crew:
    """All workers of one host.

    Args:
        settings: How they run.
        catalog: What they serve: what it holds when one is forked.
        listeners: One socket for each place.
        events: Told of every worker's channel.
        log: Where it writes what happened.
        openings: Who may ask, and where traces go.
    """

    settings: Settings
    catalog: Catalog
    listeners: Sequence[socket.socket]
    events: selectors.BaseSelector
    log: Log
    openings: Openings = field(default_factory=Openings)
    weights: dict[str, float] = field(default_factory=dict)
    """The share of each rollout's candidate, by the rollout's id."""
    ledger: Ledger = field(default_factory=Ledger)
    restarts: int = 0
    _places: list[_Place] = field(default_factory=list)
    _members: dict[int, Member] = field(default_factory=dict)
    """Every worker that has not ended, by process id."""
    _handover: float | None = None
    """When the old generation was told to stop accepting."""
    _failures: int = 0
    _again_at: float = 0.0
    _stale: bool = False
    """A place has no worker of the newest generation, because the system gave no process."""
    _stopping: bool = False

    def __post_init__(self) -> None:
        self._places = [_Place(listener) for listener in self.listeners]

    @property
    def segments(self) -> list[Segment]:
        """The counters of the workers that have not ended."""
        return [member.segment for member in self._members.values()]

    @property
    def serving(self) -> int:
        """How many workers accept requests."""
        return sum(place.serving is not None for place in self._places)

    @property
    def accepting(self) -> bool:
        """Whether there is a worker at every place."""
        return self.serving == len(self._places)

    @property
    def changing(self) -> bool:
        """Whether a new generation is on its way."""
        return any(place.coming is not None for place in self._places)

    @property
    def gone(self) -> bool:
        """Whether no worker is left."""
        return not self._members

    def renew(self) -> None:
        """Begin a new generation, which serves what the catalog holds now."""
        self._handover, self._stale = None, False
        # Once, and before the first fork: the collector writes to every object that it looks at, and a page that was
        # written to is shared no more. From here on it leaves alone what is in memory now.
        gc.unfreeze()
        gc.collect()
        gc.freeze()
        for place in self._places:
            self._dismiss(place.coming)
            place.coming = self._fork(place)

    def tell(self, message: dict[str, Any]) -> None:
        """Tell all workers something."""
        for member in self._members.values():
            member.end.send(message)

    def stop(self) -> None:
        """Tell all workers to drain and end; none is replaced any more."""
        self._stopping = True
        for place in self._places:
            self._dismiss(place.coming)
            # The workers have it still; once they stop accepting, new connections are refused and do not hang.
            place.listener.close()
        self.tell({"do": "stop"})

    def kill(self) -> None:
        """End all workers at once."""
        for member in self._members.values():
            with suppress(ProcessLookupError):
                os.kill(member.pid, signal.SIGKILL)

    def weigh(self, beside: Beside, share: float) -> None:
        """Give a candidate another share of the requests, at once and in all workers."""
        self.weights[beside.rollout.id] = share
        for member in self._members.values():
            if (slots := member.segment.area(beside.weight)) is not None:
                slots[0] = share

    def hear(self, member: Member, *, answer: Callable[[dict[str, Any]], object]) -> None:
        """Take what a worker has said."""
        messages = member.end.read()
        if messages is None:
            # It has ended, or is about to; `look` finds out how.
            self.events.unregister(member.end.socket)
            return
        for message in messages:
            match message:
                case {"is": "ready"}:
                    member.ready = True
                case {"is": "retired"}:
                    member.retired = True
                case {"ask": str(), "number": number}:
                    member.end.send({"answer": answer(message), "to": number})

    def look(self) -> None:
        """See who has ended or is hung, and go on with the change that is under way."""
        self._reap()
        self._end_hung()
        if not self._stopping:
            self._fill()
            self._hand_over()

    def _reap(self) -> None:
        for member in list(self._members.values()):
            pid, status = os.waitpid(member.pid, os.WNOHANG)
            if pid:
                self._forget(member, os.waitstatus_to_exitcode(status))

    def _forget(self, member: Member, code: int) -> None:
        del self._members[member.pid]
        with suppress(KeyError, ValueError):
            self.events.unregister(member.end.socket)
        member.end.close()
        self.ledger.keep(member.segment)
        member.segment.close()
        place = self._places[member.place]
        expected = self._stopping or (place.serving is not member and place.coming is not member)
        place.serving = None if place.serving is member else place.serving
        place.coming = None if place.coming is member else place.coming
        if not expected:
            self.restarts += 1
            self._failures += 1
            pause = min(_LONGEST_PAUSE_SECONDS, _FIRST_PAUSE_SECONDS * 2**self._failures)
            # The first one is replaced at once; only those that keep on failing have to wait.
            self._again_at = time.monotonic() + (pause if self._failures > 1 else 0)
            self.log.event("worker_ended", worker=member.pid, code=code)

    def _end_hung(self) -> None:
        now = time.monotonic()
        for member in self._members.values():
            if now - max(member.segment.heartbeat, member.born) > self.settings.hung_seconds:
                self.log.event("worker_hung", worker=member.pid, seconds=self.settings.hung_seconds)
                member.born = now
                with suppress(ProcessLookupError):
                    os.kill(member.pid, signal.SIGKILL)

    def _fill(self) -> None:
        """A worker for every place that has none."""
        if time.monotonic() < self._again_at:
            return
        if self._stale:
            self.renew()
            return
        for place in self._places:
            if place.serving is None and place.coming is None:
                place.coming = self._fork(place)

    def _hand_over(self) -> None:
        coming = [place for place in self._places if place.coming is not None]
        if not coming or not all(place.coming is not None and place.coming.ready for place in coming):
            return
        old = [place.serving for place in coming if place.serving is not None]
        now = time.monotonic()
        if self._handover is None:
            self._handover = now
            for member in old:
                member.end.send({"do": "retire"})
        if all(member.retired for member in old) or now - self._handover > _ACKNOWLEDGE_SECONDS:
            for place in coming:
                place.serving, place.coming = place.coming, None
                if place.serving is not None:
                    place.serving.end.send({"do": "accept"})
            self._handover, self._failures = None, 0

    def _dismiss(self, member: Member | None) -> None:
        """End a worker that never accepted anything."""
        if member is not None:
            with suppress(ProcessLookupError):
                os.kill(member.pid, signal.SIGKILL)

    def _fork(self, place: _Place) -> Member | None:
        """A new worker; none where the system has no process to give, which is tried again."""
        segment = segment_for(self.catalog, self.weights)
        ours, theirs = socket.socketpair()
        self.openings.access.look()
        try:
            pid = os.fork()
        except OSError as error:
            self.log.event("cannot_fork", reason=error.strerror)
            self._stale, self._again_at = True, time.monotonic() + _LONGEST_PAUSE_SECONDS
            ours.close()
            theirs.close()
            segment.close()
            return None
        if pid == 0:
            ours.close()
            self._become(
                WorkerPlan(
                    settings=self.settings,
                    catalog=self.catalog,
                    segment=segment,
                    openings=self.openings,
                    listener=place.listener,
                    channel=theirs,
                )
            )
        theirs.close()
        member = Member(
            pid=pid, place=self._places.index(place), end=HostEnd(ours), segment=segment, born=time.monotonic()
        )
        self._members[pid] = member
        self.events.register(ours, selectors.EVENT_READ, member)
        return member

    def _become(self, plan: WorkerPlan) -> NoReturn:
        """From here on this process is a worker."""
        try:
            signal.set_wakeup_fd(-1)
            self.events.close()
            # A worker that held its sisters' channels would keep them from noticing that the host has ended.
            for member in self._members.values():
                member.end.close()
            for place in self._places:
                if place.listener is not plan.listener:
                    place.listener.close()
            run_worker(plan)
        finally:
            os._exit(_CRASHED)
