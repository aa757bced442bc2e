"""Does what steps tell the agent: variables, artifacts, summaries, tags, the PATH."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

from modelyard.delivery.pipeline import Step
from modelyard.delivery.rehearsing.agent.agents import Agent
from modelyard.delivery.rehearsing.agent.artifacts import ArtifactError, publish
from modelyard.delivery.rehearsing.agent.commands import LoggingCommand
from modelyard.delivery.rehearsing.rehearsal import Rehearsal

QUIET = frozenset({"task.debug", "task.setprogress", "task.logdetail", "task.settaskvariable", "task.setsecret"})
LARGEST_SUMMARY = 2**20


class Obedience:
    """Obeys the commands of one step."""

    def __init__(self, rehearsal: Rehearsal, agent: Agent, *, step: Step, job: str) -> None:
        self._rehearsal = rehearsal
        self._agent = agent
        self._step = step
        self._job = job

    def __call__(self, command: LoggingCommand) -> str | None:
        """Does it; a sentence if it cannot be done."""
        does: Mapping[str, Callable[[LoggingCommand], str | None]] = {
            "task.setvariable": self._set_variable,
            "task.prependpath": self._prepend_path,
            "task.uploadsummary": self._summary,
            "artifact.upload": self._upload,
            "build.addbuildtag": self._tag,
            "build.updatebuildnumber": self._number,
        }
        if command.name in QUIET:
            return None
        act = does.get(command.name)
        return act(command) if act else f"##vso[{command.name}] does nothing in a rehearsal"

    def _set_variable(self, command: LoggingCommand) -> str | None:
        name, value = command.properties.get("variable", ""), command.text
        if not name:
            return "##vso[task.setvariable] names no variable"
        is_output, secret = command.is_set("isoutput"), command.is_set("issecret")
        if is_output and not self._step.name:
            return f"output variable {name} is lost: the step has no name by which others could read it"
        full = f"{self._step.name}.{name}" if is_output else name
        if not self._agent.variables.set(full, value, secret=secret, readonly=command.is_set("isreadonly")):
            return f"variable {name} is read-only; it stays as it is"
        if is_output:
            self._keep_output(full, value, secret=secret)
        return None

    def _keep_output(self, name: str, value: str, *, secret: bool) -> None:
        self._agent.outputs[name] = value
        if secret:
            self._agent.secret_outputs.add(name)

    def _prepend_path(self, command: LoggingCommand) -> None:
        self._agent.path.insert(0, command.text)

    def _summary(self, command: LoggingCommand) -> str | None:
        file = self._agent.folders.sources / command.text
        if not file.is_file() or file.stat().st_size > LARGEST_SUMMARY:
            return f"the summary {file} is not there, or larger than {LARGEST_SUMMARY // 2**20} MiB"
        self._rehearsal.record.summaries.append(file.read_text(encoding="utf-8", errors="replace"))
        return None

    def _upload(self, command: LoggingCommand) -> str | None:
        name = command.properties.get("artifactname") or command.properties.get("containerfolder", "")
        source = self._agent.folders.sources / Path(command.text)
        try:
            publish(source, name, by=self._job, store=self._rehearsal.folder.artifacts, record=self._rehearsal.record)
        except ArtifactError as error:
            return str(error)
        return None

    def _tag(self, command: LoggingCommand) -> None:
        if command.text not in self._rehearsal.record.tags:
            self._rehearsal.record.tags.append(command.text)

    def _number(self, command: LoggingCommand) -> None:
        self._agent.variables.replace("Build.BuildNumber", command.text)
