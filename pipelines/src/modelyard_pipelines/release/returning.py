"""Watching what was put on trial, and going back: what a pipeline does when it is not the one who decides."""

from __future__ import annotations

from functools import partial
from pathlib import Path

from modelyard.composition import Platform
from modelyard.errors import ServingError
from modelyard.notify.notification import Notification
from modelyard.release.going_back import BackReport, GoingBack
from modelyard.release.probing import Probe
from modelyard.release.travelling.finding import find_releases
from modelyard.release.watching import Watch, Watched
from modelyard_bundle import Pointer
from modelyard_pipelines.release.releasing import deployment_of
from modelyard_pipelines.release.rolling_out import status


def watch_from(
    platform: Platform, folder: Path, name: str | None, *, seconds: float, probe: bool
) -> tuple[Watched, ...]:
    """Waits for verdicts on the releases in a folder; whoever is to be told of one that was taken back is told.

    Args:
        platform: Where they are tried.
        folder: Where the releases lie.
        name: Only this model's; all if none is named.
        seconds: How long at most.
        probe: Whether to ask the live API meanwhile.

    Raises:
        InvalidBundleError: There is no such release.
        ReleaseRefusedError: The live API does not let the probe in.
    """
    deployment = deployment_of(platform)
    watch = Watch(
        deployment=deployment,
        look=partial(status, platform),
        probe=Probe(deployment.api) if probe else None,
    )
    return watch.watch(_pointers(folder, name), seconds=seconds)


def back_from(platform: Platform, folder: Path, name: str | None) -> tuple[list[BackReport], list[ServingError]]:
    """Undoes the releases in a folder, all that can be undone; what could not is given as well.

    The records are read without asking who signed them: what is undone is only what is tried or deployed by that very
    digest, and going back must work after a key was withdrawn.

    Raises:
        InvalidBundleError: There is no such release.
    """
    done: list[BackReport] = []
    failed: list[ServingError] = []
    for pointer in _pointers(folder, name):
        try:
            done.append(_back(platform, pointer))
        except ServingError as error:
            failed.append(error)
    return done, failed


def _back(platform: Platform, pointer: Pointer) -> BackReport:
    # Asked for what it tells people: that the model API took a candidate back by itself.
    status(platform, pointer.model)
    report = GoingBack(deployment_of(platform)).back(pointer)
    if report.undone is not None:
        _tell(platform, report)
    return report


def _pointers(folder: Path, name: str | None) -> list[Pointer]:
    return [record.pointer for _, (_, record) in sorted(find_releases(folder, name).items())]


def _tell(platform: Platform, report: BackReport) -> None:
    now = "nothing of it is served" if report.answering is None else f"version {report.answering} answers everything"
    platform.notifier.notify(
        Notification(
            kind="release taken back",
            title=f"{report.model}: version {report.version} was taken back",
            what=f"its release was undone; {now}",
            where=platform.connections.model_api,
            how_much="one release",
            next_step=f"modelyard release status {report.model}",
            facts={"digest": report.digest, "since": report.undone or ""},
            event=f"{report.model} {report.digest} {report.undone}",
        )
    )
