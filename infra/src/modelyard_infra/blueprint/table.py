"""The page of all resources of the environments in Azure.

python -m modelyard_infra.blueprint.table            writes docs/resources.md
python -m modelyard_infra.blueprint.table --check    exit code 3 when it is stale
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path

from modelyard.environment.generated import GeneratedFile, write_or_check
from modelyard.environment.loading import load_environment
from modelyard.environment.models import Environment
from modelyard.environment.workspace import Workspace
from modelyard_infra.blueprint.azure.draw import draw_azure
from modelyard_infra.blueprint.graph import Graph, Joined, Ref, Resource

ENVIRONMENTS = ("dev", "test", "prod")
LONGEST_VALUE = 60
GUID = r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}"
THERE, NOTHING = "●", "-"
INTRODUCTION = """# What exists in Azure

<!-- Written by `python -m modelyard_infra.blueprint.table`. Change the blueprint, not this page. -->

{counts}: every resource, by concern. The first name is the one by which Pulumi knows it, and Terraform
with `_` for `-`; the other is its name in Azure, where `ENV` stands for the environment and `xxxxx` for the letters
that make a name unique in the world. {holding} hold data: they are marked ■, protected, and replaced only when a person
says so.

Where the environments that have a resource differ, its row says how, in their order; `-` is what is not set or not
there. What differs everywhere is left out: names, tags, subscription.
"""


@dataclass(frozen=True, slots=True)
class Drawn:
    """An environment's graph, with what is its own in every text."""

    name: str
    graph: Graph
    own: Mapping[re.Pattern[str], str]
    """What is the environment's own in a text, and what is written for it."""

    def text(self, value: object) -> str:
        """A value as it is written on the page."""
        if isinstance(value, Ref):
            return f"{value.resource}.{value.output}"
        if isinstance(value, Joined):
            return "".join(self.text(part) for part in value.parts)
        if isinstance(value, bool):
            return str(value).lower()
        text = str(value)
        for own, written in self.own.items():
            text = own.sub(written, text)
        return text


def drawn(environment: Environment) -> Drawn:
    """An environment as the page shows it."""
    blueprint = draw_azure(environment)
    name, region = re.escape(environment.name), re.escape(environment.name_parts.region_code)
    own = {
        re.compile(re.escape(blueprint.subscription_id)): "SUBSCRIPTION",
        re.compile(re.escape(environment.name_parts.suffix)): "xxxxx",
        re.compile(f"^{GUID}$"): "GUID",
        # In a name without separators, or as a word; but not in a host's name like dev.azure.com.
        re.compile(f"{name}(?={region})|(?<![a-z.]){name}(?![a-z.])"): "ENV",
    }
    return Drawn(environment.name, blueprint.graph, own)


def page(environments: Sequence[Environment]) -> str:
    """What docs/resources.md has to say."""
    everything = [drawn(environment) for environment in environments]
    counts = ", ".join(f"{one.name} {len(one.graph)}" for one in everything)
    resources = _in_order(everything)
    holding = sum(resource.holds_data for resource in resources)
    sections = "".join(
        "\n".join(_section(concern, list(of_concern), everything))
        for concern, of_concern in groupby(resources, key=lambda resource: resource.concern)
    )
    return INTRODUCTION.format(counts=counts, holding=holding) + "\n".join(_counts(resources, everything)) + sections


def _in_order(everything: Sequence[Drawn]) -> list[Resource]:
    """Each resource once, by concern, in the order in which the largest environment draws them."""
    largest_first = sorted(everything, key=lambda one: -len(one.graph))
    resources = {resource.key: resource for one in reversed(largest_first) for resource in one.graph}
    order = list(dict.fromkeys(resource.key for one in largest_first for resource in one.graph))
    concerns = list(dict.fromkeys(resources[key].concern for key in order))
    return sorted((resources[key] for key in order), key=lambda resource: concerns.index(resource.concern))


def _counts(resources: Sequence[Resource], everything: Sequence[Drawn]) -> Iterator[str]:
    yield f"\n| concern | {' | '.join(one.name for one in everything)} |"
    yield "|---|" + "---:|" * len(everything)
    for concern in dict.fromkeys(resource.concern for resource in resources):
        counts = (sum(resource.concern == concern for resource in one.graph) for one in everything)
        yield f"| {concern} | {' | '.join(map(str, counts))} |"
    yield f"| all | {' | '.join(str(len(one.graph)) for one in everything)} |"
    yield ""


