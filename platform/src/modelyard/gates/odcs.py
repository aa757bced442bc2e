"""Contracts on disk: the part of the Open Data Contract Standard (v3.1) that the gates understand.

Keys outside this part are refused rather than skipped: a misspelt rule must not look like a rule.
https://bitol-io.github.io/open-data-contract-standard/
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

from pydantic import AliasChoices, BaseModel, ConfigDict, Field, StrictBool, StrictStr, ValidationError

from modelyard.errors import InvalidSettingsError
from modelyard.gates.contract import Physical

Strict = ConfigDict(extra="forbid", frozen=True, populate_by_name=True)
SHOWN = 80
"""Characters of a wrong value that a message shows."""

Setting = str | int | float | bool | list[object] | dict[str, object]


class CustomProperty(BaseModel):
    """A setting that the standard leaves to us."""

    model_config = Strict
    property: StrictStr
    value: Setting
    description: StrictStr = ""


class Implementation(BaseModel):
    """A Great Expectations expectation and its arguments."""

    model_config = Strict
    type: StrictStr = Field(validation_alias=AliasChoices("type", "expectation_type"))
    arguments: dict[str, object] = Field(default_factory=dict, validation_alias=AliasChoices("kwargs"))
    meta: dict[str, object] = Field(default_factory=dict)


class Quality(BaseModel):
    """One rule, in the standard's form for rules that an engine checks."""

    model_config = Strict
    type: Literal["custom"]
    engine: Literal["greatExpectations"]
    implementation: Implementation
    name: StrictStr = ""
    description: StrictStr = ""
    dimension: StrictStr = ""


class LogicalTypeOptions(BaseModel):
    """Limits of a column's values; each becomes a rule."""

    model_config = Strict
    minimum: int | float | None = None
    maximum: int | float | None = None
    min_length: Annotated[int | None, Field(ge=0, alias="minLength")] = None
    max_length: Annotated[int | None, Field(ge=0, alias="maxLength")] = None
    pattern: StrictStr | None = None


class Property(BaseModel):
    """One column."""

    model_config = Strict
    name: StrictStr = Field(min_length=1)
    physical_name: StrictStr = Field("", alias="physicalName")
    logical_type: Literal["string", "integer", "number", "boolean", "date", "timestamp"] = Field(alias="logicalType")
    physical_type: Physical = Field(alias="physicalType")
    required: StrictBool = False
    unique: StrictBool = False
    primary_key: StrictBool = Field(False, alias="primaryKey")
    primary_key_position: Annotated[int, Field(ge=1)] | None = Field(None, alias="primaryKeyPosition")
    classification: Literal["public", "internal", "confidential", "personal"] = "public"
    business_name: StrictStr = Field("", alias="businessName")
    description: StrictStr = ""
    examples: list[object] = Field(default_factory=list)
    logical_type_options: LogicalTypeOptions = Field(LogicalTypeOptions(), alias="logicalTypeOptions")
    quality: list[Quality] = Field(default_factory=list)
    custom_properties: list[CustomProperty] = Field(default_factory=list, alias="customProperties")


class SchemaObject(BaseModel):
    """One table as it arrives."""

    model_config = Strict
    name: StrictStr = Field(min_length=1)
    physical_name: StrictStr = Field("", alias="physicalName")
    logical_type: Literal["object"] = Field("object", alias="logicalType")
    physical_type: StrictStr = Field("file", alias="physicalType")
    description: StrictStr = ""
    properties: list[Property] = Field(min_length=1)
    quality: list[Quality] = Field(default_factory=list)
    custom_properties: list[CustomProperty] = Field(default_factory=list, alias="customProperties")


class Server(BaseModel):
    """Where deliveries come from: a file or a folder that a scheduled job of the source writes to."""

    model_config = Strict
    server: StrictStr = Field(min_length=1)
    type: Literal["local"]
    path: StrictStr = Field(min_length=1)
    format: Literal["csv", "parquet", "json"] = "csv"
    description: StrictStr = ""


class Description(BaseModel):
    """Why the data exists and what it must not be used for."""

    model_config = Strict
    purpose: StrictStr = ""
    usage: StrictStr = ""
    limitations: StrictStr = ""


class DataContract(BaseModel):
    """The whole file."""

    model_config = Strict
    api_version: Literal["v3.1.0", "v3.0.2", "v3.0.1", "v3.0.0"] = Field(alias="apiVersion")
    kind: Literal["DataContract"]
    id: StrictStr = Field(min_length=1)
    name: StrictStr = ""
    version: StrictStr = Field(min_length=1)
    status: Literal["proposed", "draft", "active", "deprecated", "retired"]
    domain: StrictStr = ""
    tags: list[StrictStr] = Field(default_factory=list)
    description: Description = Description()
    servers: list[Server] = Field(default_factory=list)
    table: list[SchemaObject] = Field(alias="schema", min_length=1, max_length=1)
    custom_properties: list[CustomProperty] = Field(default_factory=list, alias="customProperties")


def read_document(path: Path) -> DataContract:
    """The file at `path`, checked against the standard; what it means is for `interpretation` to say."""
    try:
        return DataContract.model_validate(_yaml(path))
    except ValidationError as error:
        raise InvalidSettingsError("\n".join(_lines(path, error)), hint=f"correct {path} and run again") from None


def _yaml(path: Path) -> object:
    import yaml

    try:
        return yaml.load(path.read_bytes(), Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))  # noqa: S506 - a safe loader
    except OSError as error:
        message = f"{path}: no readable contract ({error.strerror})"
        raise InvalidSettingsError(message, hint="every source folder has a contract.yaml") from None
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise InvalidSettingsError(f"{path}: not YAML: {error}", hint=f"correct {path} and run again") from None


def _lines(path: Path, error: ValidationError) -> list[str]:
    lines = []
    for problem in error.errors(include_url=False):
        key = ".".join(str(part) for part in problem["loc"]) or "the file"
        found = repr(problem["input"])
        shown = found if len(found) <= SHOWN else found[: SHOWN - 3] + "..."
        said = _allowed_keys(problem["loc"]) if problem["type"] == "extra_forbidden" else problem["msg"]
        lines.append(f"{path}: {key}: found {shown}; {said}")
    return lines


def _allowed_keys(location: tuple[int | str, ...]) -> str:
    """What an unknown key could have been: the keys of the nearest object above it."""
    objects: dict[str, type[BaseModel]] = {
        "servers": Server,
        "schema": SchemaObject,
        "properties": Property,
        "quality": Quality,
        "implementation": Implementation,
        "logicalTypeOptions": LogicalTypeOptions,
        "customProperties": CustomProperty,
        "description": Description,
    }
    above = [part for part in location[:-1] if isinstance(part, str)]
    model = objects.get(above[-1], DataContract) if above else DataContract
    names = sorted(info.alias or name for name, info in model.model_fields.items())
    return f"unknown key; allowed: {', '.join(names)}"
