"""What steps get of the caller's environment: the way to programs, to the network and to packages, and nothing else."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from pathlib import Path
from urllib.parse import urlsplit

PASSED = frozenset(
    {
        "HOME",
        "ALL_PROXY",
        "FTP_PROXY",
        "HTTPS_PROXY",
        "HTTP_PROXY",
        "NO_PROXY",
        "CURL_CA_BUNDLE",
        "GIT_SSL_CAINFO",
        "NODE_EXTRA_CA_CERTS",
        "REQUESTS_CA_BUNDLE",
        "SSL_CERT_DIR",
        "SSL_CERT_FILE",
        "GOPROXY",
        "NPM_CONFIG_REGISTRY",
        "PIP_CACHE_DIR",
        "PIP_CERT",
        "PIP_CONFIG_FILE",
        "PIP_EXTRA_INDEX_URL",
        "PIP_FIND_LINKS",
        "PIP_INDEX_URL",
        "PIP_NO_INDEX",
        "PIP_TRUSTED_HOST",
        "UV_CACHE_DIR",
        "UV_DEFAULT_INDEX",
        "UV_EXTRA_INDEX_URL",
        "UV_FIND_LINKS",
        "UV_INDEX",
        "UV_INDEX_URL",
        "UV_NATIVE_TLS",
        "UV_NO_INDEX",
        "UV_OFFLINE",
        "UV_SYSTEM_CERTS",
        "XDG_CACHE_HOME",
    }
)
"""In upper case; the lower-case spelling of proxies passes too."""


def passed_on(around: Mapping[str, str], *, without: Path) -> dict[str, str]:
    """The caller's settings that steps may see.

    Args:
        around: the caller's environment.
        without: the developer's checkout: programs in it are not on the steps' PATH.
    """
    kept = {name: value for name, value in around.items() if name.upper() in PASSED}
    folders = [folder for folder in around.get("PATH", os.defpath).split(os.pathsep) if folder]
    kept["PATH"] = os.pathsep.join(folder for folder in folders if not _lies_in(folder, without))
    return {**kept, "LANG": "C.UTF-8"}


def passwords_in(values: Iterable[str]) -> list[str]:
    """What addresses such as a package index's carry before their @."""
    found = []
    for value in values:
        for word in value.split():
            try:
                parts = urlsplit(word)
            except ValueError:
                continue
            if parts.password or (parts.scheme and parts.username):
                found.append(parts.password or parts.username or "")
    return found


def _lies_in(folder: str, root: Path) -> bool:
    path = Path(folder)
    return not path.is_absolute() or path == root or root in path.parents