def _section(concern: str, resources: Sequence[Resource], everything: Sequence[Drawn]) -> Iterator[str]:
    yield f"\n## {concern}\n"
    yield f"| resource | kind | name in Azure | {' | '.join(one.name for one in everything)} | what differs |"
    yield "|---|---|---|" + ":-:|" * len(everything) + "---|"
    for resource in resources:
        there = [one for one in everything if resource.key in one.graph]
        marks = " | ".join(THERE if one in there else "" for one in everything)
        name = there[-1].text(_name(resource))
        mark = "■ " if resource.holds_data else ""
        yield f"| {mark}`{resource.key}` | `{resource.kind}` | {name} | {marks} | {_differences(resource.key, there)} |"
    yield ""


def _name(resource: Resource) -> str:
    """The first text among a resource's own properties that is a name, as every kind calls its name first.

    A role assignment's name says nothing: its description stands there instead.
    """
    for property_name, value in resource.properties.items():
        if property_name.lower().endswith(("name", "path")) and isinstance(value, str):
            return str(resource.properties.get("description", "")) if re.fullmatch(GUID, value) else value
    return ""


def _differences(key: str, there: Sequence[Drawn]) -> str:
    """The properties that are not the same in all environments that have the resource."""
    flat = [dict(_flat(one.graph[key].properties, "", one)) for one in there]
    told: dict[str, str] = {}
    for path in dict.fromkeys(path for values in flat for path in values):
        values = [values.get(path, NOTHING) for values in flat]
        if len(set(values)) > 1 and not path.startswith("tags."):
            entry = _missing_entry(path, flat)
            parts = [THERE if _has(entry, one) else NOTHING for one in flat] if entry else map(_short, values)
            told[entry or path] = " / ".join(parts)
    return "<br>".join(f"`{path}` {values}" for path, values in told.items())


def _missing_entry(path: str, flat: Sequence[Mapping[str, str]]) -> str:
    """The outermost entry of a list around a path that is not in all environments; nothing if there is none."""
    entries = (path[: found.end()] for found in re.finditer(r"\[[^\]]*\]", path))
    return next((entry for entry in entries if not all(_has(entry, one) for one in flat)), "")


def _has(entry: str, values: Mapping[str, str]) -> bool:
    return any(path.startswith(entry) for path in values)


def _flat(value: object, path: str, one: Drawn) -> Iterator[tuple[str, str]]:
    if isinstance(value, Mapping):
        for name, part in value.items():
            yield from _flat(part, f"{path}.{name}" if path else name, one)
    elif isinstance(value, Sequence) and not isinstance(value, str):
        if not any(isinstance(part, Mapping) for part in value):
            if value:
                yield path, ", ".join(one.text(part) for part in value)
            return
        for index, part in enumerate(value):
            label = part.get("name", index) if isinstance(part, Mapping) else index
            yield from _flat(part, f"{path}[{one.text(label)}]", one)
    elif value is not None:
        yield path, one.text(value)


def _short(value: str) -> str:
    text = f"…/{value.rsplit('/', 1)[1]}" if value.startswith("/subscriptions/") else value
    text = text.replace("|", "\\|").replace("\n", " ")
    return text if len(text) <= LONGEST_VALUE else f"{text[: LONGEST_VALUE - 1]}…"


def check_page(file: Path, environments: Sequence[Environment]) -> None:
    """Refuse a page that is not what the blueprint says.

    Raises:
        InvalidSettingsError: the page is missing or stale.
    """
    _generated(file, environments).check()


def main(arguments: list[str]) -> int:
    """Write the page, or with --check only compare it; the exit code is 3 when it is stale."""
    return write_or_check(arguments, _of_workspace)


def _of_workspace() -> GeneratedFile:
    workspace = Workspace.find()
    environments = [load_environment(workspace, name) for name in ENVIRONMENTS]
    return _generated(workspace.root / "docs" / "resources.md", environments)


def _generated(file: Path, environments: Sequence[Environment]) -> GeneratedFile:
    return GeneratedFile(
        file=file,
        text=page(environments),
        what="table",
        source="the blueprint says",
        module="modelyard_infra.blueprint.table",
    )


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
