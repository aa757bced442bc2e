"""Where this checkout keeps things: the files that people write, and the state that Modelyard keeps.

State lives under `.modelyard/` of the checkout, so that several checkouts on one machine stay apart.
`MODELYARD_STATE` moves it, which the end-to-end tests use.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from modelyard.errors import ConfigurationError

STATE_VARIABLE = "MODELYARD_STATE"
ROOT_VARIABLE = "MODELYARD_ROOT"


@dataclass(frozen=True, slots=True)
class Workspace:
    """A checkout of a Modelyard project."""

    root: Path
    """The folder that holds environments/, infra/, ml/ and pipelines/."""
    state: Path
    """What Modelyard writes: Pulumi's state, the local lake, logs, tools. Never in git."""

    @classmethod
    def find(cls, start: Path | None = None) -> Workspace:
        """The workspace that `start` (default: the current folder) lies in.

        Raises:
            ConfigurationError: neither `start` nor a folder above it has environments/base.yaml.
        """
        given = os.environ.get(ROOT_VARIABLE)
        here = Path(given).resolve() if given else (start or Path.cwd()).resolve()
        for folder in (here, *here.parents):
            if (folder / "environments" / "base.yaml").is_file():
                return cls.at(folder)
        raise ConfigurationError(
            f"no Modelyard project in {here} or above it: no environments/base.yaml was found",
            hint="change into a checkout of the project, or set MODELYARD_ROOT to one",
        )

    @classmethod
    def at(cls, root: Path) -> Workspace:
        """The workspace rooted at `root`, with its state where the caller's surroundings say."""
        state = os.environ.get(STATE_VARIABLE)
        return cls(root=root.resolve(), state=Path(state).resolve() if state else root.resolve() / ".modelyard")

    @property
    def environments(self) -> Path:
        """The folder of environment files."""
        return self.root / "environments"

    @property
    def models(self) -> Path:
        """The folder with one folder per model."""
        return self.root / "ml" / "models"

    @property
    def sources(self) -> Path:
        """The folder with one folder per source of this workspace."""
        return self.root / "pipelines" / "src" / "modelyard_pipelines" / "sources"

    @property
    def purposes(self) -> Path:
        """The folder with one folder per purpose of this workspace."""
        return self.root / "pipelines" / "src" / "modelyard_pipelines" / "purposes"

    @property
    def infra(self) -> Path:
        """The Pulumi project."""
        return self.root / "infra"

    def of(self, environment: str) -> Path:
        """The state folder of one environment."""
        return self.state / environment
