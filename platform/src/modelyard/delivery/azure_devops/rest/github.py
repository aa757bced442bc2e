"""The few routes of GitHub that our workflows need.

Source: GitHub Docs, REST API: "Issue comments", "Workflow runs: get the review history".
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from typing import Any

from modelyard.delivery.azure_devops.rest.addresses import checked_address
from modelyard.delivery.azure_devops.rest.transport import Transport
from modelyard.delivery.azure_devops.runs import GitHubRun, needed
from modelyard.errors import ConfigurationError

Json = Any
PAGE = 100
MOST_PAGES = 30
VERSION = "2022-11-28"


class GitHub:
    """One repository."""

    def __init__(self, run: GitHubRun, *, wait: Callable[[float], None] = time.sleep) -> None:
        if not run.token.strip():
            raise ConfigurationError(
                "there is no GITHUB_TOKEN", hint="env: {GITHUB_TOKEN: ${{ github.token }}} on the step"
            )
        repository = needed(run.repository, "GITHUB_REPOSITORY", where="GitHub Actions")
        self._root = f"{checked_address(run.api, of='GITHUB_API_URL')}/repos/{repository}"
        headers = {"Authorization": f"Bearer {run.token.strip()}", "X-GitHub-Api-Version": VERSION}
        self._transport = Transport(service="GitHub", headers=headers, wait=wait)

    def __repr__(self) -> str:
        """Without the token."""
        return f"GitHub({self._root})"

    def get(self, path: str) -> Json:
        """What is there."""
        return self._transport.ask("GET", f"{self._root}/{path}").json()

    def every(self, path: str) -> Iterator[Json]:
        """Every entry of a list, page by page."""
        for page in range(1, MOST_PAGES + 1):
            found = self.get(f"{path}?per_page={PAGE}&page={page}")
            yield from found
            if len(found) < PAGE:
                return

    def write(self, method: str, path: str, body: Json) -> Json:
        """Make or change something."""
        return self._transport.ask(method, f"{self._root}/{path}", body).json()
