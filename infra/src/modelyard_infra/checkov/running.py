"""Runs checkov, which lives in an environment of its own: it pins what Pulumi can't live with."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from modelyard.errors import InfrastructureError, MissingToolError

TERRAFORM, ARM = "terraform_json", "arm"
FRAMEWORKS = (TERRAFORM, ARM)
PROJECT = Path("tools") / "checkov"
INSTALL = f"uv sync --project {PROJECT} --locked"
TIMEOUT_SECONDS = 300
NOWHERE = "http://127.0.0.1:9"
"""The discard port: whatever checkov would like to tell or ask the internet ends here."""
KEPT_VARIABLES = ("PATH", "HOME", "LANG", "TMPDIR")
"""No key of checkov's vendor, and no setting of somebody's shell, reaches it."""


@dataclass(frozen=True, slots=True)
class Finding:
    """What one check said about one resource."""

    check: str
    """Its id: CKV_AZURE_59."""
    title: str
    """What it wants."""
    resource: str
    """The resource in checkov's words: azurerm_subnet.NAME, resource.NAME, ARM TYPE.NAME."""
    file: Path
    framework: str
    passed: bool


@dataclass(frozen=True, slots=True)
class Report:
    """Everything that checkov said."""

    findings: tuple[Finding, ...]

    def of(self, *files: Path) -> Report:
        """What it said about some of the files."""
        return Report(tuple(finding for finding in self.findings if finding.file in files))

    @property
    def failed(self) -> tuple[Finding, ...]:
        """The findings that want something else."""
        return tuple(finding for finding in self.findings if not finding.passed)

    def ran(self, framework: str) -> int:
        """How many checks ran over files of a framework."""
        return sum(finding.framework == framework for finding in self.findings)


def run_checkov(files: Sequence[Path], frameworks: Sequence[str], *, root: Path) -> Report:
    """Runs checkov once over all files: it takes seven seconds to start, and hardly more for six files than for one.

    Args:
        files: Terraform JSON and ARM templates.
        frameworks: terraform_json, arm.
        root: the workspace, whose tools/checkov is used.

    Raises:
        MissingToolError: checkov is not installed.
        InfrastructureError: it broke, could not read a file, or looked at nothing in one.
    """
    program = root / PROJECT / ".venv" / "bin" / "checkov"
    if not program.is_file():
        raise MissingToolError(f"checkov is not installed: there is no {program}", hint=INSTALL)
    known = [file.resolve() for file in files]
    options = ["--framework", *frameworks, "--output", "json", "--compact", "--skip-download"]
    report = _report(_said([str(program), "--file", *map(str, known), *options]))
    for file in known:
        if not report.of(file).findings:
            raise InfrastructureError(
                f"checkov looked at nothing in {file}", hint="is it Terraform JSON, or an ARM template?"
            )
    return report


def _said(command: list[str]) -> list[dict[str, Any]]:
    """What checkov printed. It ends with 1 when a check failed, which is no error of ours."""
    surroundings = {name: os.environ[name] for name in KEPT_VARIABLES if name in os.environ}
    surroundings |= {"HTTP_PROXY": NOWHERE, "HTTPS_PROXY": NOWHERE, "LOG_LEVEL": "ERROR"}
    try:
        ended = subprocess.run(
            command, env=surroundings, capture_output=True, text=True, timeout=TIMEOUT_SECONDS, check=False
        )
    except subprocess.TimeoutExpired:
        raise InfrastructureError(f"checkov did not end within {TIMEOUT_SECONDS} s") from None
    try:
        said = json.loads(ended.stdout)
    except json.JSONDecodeError:
        tail = "\n".join((ended.stderr or ended.stdout).strip().splitlines()[-3:])
        raise InfrastructureError(f"checkov broke (exit code {ended.returncode}): {tail}", hint=INSTALL) from None
    return said if isinstance(said, list) else [said]


def _report(said: Sequence[Mapping[str, Any]]) -> Report:
    broken = [error for part in said for error in part.get("results", {}).get("parsing_errors", [])]
    if broken:
        raise InfrastructureError(f"checkov could not read {', '.join(map(str, broken))}")
    return Report(tuple(finding for part in said for finding in _findings(part)))


def _findings(part: Mapping[str, Any]) -> Iterator[Finding]:
    """A part without results is a framework for which no file was there."""
    for outcome in ("passed_checks", "failed_checks"):
        for stated in part.get("results", {}).get(outcome, []):
            yield Finding(
                check=stated["check_id"],
                title=stated["check_name"],
                resource=stated["resource"],
                file=Path(stated["file_abs_path"]).resolve(),
                framework=part["check_type"],
                passed=outcome == "passed_checks",
            )
