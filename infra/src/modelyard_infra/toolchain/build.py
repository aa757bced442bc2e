"""Builds the Pulumi CLI from the Go module proxy, for machines that reach package registries only.

tools/pulumi/go.mod and go.sum pin every module. The version must be set by the linker: without it the Automation API
refuses the CLI.
"""

from __future__ import annotations

import os
import shutil
from pathlib import Path

from modelyard_infra.toolchain.running import Ended, Say, run_patiently

PACKAGE = "github.com/pulumi/pulumi/pkg/v3/cmd/pulumi"
VERSION_VARIABLE = "github.com/pulumi/pulumi/sdk/v3/go/common/version.Version"
LIMIT_SECONDS = 3600.0


def has_go() -> bool:
    """Whether a Go compiler is on PATH."""
    return shutil.which("go") is not None


def build(root: Path, version: str, *, module: Path, say: Say) -> Ended:
    """Builds the CLI as `ROOT/bin/pulumi`.

    Args:
        root: where to put it.
        version: must be the one that the module pins.
        module: the folder of go.mod.
        say: takes one line of progress every few seconds.
    """
    target = root / "bin" / "pulumi"
    target.parent.mkdir(parents=True, exist_ok=True)
    flags = f"-s -w -X {VERSION_VARIABLE}=v{version}"
    return run_patiently(
        ["go", "build", "-mod=readonly", "-buildvcs=false", "-trimpath", "-ldflags", flags, "-o", str(target), PACKAGE],
        title=f"building Pulumi {version} from the Go module proxy (about 4 minutes on two cores, once)",
        say=say,
        limit=LIMIT_SECONDS,
        cwd=module,
        env={**os.environ, "CGO_ENABLED": "0", "GOWORK": "off", "GOFLAGS": ""},
    )
