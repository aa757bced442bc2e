"""What becomes of what was released before: a release, a share for it, or one step back. Pure."""

from __future__ import annotations

from dataclasses import dataclass, replace

from modelyard.environment.azure_rollouts import WHOLE_TRAFFIC
from modelyard_infra.blueprint.azure.released import Releases, Remembered, Version
from modelyard_infra.stacks.releases.folder import Release


@dataclass(frozen=True, slots=True)
class Order:
    """What somebody asks for."""

    releases: tuple[Release, ...]
    """One for each model."""
    percent: int = WHOLE_TRAFFIC
    """Share of the requests that each gets; all of them finishes what was tried."""
    back: bool = False
    """Take these releases back instead."""


@dataclass(frozen=True, slots=True)
class Moved:
    """One model after an order."""

    remembered: Remembered | None
    """None: the model does not run any more."""
    note: str
    """What that means, for people."""


def ordered(releases: Releases, order: Order) -> tuple[Releases, tuple[str, ...]]:
    """What is released after an order, and what to tell people about it. The same order twice changes nothing more."""
    found = dict(releases)
    notes = []
    for release in order.releases:
        before = found.pop(release.model, None)
        moved = taken_back(before, release) if order.back else released(before, release, order.percent)
        if moved.remembered is not None:
            found[release.model] = moved.remembered
        notes.append(f"{release.model}: {moved.note}")
    return {name: found[name] for name in sorted(found)}, tuple(notes)


def released(before: Remembered | None, release: Release, percent: int) -> Moved:
    """Gives a release its share of the requests.

    Args:
        before: what was released of the model.
        release: the version that gets the share.
        percent: 1 to 99 tries it beside the current version; 100 makes it the current one.
    """
    was = before or Remembered()
    version = Version(release.version, release.image, release.digest)
    name = _name(release)
    if version.is_same(was.current):
        return Moved(was, f"{name} is deployed already")
    tried = was.tried if version.is_same(was.tried) else _known(was, version)
    if percent < WHOLE_TRAFFIC:
        now = replace(was, tried=tried, percent=percent, returned=None)
        beside = f"version {was.current.version} the rest" if was.current else "nothing is there beside it"
        return Moved(now, f"{name} answers {percent}% of the requests, {beside}{_giving_way(was, version)}")
    now = replace(was, current=tried, previous=was.current, tried=None, percent=0, returned=None, stepped_back=False)
    return Moved(now, f"{name} answers all requests{_giving_way(was, version)}")


def taken_back(before: Remembered | None, release: Release) -> Moved:
    """Takes a release back if it is tried or current, and does nothing if it is neither. Never two steps."""
    version = Version(release.version, release.image, release.digest)
    name = _name(release)
    if before is not None and version.is_same(before.tried):
        return _untried(before, name)
    if before is None or not version.is_same(before.current):
        return Moved(before, f"{name} is neither tried nor deployed: nothing to take back")
    if before.previous is None and before.stepped_back:
        return Moved(before, f"{name} is what an earlier step back led to: nothing is known from before it")
    if before.previous is None and before.tried is None:
        return Moved(None, f"{name} is taken back; nothing was there before it, so the model is taken away")
    # What is tried meanwhile is somebody else's, and goes on.
    returned = None if before.tried else before.current
    now = replace(before, current=before.previous, previous=None, returned=returned, stepped_back=True)
    answering = now.current or now.newest
    alone = "" if now.current else "nothing was there before it: "
    return Moved(now, f"{name} is taken back; {alone}version {answering.version} answers{'' if alone else ' again'}")


def _untried(before: Remembered, name: str) -> Moved:
    if before.current is None:
        return Moved(None, f"{name} is taken back; nothing was there before it, so the model is taken away")
    now = replace(before, tried=None, percent=0, returned=before.tried)
    return Moved(now, f"{name} is taken back; version {before.current.version} answers all requests")


def _known(was: Remembered, version: Version) -> Version:
    """The version that was taken back, if it is that one: its revision is still the newest, and can be used again."""
    return was.returned if was.returned is not None and version.is_same(was.returned) else version


def _giving_way(was: Remembered, version: Version) -> str:
    if was.tried is None or version.is_same(was.tried):
        return ""
    return f"; version {was.tried.version}, which was tried with {was.percent}%, gives way"


def _name(release: Release) -> str:
    return f"version {release.version}{' (a stand-in for its image)' if release.is_stand_in else ''}"
