"""The blueprint speaks the words of azure-native's SDK: every kind, property and nesting is there under that name.

Resources are registered by token, without the SDK, whose import takes seconds. This suite reads the SDK's sources
instead, as text, and holds the catalogue's tables and the drawn environments to them.
"""

import json
import re
from functools import cache
from importlib.resources import files
from importlib.util import find_spec
from pathlib import Path

import pytest

from modelyard.environment.loading import load_environment
from modelyard.environment.workspace import Workspace
from modelyard_infra.blueprint.azure.draw import draw_azure
from modelyard_infra.catalogue import Shape, load_catalogue, problems

VERSION = "3.29.0"
REPOSITORY = Path(__file__).parents[3]
KINDS = [kind for kind in load_catalogue() if not kind.startswith("modelyard:")]
GETTER = re.compile(r'@pulumi\.getter(?:\(name="(\w+)"\))?\n +def (\w+)\(self\) -> (.+):\n')
WORDS = {"str": "string", "bool": "boolean", "int": "integer", "float": "number"}


def sdk() -> Path:
    found = find_spec("pulumi_azure_native")
    assert found, "install the development dependencies: the SDK pulumi-azure-native is not there"
    return Path(next(iter(found.submodule_search_locations)))


@cache
def classes(path: Path) -> dict[str, str]:
    """The source of each class of a file; nothing if there is no such file."""
    text = path.read_text() if path.exists() else ""
    return {block.split("(")[0].split(":")[0]: block for block in re.split(r"^class ", text, flags=re.MULTILINE)[1:]}


@cache
def module_of(kind: str) -> Path:
    namespace, token = kind.split(":")
    for path in (sdk() / namespace).glob("*.py"):
        if token in classes(path) and "pulumi.CustomResource" in classes(path)[token][:200]:
            return path
    raise AssertionError(f"the SDK has no {kind}")


def properties_of(block: str) -> dict[str, str]:
    """Annotations by camelCase name."""
    return {name or own: annotation for name, own, annotation in GETTER.findall(block)}


def arguments_of(kind: str) -> dict[str, str]:
    token, blocks = kind.split(":")[1], classes(module_of(kind))
    return properties_of(blocks.get(f"{token}InitArgs") or blocks[f"{token}Args"])


def wanted_type(annotation: str) -> str:
    plain = re.sub(r"(pulumi\.Input|Optional)\[", "", annotation)
    if plain.startswith("Sequence["):
        return "array"
    if plain.startswith("Mapping["):
        return "map"
    if "Args'" in plain:
        return "union" if plain.startswith("Union[") else "object"
    return WORDS.get(plain.rstrip("]").removeprefix("_builtins."), "any" if plain.startswith("Any") else "string")


def misfits(level, annotations, folder, where, above, absent):
    """Where the names, types and nesting of the catalogue are not the SDK's."""
    names = {name for name in annotations if f"{where.rsplit('/')[-1]}.{name}" not in absent}
    if set(level) != names:
        yield f"{where}: {sorted(set(level) ^ names)}"
    for name in names & set(level):
        shape, annotation = level[name], annotations[name]
        if shape.type != wanted_type(annotation):
            yield f"{where}.{name}: {shape.type} instead of {annotation}"
        inner = shape.items if shape.items else shape
        for member in re.findall(r"'(\w+)Args'", annotation):
            if member not in above:
                below = properties_of(classes(folder / "_inputs.py")[f"{member}Args"])
                here = f"{where}/{member}"
                yield from misfits(inner_level(inner, member), below, folder, here, {*above, member}, absent)


def inner_level(shape: Shape, member: str):
    assert member in shape.members.values(), f"{member} is none of {sorted(shape.members.values())}"
    return shape.objects[member].properties


@pytest.mark.parametrize("kind", KINDS)
def test_names_types_and_nesting_are_the_sdks(kind):
    facts = json.loads((files("modelyard_infra.catalogue") / "facts" / f"{kind.split(':')[0]}.json").read_bytes())
    folder, absent = module_of(kind).parent, set(facts.get("absent", ()))
    assert list(misfits(load_catalogue()[kind].shape, arguments_of(kind), folder, kind, set(), absent)) == []


def test_a_property_of_another_name_or_type_is_noticed():
    kind = "storage:StorageAccount"
    stated, folder = arguments_of(kind), module_of(kind).parent
    renamed = {**load_catalogue()[kind].shape, "isHns": Shape("boolean")}
    del renamed["isHnsEnabled"]
    assert list(misfits(renamed, stated, folder, kind, set(), set())) == [f"{kind}: ['isHns', 'isHnsEnabled']"]
    retyped = {**load_catalogue()[kind].shape, "isHnsEnabled": Shape("string")}
    [said] = misfits(retyped, stated, folder, kind, set(), set())
    assert said.startswith(f"{kind}.isHnsEnabled: string instead of ")


@pytest.mark.parametrize("kind", KINDS)
def test_what_the_sdk_demands_is_required(kind):
    shape = load_catalogue()[kind].shape
    optional = "pulumi.Input[Optional["
    demanded = {name for name, annotation in arguments_of(kind).items() if not annotation.startswith(optional)}
    assert {name for name in demanded if not shape[name].required} == set()


@pytest.mark.parametrize("kind", KINDS)
def test_the_version_of_the_api_is_the_sdks(kind):
    stated = re.search(r"Uses Azure REST API version ([\w-]+)", module_of(kind).read_text())
    assert load_catalogue()[kind].api_version == stated[1]


@pytest.mark.parametrize("kind", KINDS)
def test_outputs_are_the_sdks(kind):
    outputs = set(properties_of(classes(module_of(kind))[kind.split(":")[1]]))
    stated = {path.split(".")[0] for path in load_catalogue()[kind].outputs}
    assert stated <= outputs
    assert outputs - set(load_catalogue()[kind].shape) - {"systemData"} <= stated


def test_the_sdk_is_the_version_that_the_blueprint_was_made_for():
    assert json.loads((sdk() / "pulumi-plugin.json").read_text())["version"] == VERSION


@pytest.fixture(scope="module", params=["dev", "test", "prod"])
def graph(request, tmp_path_factory):
    workspace = Workspace(root=REPOSITORY, state=tmp_path_factory.mktemp("state"))
    return draw_azure(load_environment(workspace, request.param)).graph


def test_azure_would_accept_every_resource_of_an_environment(graph):
    found = {resource.key: [str(one) for one in problems(resource.kind, resource.properties)] for resource in graph}
    assert {key: said for key, said in found.items() if said} == {}


def test_every_reference_leads_to_an_output_that_the_other_resource_has(graph):
    catalogue = load_catalogue()
    wrong = [
        f"{resource.key}: {reference.resource} has no output {reference.output}"
        for resource in graph
        for reference in resource.references
        if not catalogue[graph[reference.resource].kind].has_output(reference.output)
    ]
    assert wrong == []


def test_every_property_that_is_said_to_replace_is_one_that_azure_cannot_change(graph):
    catalogue = load_catalogue()
    needless = {
        f"{resource.key}: {path}"
        for resource in graph
        for path in resource.replace_on
        if not any(path.startswith(known) or known.startswith(path) for known in catalogue[resource.kind].replaces)
    }
    assert needless == set()
