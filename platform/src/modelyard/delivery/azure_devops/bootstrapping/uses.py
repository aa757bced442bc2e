"""What a pipeline uses that somebody has to let it use: environments, service connections, variable groups, pools."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from modelyard.delivery.connections import connection_of
from modelyard.delivery.entries import MAIN_FILE, entry_files
from modelyard.delivery.pipeline import Job, Pipeline, Stage, Step

MAIN = "main"
PREFIX = "modelyard-"
HOOKED = ("webhooks", "containers", "repositories", "packages")
"""Resources that come through a service connection."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One pipeline: an entry file, and what it uses."""

    file: str
    """From the root of the repository."""
    environments: tuple[str, ...] = ()
    connections: tuple[str, ...] = ()
    groups: tuple[str, ...] = ()
    pools: tuple[str, ...] = ()
    """Pools of our own, and `Azure Pipelines` for Microsoft's."""
    webhooks: tuple[tuple[str, str], ...] = ()
    """Connection and name of every webhook that may start it."""
    for_pull_requests: bool = False
    """Whether pull requests start it: then it runs code that nobody has reviewed."""

    @property
    def name(self) -> str:
        """What the pipeline is called in the service."""
        stem = Path(self.file).stem
        return PREFIX + (MAIN if self.file == MAIN_FILE else stem)


def read_entries(root: Path) -> tuple[Entry, ...]:
    """Every entry file, expanded as it would run.

    Raises:
        InvalidPipelineError: one of them cannot be expanded.
    """
    from modelyard.delivery.expanding.loading import load

    return tuple(entry_of(load(root, file)) for file in entry_files(root))


def entry_of(pipeline: Pipeline) -> Entry:
    """What an expanded pipeline uses."""
    jobs = [job for _, job in pipeline.jobs]
    hooks = [one for one in pipeline.resources.get("webhooks") or () if isinstance(one, Mapping)]
    scopes: tuple[Pipeline | Stage | Job, ...] = (pipeline, *pipeline.stages, *jobs)
    steps = [step for job in jobs for step in job.all_steps]
    return Entry(
        file=pipeline.file,
        environments=_sorted(job.environment for job in jobs if job.environment),
        connections=_sorted((*_of_steps(steps), *_of_resources(pipeline.resources))),
        groups=_sorted(variable.name for scope in scopes for variable in scope.variables if variable.group),
        pools=_sorted(_pool(scope.pool) for scope in scopes if scope.pool),
        webhooks=tuple(sorted((str(one.get("connection")), str(one.get("webhook"))) for one in hooks)),
        for_pull_requests=pipeline.pr not in (None, "none", False),
    )


def _sorted(names: Iterable[str | None]) -> tuple[str, ...]:
    return tuple(sorted({str(name) for name in names if name}))


def _pool(pool: Mapping[str, Any]) -> str:
    """Microsoft's agents are named by an image, our own by their pool."""
    return str(pool.get("name") or ("Azure Pipelines" if pool.get("vmImage") else ""))


def _of_steps(steps: list[Step]) -> Iterator[str]:
    return (connection for step in steps if (connection := connection_of(step)))


def _of_resources(resources: Mapping[str, Any]) -> Iterator[str]:
    for kind in HOOKED:
        for one in resources.get(kind) or ():
            if isinstance(one, Mapping):
                found = one.get("connection") or one.get("endpoint")
                if found:
                    yield str(found)
