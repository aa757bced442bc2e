"""The same resources, declared the usual way: azure-native's SDK, imported at the top, one class call each.

What to declare is read from a file, so that both sides declare exactly the same.
"""

import inspect
import json
import os
from pathlib import Path

import pulumi
from pulumi_azure_native import (
    app,
    authorization,
    consumption,
    containerregistry,
    databricks,
    dbforpostgresql,
    keyvault,
    managedidentity,
    monitor,
    network,
    operationalinsights,
    privatedns,
    resources,
    storage,
)

MODULES = {
    "app": app,
    "authorization": authorization,
    "consumption": consumption,
    "containerregistry": containerregistry,
    "databricks": databricks,
    "dbforpostgresql": dbforpostgresql,
    "keyvault": keyvault,
    "managedidentity": managedidentity,
    "monitor": monitor,
    "network": network,
    "operationalinsights": operationalinsights,
    "privatedns": privatedns,
    "resources": resources,
    "storage": storage,
}
made = {}


def resolved(value):
    """References and joined texts become outputs; everything else stays as it is."""
    if isinstance(value, dict) and set(value) == {"$ref", "$output"}:
        return made[value["$ref"]].id if value["$output"] == "id" else output(value)
    if isinstance(value, dict) and set(value) == {"$joined"}:
        return pulumi.Output.concat(*(resolved(part) for part in value["$joined"]))
    if isinstance(value, dict):
        return {key: resolved(part) for key, part in value.items()}
    return [resolved(part) for part in value] if isinstance(value, list) else value


def output(value):
    """A property of a resource that was declared before, by its path in Azure's spelling."""
    first, *rest = value["$output"].split(".")
    found = getattr(made[value["$ref"]], spelt(type(made[value["$ref"]]), first))
    for part in rest:
        found = found.apply(lambda one, part=part: one[part] if isinstance(one, dict) else getattr(one, part, None))
    return found


def spelt(kind, name):
    """An argument as the SDK spells it: account_name for accountName."""
    taken = {"resource_name", "opts"}  # the SDK's own, for every resource
    known = [one for one in [*inspect.signature(kind._internal_init).parameters, *dir(kind)] if one not in taken]
    return next(one for one in known if one.replace("_", "").lower() == name.lower())


for one in json.loads(Path(os.environ["NAIVE_RESOURCES"]).read_text())[pulumi.get_stack()]:
    module, _, name = one["kind"].partition(":")
    kind = getattr(MODULES[module], name)
    arguments = {spelt(kind, key): resolved(value) for key, value in one["properties"].items()}
    options = pulumi.ResourceOptions(depends_on=[made[key] for key in one["after"] if key in made])
    made[one["key"]] = kind(one["key"], opts=options, **arguments)
