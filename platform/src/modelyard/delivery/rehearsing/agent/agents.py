"""One agent: folders that are empty when it begins, a PATH of its own, variables. A job has one, and each hook."""

from __future__ import annotations

import os
import shutil
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from modelyard.delivery.rehearsing.planning.variables import Variables
from modelyard.delivery.rehearsing.runs import RunFolder


@dataclass(frozen=True, slots=True)
class Folders:
    """The folders of an agent."""

    sources: Path
    """The clean checkout; an empty folder for a job that checks nothing out."""
    workspace: Path
    staging: Path
    binaries: Path
    tests: Path
    temp: Path
    tools: Path
    home: Path
    """The folder of the run, with all of these below it."""

    @classmethod
    def fresh(cls, run: RunFolder, *, with_sources: bool) -> Folders:
        """Empties what the agent before left, and makes the folders."""
        home = run.agent
        shutil.rmtree(home, ignore_errors=True)
        folders = cls(
            sources=run.checkout if with_sources else home / "no-sources",
            workspace=home / "workspace",
            staging=home / "staging",
            binaries=home / "binaries",
            tests=home / "tests",
            temp=home / "temp",
            tools=home / "tools",
            home=home.parent,
        )
        for folder in (folders.sources, folders.workspace, folders.staging, folders.binaries, folders.tests):
            folder.mkdir(parents=True, exist_ok=True)
        for folder in (folders.temp, folders.tools):
            folder.mkdir()
        return folders

    def predefined(self) -> dict[str, str]:
        """The variables that name them."""
        return {
            "Agent.BuildDirectory": str(self.workspace),
            "Agent.HomeDirectory": str(self.tools),
            "Agent.TempDirectory": str(self.temp),
            "Agent.ToolsDirectory": str(self.tools),
            "Agent.WorkFolder": str(self.workspace.parent),
            "Build.ArtifactStagingDirectory": str(self.staging),
            "Build.BinariesDirectory": str(self.binaries),
            "Build.Repository.LocalPath": str(self.sources),
            "Build.SourcesDirectory": str(self.sources),
            "Build.StagingDirectory": str(self.staging),
            "Common.TestResultsDirectory": str(self.tests),
            "Pipeline.Workspace": str(self.workspace),
            "System.ArtifactsDirectory": str(self.staging),
            "System.DefaultWorkingDirectory": str(self.sources),
        }


@dataclass(slots=True)
class Agent:
    """Where the steps of one job, or of one hook, run."""

    folders: Folders
    variables: Variables
    passed: Mapping[str, str]
    """Of the caller's environment."""
    outputs: dict[str, str]
    """Output variables that steps set, by `step.variable`."""
    secret_outputs: set[str] = field(default_factory=set)
    path: list[str] = field(default_factory=list)
    """What `##vso[task.prependpath]` put first, newest first."""
    status: str = "Succeeded"
    """How the job stands."""
    at_end: list[CacheWish] = field(default_factory=list)
    """What Cache@2 keeps when the job has ended."""

    def environment(self, env: Mapping[str, str]) -> dict[str, str]:
        """What a step's process gets: the caller's few settings, variables but no secret ones, then its `env:`."""
        surroundings = {
            **self.passed,
            **self.variables.environment(),
            "TMPDIR": str(self.folders.temp),
            # A folder of the agent is part of no repository, although the developer's lies around it.
            "GIT_CEILING_DIRECTORIES": str(self.folders.home),
            # Nobody is signed in here, whoever is at home.
            "AZURE_CONFIG_DIR": str(self.folders.temp / "azure"),
            "TF_BUILD": "True",
            "AGENT_ID": "0",
        }
        surroundings.update({name: self.variables.expand(value) for name, value in env.items()})
        path = surroundings.get("PATH", self.passed["PATH"])
        return {**surroundings, "PATH": os.pathsep.join([*self.path, path])}


@dataclass(frozen=True, slots=True)
class CacheWish:
    """A folder to keep under a key."""

    source: Path
    target: Path
    restored: bool
    """Whether it was there before."""
