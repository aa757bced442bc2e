"""Tasks that run a script."""

from __future__ import annotations

import shlex

from modelyard.delivery.pipeline import Shell
from modelyard.delivery.rehearsing.work import Outcome, Work


def command_line(work: Work) -> Outcome:
    """CmdLine@2."""
    strict = work.is_set("failOnStderr")
    return work.script(work.input("script"), folder=_folder(work), strict=strict)


def bash(work: Work) -> Outcome:
    """Bash@3."""
    return _inline_or_file(work, "bash")


def power_shell(work: Work) -> Outcome:
    """PowerShell@2."""
    return _inline_or_file(work, "pwsh")


def azure_cli(work: Work) -> Outcome:
    """AzureCLI@2: the script runs, signed in nowhere."""
    work.say("nobody is signed in to Azure in a rehearsal")
    shell: Shell = "pwsh" if work.input("scriptType").lower() in ("ps", "pscore") else "bash"
    if work.input("scriptLocation", default="scriptPath").lower() == "inlinescript":
        text = work.input("inlineScript")
    else:
        text = _file(work.input("scriptPath"), work.input("arguments", "scriptArguments"), shell)
    folder = work.input("workingDirectory", "cwd")
    return work.script(text, shell, folder=folder, strict=work.is_set("failOnStandardError"))


def _inline_or_file(work: Work, shell: Shell) -> Outcome:
    if work.input("targetType", default="filePath").lower() == "inline":
        text = work.input("script")
    else:
        text = _file(work.input("filePath"), work.input("arguments"), shell)
    return work.script(text, shell, folder=_folder(work), strict=work.is_set("failOnStderr"))


def _file(path: str, arguments: str, shell: Shell) -> str:
    runner = "&" if shell == "pwsh" else "bash"
    return f"{runner} {shlex.quote(path)} {arguments}"


def _folder(work: Work) -> str:
    return work.input("workingDirectory", default=work.step.working_directory or "")
