"""The tables are made from the specification's types and the SDK's names, and say when these do not fit together."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).parents[4]
IDENTITY = "Microsoft.ManagedIdentity/userAssignedIdentities"
VERSION = "2023-01-31"
RESOURCE = '''
class {name}Args:
    def __init__(__self__, *, resource_group_name, {parameters}):
        if isolation is None:
            isolation = 'None'
        pulumi.set(__self__, "isolation", isolation)

    @property
    @pulumi.getter(name="resourceGroupName")
    def resource_group_name(self) -> pulumi.Input[_builtins.str]:
        return 1
{getters}

class {name}(pulumi.CustomResource):
    """
    Uses Azure REST API version 2023-01-31. In version 2.x it was another.
    """
    @property
    @pulumi.getter(name="clientId")
    def client_id(self) -> pulumi.Output[_builtins.str]:
        return 1
'''
GETTER = """
    @property
    @pulumi.getter(name="{name}")
    def {own}(self) -> pulumi.Input[Optional[{type}]]:
        return 1
"""

AUDIT = """
class AuditArgs:
    def __init__(__self__, *, keep_days=None):
        ...
"""


def resource(name: str, properties: dict[str, tuple[str, str]]) -> str:
    getters = "".join(GETTER.format(name=camel, own=own, type=type_) for own, (camel, type_) in properties.items())
    return RESOURCE.format(name=name, parameters=", ".join(f"{own}=None" for own in properties), getters=getters)


def object_type(**properties) -> dict:
    return {"$type": "ObjectType", "properties": properties}


def of_type(number: int, flags: int = 0) -> dict:
    return {"type": {"$ref": f"#/{number}"}, "flags": flags}


@pytest.fixture
def sdk(tmp_path):
    folder = tmp_path / "sdk" / "managedidentity"
    folder.mkdir(parents=True)
    identity = {
        "resource_name": ("resourceName", "_builtins.str"),
        "isolation": ("isolation", "Union[_builtins.str, 'Isolation']"),
        "owners": ("owners", "Sequence[pulumi.Input[_builtins.str]]"),
        "audit": ("audit", "'AuditArgs'"),
    }
    (folder / "identity.py").write_text(resource("UserAssignedIdentity", identity))
    credential = {
        "federated_identity_credential_resource_name": ("federatedIdentityCredentialResourceName", "_builtins.str"),
        "resource_name": ("resourceName", "_builtins.str"),
        "isolation": ("isolation", "_builtins.bool"),
    }
    (folder / "credential.py").write_text(resource("FederatedIdentityCredential", credential))
    audit = GETTER.format(name="keepDays", own="keep_days", type="_builtins.int")
    (folder / "_inputs.py").write_text(AUDIT + audit)
    (folder / "_enums.py").write_text('\nclass Isolation(str, Enum):\n    NONE = "None"\n')
    return tmp_path / "sdk"


@pytest.fixture
def specification(tmp_path):
    types = [
        {"$type": "StringType", "minLength": 3, "maxLength": 128, "pattern": "^[a-z]+$"},
        {"$type": "StringLiteralType", "value": "None"},
        {"$type": "StringLiteralType", "value": "Regional"},
        {"$type": "StringType"},
        {"$type": "UnionType", "elements": [{"$ref": "#/1"}, {"$ref": "#/2"}, {"$ref": "#/3"}]},
        {"$type": "ObjectType", "name": "Owners", "properties": {}, "additionalProperties": {"$ref": "#/3"}},
        {"$type": "IntegerType", "minValue": 1, "maxValue": 365},
        object_type(properties=of_type(8)),
        object_type(keepDays=of_type(6, 1)),
        object_type(isolation=of_type(4), audit=of_type(7), clientId=of_type(3, 2)),
        object_type(name=of_type(0, 9), owners=of_type(5), properties=of_type(9)),
        {"$type": "ResourceType", "name": f"{IDENTITY}@{VERSION}", "body": {"$ref": "#/10"}},
        {"$type": "BooleanType"},
        object_type(name=of_type(0, 9), isolation=of_type(12)),
        {
            "$type": "ResourceType",
            "name": f"{IDENTITY}/federatedIdentityCredentials@{VERSION}",
            "body": {"$ref": "#/13"},
        },
    ]
    folder = tmp_path / "specification"
    file = folder / "generated" / "msi" / "microsoft.managedidentity" / VERSION / "types.json"
    file.parent.mkdir(parents=True)
    file.write_text(json.dumps(types))
    git = ["git", "-C", str(folder), "-c", "user.name=test", "-c", "user.email=test@example.com"]
    for arguments in (["init", "-q"], ["add", "."], ["commit", "-q", "-m", "types"]):
        subprocess.run([*git, *arguments], check=True)
    return folder


def make(specification, sdk, out):
    out.mkdir()
    command = [sys.executable, "-m", "tools.azure_types", str(specification), "--sdk", str(sdk), "--out", str(out)]
    return subprocess.run(command, cwd=REPOSITORY, capture_output=True, text=True, check=False)


@pytest.fixture
def table(specification, sdk, tmp_path):
    made = make(specification, sdk, tmp_path / "out")
    assert (made.returncode, made.stderr) == (0, "")
    assert [path.name for path in (tmp_path / "out").iterdir()] == ["managedidentity.json"]
    return json.loads((tmp_path / "out" / "managedidentity.json").read_text())


def test_a_name_in_the_address_carries_the_rules_of_the_types_name(table):
    named = table["kinds"]["managedidentity:UserAssignedIdentity"]["properties"]["resourceName"]
    rules = {"min_length": 3, "max_length": 128, "pattern": "^[a-z]+$"}
    assert named == {"type": "string", "required": True, "path": True, **rules}


def test_what_the_sdk_flattens_remembers_where_arm_has_it(table):
    properties = table["kinds"]["managedidentity:UserAssignedIdentity"]["properties"]
    assert properties["isolation"] == {
        "type": "string",
        "allowed": ["None", "Regional"],
        "open": True,
        "default": "None",
        "arm": "properties.isolation",
    }
    assert properties["audit"] == {"type": "object", "object": "Audit", "arm": "properties.audit"}
    assert table["objects"]["Audit"]["keepDays"] == {
        "type": "integer",
        "minimum": 1,
        "maximum": 365,
        "required": True,
        "arm": "properties.keepDays",
    }


def test_a_list_that_arm_writes_as_keys_is_marked(table):
    owners = table["kinds"]["managedidentity:UserAssignedIdentity"]["properties"]["owners"]
    assert owners == {"type": "array", "as": "keys", "items": {"type": "string"}}


def test_outputs_and_the_version_come_from_the_sdk(table):
    identity = table["kinds"]["managedidentity:UserAssignedIdentity"]
    assert identity["outputs"] == {"clientId": "string"}
    assert identity["version"] == VERSION


def test_a_name_that_the_specification_does_not_have_is_told(specification, sdk, tmp_path):
    inputs = sdk / "managedidentity" / "_inputs.py"
    inputs.write_text(inputs.read_text().replace("keepDays", "keepForever"))
    made = make(specification, sdk, tmp_path / "out")
    assert made.returncode == 1
    assert made.stderr == "managedidentity: Audit.keepForever is not in the specification\n"
