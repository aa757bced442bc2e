"""The only place that knows CDK Terrain (cdktn), the living fork of the archived CDK for Terraform.

It runs in a process of its own: its core is JavaScript, behind a Node process that would otherwise stay until Python
ends, and Node's remarks would stand between our own lines. Run as a module, it reads a configuration from stdin.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from modelyard.errors import InfrastructureError, MissingToolError
from modelyard_infra.terraform.blocks import Json

TIMEOUT_SECONDS = 120
NODE_VARIABLE = "JSII_NODE"
NODE_HINT = "install Node.js 22 or newer (https://nodejs.org) and run the command again"


def synthesise(configuration: Mapping[str, Any], out: Path) -> float:
    """Writes a configuration below `out`; the seconds that took.

    Raises:
        MissingToolError: there is no Node.
        InfrastructureError: CDK Terrain refused, or took too long.
    """
    if shutil.which(os.environ.get(NODE_VARIABLE) or "node") is None:
        raise MissingToolError(
            "Terraform JSON is written by CDK Terrain, which needs Node.js: no `node` on PATH", hint=NODE_HINT
        )
    out.mkdir(parents=True, exist_ok=True)
    begun = time.monotonic()
    try:
        ended = subprocess.run(
            [sys.executable, "-m", __name__, str(out.resolve())],
            input=json.dumps(configuration),
            capture_output=True,
            text=True,
            timeout=TIMEOUT_SECONDS,
            check=False,
        )
    except subprocess.TimeoutExpired:
        raise InfrastructureError(f"CDK Terrain wrote nothing within {TIMEOUT_SECONDS} s", hint=NODE_HINT) from None
    if ended.returncode:
        said = ended.stderr.strip().splitlines()
        raise InfrastructureError(f"CDK Terrain refused: {said[-1] if said else ended.returncode}", hint=NODE_HINT)
    return time.monotonic() - begun


def main() -> None:
    """Reads a configuration from stdin and writes it below the folder that is named."""
    _write(json.load(sys.stdin), sys.argv[1])


def _write(configuration: Mapping[str, Any], out: str) -> None:
    from cdktn import App, TerraformOutput, TerraformStack

    app = App(outdir=out)
    stack = TerraformStack(app, configuration["environment"])
    for provider in configuration["providers"]:
        _provider(stack, provider)
    _backend(stack, configuration["backend"])
    for resource in configuration["resources"]:
        _resource(stack, resource)
    for name, value in configuration["outputs"].items():
        TerraformOutput(stack, name, value=_nulls(value))
    if configuration["moved"]:
        stack.add_override("moved", configuration["moved"])
    app.synth()


def _provider(stack: Json, said: Mapping[str, Any]) -> None:
    from cdktn import TerraformProvider, TerraformProviderGeneratorMetadata

    version = TerraformProviderGeneratorMetadata(provider_name=said["name"], provider_version=said["version"])
    provider = TerraformProvider(
        stack,
        said["name"],
        terraform_resource_type=said["name"],
        terraform_provider_source=said["source"],
        terraform_generator_metadata=version,
    )
    for name, value in said["arguments"].items():
        provider.add_override(name, value)


def _backend(stack: Json, said: Mapping[str, Any]) -> None:
    from cdktn import TerraformBackend

    class Partial(TerraformBackend):
        """A backend of which a part is left to `terraform init`; CDK Terrain's own class wants the whole."""

        def _synthesize_attributes(self) -> Mapping[str, Any]:
            found: Mapping[str, Any] = said["arguments"]
            return found

        def get_remote_state_data_source(self, *_: Json) -> Json:
            # The library's class is abstract here; only a stack that reads another one's state would ask.
            raise AssertionError("no stack of ours reads the state of another one")

    Partial(stack, "backend", said["name"])


def _resource(stack: Json, said: Mapping[str, Any]) -> None:
    from cdktn import TerraformResource, TerraformResourceLifecycle

    class Said(TerraformResource):
        """A resource with arguments of our own: no generated bindings, which take 40 seconds to load."""

        def _synthesize_attributes(self) -> Mapping[str, Any]:
            found: Mapping[str, Any] = _nulls(said["arguments"])
            return found

    lifecycle = TerraformResourceLifecycle(prevent_destroy=True) if said["prevent_destroy"] else None
    resource = Said(stack, f"{said['type']}.{said['name']}", terraform_resource_type=said["type"], lifecycle=lifecycle)
    resource.override_logical_id(said["name"])
    if said["depends_on"]:
        resource.depends_on = said["depends_on"]


def _nulls(value: Json) -> Json:
    """Node drops None: a null that Terraform wants to see is a token."""
    from cdktn import Token

    if value is None:
        return Token.null_value()
    if isinstance(value, dict):
        return {name: _nulls(part) for name, part in value.items()}
    return [_nulls(part) for part in value] if isinstance(value, list) else value


if __name__ == "__main__":
    main()
