"""Steps in the words of GitHub Actions."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from modelyard.delivery.github.actions import CACHE, CHECKOUT, DOWNLOAD, LOGIN, PYTHON, UPLOAD, Action
from modelyard.delivery.github.outputs import joined, translated
from modelyard.delivery.github.texts import Words, environment_name
from modelyard.delivery.pipeline import Stage, Step
from modelyard.errors import InvalidPipelineError

AZURE = "AzureCLI"
TOKEN = "SYSTEM_ACCESSTOKEN"  # noqa: S105 - the name of a variable
KEPT = ("~/.cache/uv", "~/.cache/modelyard")
"""What setting up downloads: wheels, and the Pulumi CLI."""
ONCE = ("UsePythonVersion", "Cache", "DownloadPipelineArtifact")
"""Tasks that one job needs once; a deployment's parts, which are one job here, each begin with them."""

Document = dict[str, Any]
Inputs = Mapping[str, str]


def _results(inputs: Inputs) -> Document:
    return {"name": f"results-{inputs['testRunTitle']}", "path": inputs["testResultsFiles"]}


def _coverage(inputs: Inputs) -> Document:
    path = inputs["summaryFileLocation"]
    return {"name": path.rsplit("/", 1)[-1].removesuffix(".xml"), "path": path}


def _downloads(_: Inputs) -> Document:
    return {"path": "\n".join(KEPT), "key": "downloads-${{ runner.os }}-${{ hashFiles('uv.lock') }}"}


COUNTERPARTS: Mapping[str, tuple[Action, Callable[[Inputs], Document]]] = {
    "checkout": (
        CHECKOUT,
        lambda said: {"fetch-depth": int(said.get("fetchDepth", "1")), "persist-credentials": False},
    ),
    "UsePythonVersion": (PYTHON, lambda said: {"python-version": said["versionSpec"]}),
    "Cache": (CACHE, _downloads),
    "publish": (UPLOAD, lambda said: {"name": said["artifact"], "path": said["does"], "if-no-files-found": "error"}),
    "DownloadPipelineArtifact": (
        DOWNLOAD,
        lambda said: {"pattern": said["itemPattern"].split("/", 1)[0], "path": said["targetPath"]},
    ),
    "PublishTestResults": (UPLOAD, _results),
    "PublishCodeCoverageResults": (UPLOAD, _coverage),
}
"""What takes the place of a task or a step, and its inputs there."""


@dataclass(slots=True)
class StepWriter:
    """Writes the steps of one job, in their order."""

    stage: Stage
    words: Words
    status: str = ""
    """`failure()` for what runs only then."""
    connection: str = ""
    """The service connection that the job is signed in with."""

    def write(self, step: Step) -> Iterator[Document]:
        """The step, after whatever it needs here.

        Raises:
            InvalidPipelineError: there is no counterpart for it.
        """
        _refuse_unwritten(step)
        task, _, _ = step.does.partition("@")
        if step.kind == "task" and task == AZURE:
            yield from self._signed_in(step)
            return
        if step.kind == "script":
            yield self._run(step, step.does)
            return
        action, inputs = self._action(step, task)
        yield {**self._begun(step), "uses": action.uses, "with": inputs}

    def _signed_in(self, step: Step) -> Iterator[Document]:
        connection = str(step.inputs["azureSubscription"])
        if connection != self.connection:
            self.connection = connection
            owner = environment_name(connection.replace("-", "_"))
            yield {
                "name": f"Sign in as {connection}",
                **({"if": self.status} if self.status else {}),
                "uses": LOGIN.uses,
                "with": {
                    "client-id": f"${{{{ vars.{owner}_CLIENT_ID }}}}",
                    "tenant-id": "${{ vars.AZURE_TENANT_ID }}",
                    "subscription-id": f"${{{{ vars.{owner}_SUBSCRIPTION_ID }}}}",
                },
            }
        yield self._run(step, str(step.inputs["inlineScript"]))

    def _run(self, step: Step, script: str) -> Document:
        env = {name: self.words.value(value) for name, value in step.env.items() if name != TOKEN}
        if TOKEN in step.env and step.kind == "script":
            env["GITHUB_TOKEN"] = "${{ github.token }}"  # noqa: S105 - an expression
        for name in sorted(self.words.matrix_names(script)):
            env[environment_name(name)] = f"${{{{ matrix.{name} }}}}"
        if AZURE in step.does:
            env |= self._identity()
        return {
            **self._begun(step),
            "run": self.words.script(script),
            **({"env": env} if env else {}),
            **({"timeout-minutes": int(step.timeout_minutes)} if step.timeout_minutes else {}),
        }

    def _identity(self) -> dict[str, str]:
        """Pulumi asks for a token of its own; it needs to know for whom."""
        owner = environment_name(self.connection.replace("-", "_"))
        return {
            "AZURE_CLIENT_ID": f"${{{{ vars.{owner}_CLIENT_ID }}}}",
            "AZURE_TENANT_ID": "${{ vars.AZURE_TENANT_ID }}",
            "AZURE_SUBSCRIPTION_ID": f"${{{{ vars.{owner}_SUBSCRIPTION_ID }}}}",
        }

    def _begun(self, step: Step) -> Document:
        said: Document = {"name": "Check out" if step.kind == "checkout" else self.words.value(step.label)}
        if step.name:
            said["id"] = step.name
        condition = self.status
        if step.condition:
            own = translated(step.condition, self.stage, step.place)
            condition = joined("and", [condition, own]) if condition else own
        if condition:
            said["if"] = f"${{{{ {condition} }}}}"
        return said

    def _action(self, step: Step, task: str) -> tuple[Action, Document]:
        inputs = {name: self.words.value(str(value)) for name, value in step.inputs.items()}
        inputs["does"] = self.words.value(step.does)
        known = COUNTERPARTS.get(task if step.kind == "task" else step.kind)
        if known is not None:
            action, written = known
            return action, written(inputs)
        raise InvalidPipelineError(
            f"{step.place}: {step.does} has no counterpart in GitHub Actions",
            hint="use one of the tasks in pipelines/azure/steps, or add its counterpart",
        )


def _refuse_unwritten(step: Step) -> None:
    """What is not written must not be lost without a word."""
    said = {
        "enabled": step.enabled.lower() != "true",
        "continueOnError": step.continue_on_error.lower() != "false",
        "retryCountOnTaskFailure": step.retries > 0,
        "workingDirectory": bool(step.working_directory),
        f"shell {step.shell}": step.shell not in ("default", "bash"),
    }
    lost = next((key for key, is_said in said.items() if is_said), "")
    if lost:
        raise InvalidPipelineError(
            f"{step.place}: `{lost}` of {step.label!r} is not written for GitHub Actions",
            hint="do without it, or write its counterpart",
        )


def begins_a_job(step: Step) -> bool:
    """Whether it is part of what every job begins with, and needs to be done once in it."""
    if step.kind == "script":
        return step.does.strip().startswith("make setup")
    return step.kind in ("checkout", "download") or step.does.partition("@")[0] in ONCE
