"""Runs pip-audit, which lives in an environment of its own: what looks is not among what is looked at.

It asks the OSV service, or one that speaks as it does, for each package by name and version. Nothing is resolved and
nothing is installed.
"""

from __future__ import annotations

import json
import os
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from modelyard.errors import ExternalServiceError, MissingToolError, ServiceUnavailableError
from modelyard.release.programs import Said, run
from modelyard.release.scanning.contents import Package

PROJECT = Path("tools") / "pip-audit"
INSTALL = f"uv sync --project {PROJECT} --locked"
OSV = "https://api.osv.dev/v1/query"
ANSWER_SECONDS = 15
"""For one answer of the service."""
_WHOLE_SECONDS = 600.0
_KEPT_VARIABLES = (
    *("PATH", "HOME", "LANG", "TMPDIR"),
    *("HTTPS_PROXY", "HTTP_PROXY", "https_proxy", "http_proxy", "SSL_CERT_FILE", "REQUESTS_CA_BUNDLE"),
)
"""No key, no token and no setting of pip reaches it; a proxy and its certificates do."""
_THIS_MACHINE = "127.0.0.1,localhost"
_UNREACHABLE = ("ConnectionError", "ConnectTimeout", "ReadTimeout", "Could not connect", "ServiceError", "timed out")


@dataclass(frozen=True, slots=True)
class Vulnerability:
    """One that is known of one package."""

    package: Package
    id: str
    aliases: tuple[str, ...]
    """Its names elsewhere."""
    fixed_in: tuple[str, ...]
    """Versions without it; none if there is none yet."""


def audit(packages: Sequence[Package], *, root: Path, cache: Path, service: str = OSV) -> tuple[Vulnerability, ...]:
    """The known vulnerabilities of some packages.

    Args:
        packages: Names and exact versions.
        root: The checkout, whose tools/pip-audit is used.
        cache: A folder for what may be kept.
        service: Address that answers queries as api.osv.dev/v1/query does.

    Raises:
        MissingToolError: pip-audit is not installed.
        ServiceUnavailableError: The service does not answer, or fails.
        ExternalServiceError: pip-audit broke, or did not look at every package.
    """
    program = root / PROJECT / ".venv" / "bin" / "pip-audit"
    if not program.is_file():
        raise MissingToolError(f"pip-audit is not installed: there is no {program}", hint=INSTALL)
    with tempfile.TemporaryDirectory(prefix="modelyard-scan-") as folder:
        requirements = Path(folder) / "requirements.txt"
        requirements.write_text("".join(f"{package}\n" for package in packages), encoding="utf-8")
        said = run(
            _command(program, requirements, cache, service),
            missing=INSTALL,
            seconds=_WHOLE_SECONDS,
            folder=Path(folder),
            environment=_surroundings(),
        )
    return _read(said, packages, service)


def _command(program: Path, requirements: Path, cache: Path, service: str) -> list[str]:
    asked = ["--requirement", str(requirements), "--no-deps", "--disable-pip", "--vulnerability-service", "osv"]
    where = ["--osv-url", service, "--timeout", str(ANSWER_SECONDS), "--cache-dir", str(cache)]
    return [
        str(program),
        *asked,
        *where,
        "--format",
        "json",
        "--aliases",
        "on",
        "--desc",
        "off",
        "--progress-spinner",
        "off",
    ]


def _surroundings() -> dict[str, str]:
    kept = {name: os.environ[name] for name in _KEPT_VARIABLES if name in os.environ}
    direct = ",".join(part for part in (os.environ.get("NO_PROXY", ""), _THIS_MACHINE) if part)
    return {**kept, "NO_PROXY": direct, "no_proxy": direct}


def _read(said: Said, packages: Sequence[Package], service: str) -> tuple[Vulnerability, ...]:
    """Its exit code says too little: 1 is "found something" as well as "broke", and 0 also "skipped everything"."""
    try:
        found = json.loads(said.out)["dependencies"]
        looked_at = {Package(one["name"], one["version"]) for one in found if "skip_reason" not in one}
    except (ValueError, KeyError, TypeError):
        raise _broken(said, service) from None
    if missing := sorted(set(map(_normal, packages)) - set(map(_normal, looked_at))):
        names = ", ".join(map(str, missing[:5]))
        raise ExternalServiceError(f"pip-audit did not look at {len(missing)} of {len(packages)} packages: {names}")
    return tuple(_vulnerability(one, stated) for one in found for stated in one.get("vulns", []))


def _broken(said: Said, service: str) -> ExternalServiceError:
    lines = [line.strip() for line in said.error.splitlines() if line.strip()]
    last = lines[-1][:300] if lines else f"exit code {said.code}"
    if any(word in said.error for word in _UNREACHABLE):
        return ServiceUnavailableError(
            f"{service} cannot be asked for known vulnerabilities: {last}",
            hint="run the same command again; --osv-url names another service",
        )
    return ExternalServiceError(f"pip-audit broke (exit code {said.code}): {last}", hint=INSTALL)


def _vulnerability(dependency: Mapping[str, Any], stated: Mapping[str, Any]) -> Vulnerability:
    return Vulnerability(
        package=Package(dependency["name"], dependency["version"]),
        id=str(stated["id"]),
        aliases=tuple(map(str, stated.get("aliases") or ())),
        fixed_in=tuple(map(str, stated.get("fix_versions") or ())),
    )


def _normal(package: Package) -> Package:
    """As the index compares names."""
    return Package(package.name.lower().replace("_", "-").replace(".", "-"), package.version)
