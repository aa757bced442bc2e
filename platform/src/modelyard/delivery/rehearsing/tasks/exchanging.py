"""Artifacts in and out of an agent."""

from __future__ import annotations

from pathlib import Path

from modelyard.delivery.rehearsing.agent.artifacts import ArtifactError, download, download_all, publish
from modelyard.delivery.rehearsing.work import DONE, Outcome, Work


def publish_artifact(work: Work) -> Outcome:
    """PublishPipelineArtifact@1."""
    path = work.input("targetPath", "path", default=str(work.agent.folders.workspace))
    return published(work, path, work.input("artifactName", "artifact", default=_default_name(work)))


def publish_build_artifact(work: Work) -> Outcome:
    """PublishBuildArtifacts@1."""
    path = work.input("PathtoPublish", default=str(work.agent.folders.staging))
    return published(work, path, work.input("ArtifactName", default="drop"))


def download_artifact(work: Work) -> Outcome:
    """DownloadPipelineArtifact@2: without a name all artifacts, each in a folder of its name."""
    if work.input("buildType", "source", default="current").lower() != "current":
        return work.failed("artifacts of other pipelines are not here; only those of this run are")
    target = work.input("targetPath", "path", default=str(work.agent.folders.workspace))
    name = work.input("artifactName", "artifact")
    return downloaded(work, name, work.path(target), patterns=work.input("itemPattern", "patterns", default="**"))


def publish_step(work: Work) -> Outcome:
    """`publish:`"""
    path = work.agent.variables.expand(work.step.does)
    return published(work, path, work.input("artifact", default=_default_name(work)))


def download_step(work: Work) -> Outcome:
    """`download:` puts every artifact into a folder of its name in the agent's workspace."""
    source = work.agent.variables.expand(work.step.does).lower()
    if source == "none":
        return DONE
    if source != "current":
        return work.failed(f"download of {source}: artifacts of other pipelines are not here")
    name, patterns = work.input("artifact"), work.input("patterns", default="**")
    given = work.input("path")
    target = work.path(given) if given else work.agent.folders.workspace
    return downloaded(work, name, target / name if name and not given else target, patterns=patterns)


def published(work: Work, path: str, name: str) -> Outcome:
    """Publishes a path under a name."""
    rehearsal = work.rehearsal
    try:
        count = publish(work.path(path), name, by=work.job, store=rehearsal.folder.artifacts, record=rehearsal.record)
    except ArtifactError as error:
        return work.failed(str(error))
    work.say(f"published {count} files as {name}")
    return DONE


def downloaded(work: Work, name: str, target: Path, *, patterns: str = "**") -> Outcome:
    """Downloads one artifact into `target`, or all, each into a folder of its name there."""
    store = work.rehearsal.folder.artifacts
    try:
        if name:
            found = {name: download(name, target, store=store, patterns=patterns)}
        else:
            found = download_all(target, store=store, patterns=patterns)
    except ArtifactError as error:
        return work.failed(str(error))
    for one, count in found.items():
        work.say(f"{one}: {count} files into {target}")
    return DONE


def _default_name(work: Work) -> str:
    return work.job.replace("/", ".")
