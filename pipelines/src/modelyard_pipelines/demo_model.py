"""The model's part of the demo: one phase of data brings one version to production and into the model API."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from modelyard.cli.output import step
from modelyard.composition import Platform
from modelyard.errors import DataNotReadyError
from modelyard.lake.layers import Layer, Table
from modelyard.models.discovery import find_model
from modelyard.registry.versions import ModelVersion
from modelyard.release.calling import ModelApi
from modelyard.release.expectation import Expectation
from modelyard_bundle import bundle_folder, read_bundle, read_pointer
from modelyard_pipelines.data.history import version_after
from modelyard_pipelines.model.promoting import promote
from modelyard_pipelines.model.staging import stage
from modelyard_pipelines.model.training import train
from modelyard_pipelines.purposes.catalog import find_purpose
from modelyard_pipelines.release.releasing import deploy


@dataclass(frozen=True, slots=True)
class Phase:
    """Some months of data, and the model version that follows from them."""

    name: str
    months: tuple[str, ...]


@dataclass(slots=True)
class Traffic:
    """What happened to the requests that were sent while a version was replaced."""

    sent: int = 0
    failed: int = 0
    versions: list[str] = field(default_factory=list)
    """The versions that answered, in order, each named when it changes."""


def bring_to_production(platform: Platform, name: str, phase: Phase, *, by: str) -> bool:
    """Trains, stages, compares, promotes and releases the version that a phase's data calls for.

    Returns:
        Whether anything had to be done.
    """
    table = Table(Layer.CURATED, find_model(platform.workspace, name).purpose)
    data_version = version_after(platform, find_purpose(table.name, platform.workspace), phase.months[-1])
    if data_version is None:
        raise DataNotReadyError(
            f"{table} does not hold {phase.months[-1]} yet", hint=f"modelyard data run {table.name}"
        )
    ours = _promoted_on(platform, name, table, data_version)
    if ours is None:
        _decide(platform, name, phase, data_version, by=by)
    elif ours.stage != "production":
        return False
    with step(f"release: {phase.name}") as note, traffic(platform, name) as seen:
        report = deploy(platform, name)
        note(f"version {report.version}")
    if report.changed and seen.sent:
        _told(seen)
    return ours is None or report.changed


def _promoted_on(platform: Platform, name: str, table: Table, data_version: int) -> ModelVersion | None:
    """The version that was trained on this data and has been promoted, if there is one."""
    versions = platform.registry().versions(name)
    trained = [one for one in versions if one.data_versions.get(str(table)) == data_version]
    return next((one for one in trained if one.stage == "production" or one.promoted_by), None)


def _decide(platform: Platform, name: str, phase: Phase, data_version: int, *, by: str) -> None:
    with step(f"train: {phase.name}") as note:
        train(platform, name, data_version=data_version, note=note)
    with step(f"stage: {phase.name}"):
        stage(platform, name)
    with step(f"compare and promote: {phase.name}") as note:
        reason = f"trained on {phase.name}, passed its thresholds and its comparison"
        promote(platform, name, by=by, reason=reason, note=note)


@contextmanager
def traffic(platform: Platform, name: str) -> Iterator[Traffic]:
    """Sends one request after the other while the block runs, if something is served already."""
    seen = Traffic()
    pointer = read_pointer(Path(platform.connections.deployments), name)
    if pointer is None:
        yield seen
        return
    content = read_bundle(bundle_folder(Path(platform.connections.bundles), pointer.bundle))
    stop = threading.Event()
    body = {"inputs": Expectation.of(content).tensors(1)}
    sender = threading.Thread(target=_send, args=(platform.connections.model_api, name, body, stop, seen))
    sender.start()
    try:
        yield seen
    finally:
        stop.set()
        sender.join()


def _send(url: str, name: str, body: object, stop: threading.Event, seen: Traffic) -> None:
    api = ModelApi(url)
    while not stop.is_set():
        answer = api.post(f"/v2/models/{name}/infer", body)
        seen.sent += 1
        seen.failed += answer.status != 200  # noqa: PLR2004 - OK
        version = answer.headers.get("x-model-version", "none")
        if seen.versions[-1:] != [version]:
            seen.versions.append(version)


def _told(seen: Traffic) -> None:
    from modelyard.cli.output import say

    say(f"    {seen.sent} requests during the replacement, {seen.failed} failed; versions {' → '.join(seen.versions)}")
