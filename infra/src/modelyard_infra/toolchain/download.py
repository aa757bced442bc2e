"""The official download of the Pulumi CLI, through the SDK's own installer.

`python -m modelyard_infra.toolchain.download ROOT VERSION` is run as a process of its own: the installer knows no
time limit.
"""

from __future__ import annotations

import os
import sys
import urllib.error
import urllib.request
from pathlib import Path

from modelyard_infra.toolchain.running import Ended, Say, run_patiently

HOST = "https://get.pulumi.com"
REACH_SECONDS = 4.0
LIMIT_SECONDS = 600.0


def download(root: Path, version: str, *, say: Say) -> Ended:
    """Installs the CLI as `ROOT/bin/pulumi`. Fails at once where the host cannot be reached."""
    if trouble := _unreachable():
        return Ended(ok=False, words=trouble)
    return run_patiently(
        [sys.executable, "-m", "modelyard_infra.toolchain.download", str(root), version],
        title=f"downloading Pulumi {version} from {HOST}",
        say=say,
        limit=LIMIT_SECONDS,
        env=os.environ,
    )


def _unreachable() -> str:
    try:
        with urllib.request.urlopen(HOST, timeout=REACH_SECONDS):
            return ""
    except urllib.error.HTTPError as error:
        # A proxy that refuses the host answers so too; the host itself answers 200 or a redirect.
        return f"{HOST} answers {error.code}"
    except (OSError, ValueError) as error:
        return f"{HOST} cannot be reached: {getattr(error, 'reason', error)}"


def _install(root: str, version: str) -> None:
    from pulumi.automation import PulumiCommand
    from semver import VersionInfo

    PulumiCommand.install(root=root, version=VersionInfo.parse(version))


if __name__ == "__main__":
    _install(sys.argv[1], sys.argv[2])
