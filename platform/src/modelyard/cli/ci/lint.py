"""`modelyard ci lint`."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path

import click

from modelyard.cli.ci.command_lines import wrong_with
from modelyard.cli.options import format_option
from modelyard.cli.output import emit, table
from modelyard.delivery.linting.checking import judge
from modelyard.delivery.linting.findings import Finding
from modelyard.delivery.linting.registry import RULES
from modelyard.delivery.linting.study import Study
from modelyard.delivery.linting.studying import study_of
from modelyard.environment.workspace import Workspace
from modelyard.errors import InvalidPipelineError


@click.command()
@click.argument("files", nargs=-1)
@click.option("--rules", "show_rules", is_flag=True, help="Show the rules and why they are there; look at nothing.")
@format_option
def lint(files: tuple[str, ...], *, show_rules: bool, output_format: str) -> None:
    """What is wrong with FILES, without running them; by default with every pipeline of this repository.

    Each file is expanded with its defaults, with each allowed value of its parameters, and with a stand-in. Exit code 3
    if something is found.
    """
    if show_rules:
        _show_rules(output_format)
        return
    root = Workspace.find().root
    study = study_of(root, [_from_root(file, root) for file in files] or None, wrong_with)
    findings = judge(study)
    emit(_document(findings, study), lambda: _text(findings, study), output_format)
    if any(finding.severity == "error" for finding in findings):
        sys.exit(InvalidPipelineError.exit_code)


def _from_root(file: str, root: Path) -> str:
    """A file as pipelines name it, wherever the command was called."""
    path = Path(file).resolve()
    if not path.is_relative_to(root):
        raise click.UsageError(f"{file} is not in {root}")
    return path.relative_to(root).as_posix()


def _show_rules(output_format: str) -> None:
    rows = [(rule.id, rule.kind, rule.what, rule.why) for rule in RULES]
    document = [dict(zip(("rule", "kind", "what", "why"), row, strict=True)) for row in rows]
    emit(document, lambda: table(("Rule", "Kind", "What", "Why"), rows), output_format)


def _document(findings: Sequence[Finding], study: Study) -> dict[str, object]:
    return {
        "findings": [finding.to_json() for finding in findings],
        "files": sorted(study.sources),
        "expansions": len(study.runs),
        "rules": len(RULES),
    }


def _text(findings: Sequence[Finding], study: Study) -> str:
    lines = [
        line for finding in findings for line in (str(finding), *([f"    {finding.hint}"] if finding.hint else []))
    ]
    looked = f"{len(study.sources)} files in {len(study.runs)} expansions, {len(RULES)} rules"
    found = f"{len(findings)} finding{'' if len(findings) == 1 else 's'}" if findings else "nothing found"
    return "\n".join([*lines, f"{found}: {looked}"])
