"""From blueprints to verdicts: both renderings of every environment in one run of checkov."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

from modelyard.cli.output import table
from modelyard_infra.arm import arm_template
from modelyard_infra.arm.expressions import Declared, joined, type_of
from modelyard_infra.blueprint.azure.draw import AzureBlueprint
from modelyard_infra.blueprint.graph import Graph, Resource
from modelyard_infra.catalogue import load_catalogue
from modelyard_infra.checkov.justifying import Verdict, judge, load_justified
from modelyard_infra.checkov.running import FRAMEWORKS, run_checkov
from modelyard_infra.terraform.blocks import terraform_name
from modelyard_infra.terraform.rendering import write_terraform
from modelyard_infra.terraform.translating import translate


def scan(
    blueprints: Sequence[AzureBlueprint],
    *,
    root: Path,
    declared: Callable[[AzureBlueprint], Iterable[Resource]] = lambda blueprint: blueprint.graph,
) -> list[Verdict]:
    """What checkov says of these environments when our reasons are heard.

    Args:
        blueprints: the environments.
        root: the workspace.
        declared: which resources the ARM template is made of: the blueprint's own, or those of a preview.
    """
    with TemporaryDirectory(prefix="modelyard-checkov-") as folder:
        files = {
            blueprint.environment: _files(blueprint, declared(blueprint), Path(folder).resolve())
            for blueprint in blueprints
        }
        report = run_checkov([file for pair in files.values() for file in pair], FRAMEWORKS, root=root)
    return [
        judge(
            report.of(*files[blueprint.environment]),
            load_justified(root, blueprint.environment),
            environment=blueprint.environment,
            keys=names_in_checkov(blueprint.graph),
        )
        for blueprint in blueprints
    ]


def names_in_checkov(graph: Graph) -> Mapping[str, str]:
    """Key of each resource, by every name that checkov may have for it."""
    declared = Declared({resource.key: resource for resource in graph})
    names = {f"resource.{terraform_name(resource.key)}": resource.key for resource in graph}
    names |= {block.address: block.key for block in translate(graph)}
    for resource in graph:
        if load_catalogue()[resource.kind].arm:
            names[f"{type_of(resource)}.{joined(declared.names(resource))}"] = resource.key
    return names


def verdict_text(verdict: Verdict) -> str:
    """A verdict as people read it: what failed and why that is right, what is wrong, a summary."""
    rows = [(one.framework, one.check, _short(one.resource), reason or "-") for one, reason in verdict.failed.items()]
    lines = [table(("over", "check", "resource", "why it may fail"), sorted(rows))] if rows else []
    lines += [f"problem: {problem}" for problem in verdict.problems]
    ran = ", ".join(f"{count} over {framework}" for framework, count in verdict.ran.items())
    state = "does not pass" if verdict.problems else "passes"
    return "\n".join([*lines, f"environment {verdict.environment} {state}: {ran}, {len(rows)} failed"])


def _short(resource: str) -> str:
    return resource.rpartition(".")[2]


def _files(blueprint: AzureBlueprint, declared: Iterable[Resource], folder: Path) -> tuple[Path, Path]:
    terraform = write_terraform(blueprint, folder / blueprint.environment).path
    template = folder / f"{blueprint.environment}.json"
    template.write_text(json.dumps(arm_template(declared), indent=1), encoding="utf-8")
    return terraform, template
