"""Takes the releases of a pipeline's run for an environment in Azure: who signed them, and which image runs there."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from modelyard.environment.models import Environment
from modelyard.environment.workspace import Workspace
from modelyard.errors import ReleaseRefusedError

if TYPE_CHECKING:
    from modelyard.release.travelling.record import ReleaseRecord

STAND_IN = "modelyard/stand-in"
"""Where nothing builds images, the repository says so: no registry has one that is called like this."""
REPOSITORY = re.compile(r"[a-z0-9]+([._/-][a-z0-9]+)*")


@dataclass(frozen=True, slots=True)
class Release:
    """One version of a model, ready to run."""

    model: str
    version: int
    digest: str
    """Of the model, as hex digits."""
    image: str
    """repository@sha256:..., whatever registry it was pushed to first: each environment pulls from its own."""

    @property
    def is_stand_in(self) -> bool:
        """Whether no image was built, and the model's digest stands for the image's."""
        return self.image.startswith(f"{STAND_IN}/")


def read_releases(
    folder: Path, environment: Environment, workspace: Workspace, *, simulate: bool, back: bool
) -> tuple[Release, ...]:
    """Every release in a folder, by the names of the models.

    A rehearsal asks for no signature, because the environment's keys are in its vault, and for no scan. Neither does a
    step back: it only moves requests to what ran before, and must not fail for a key.

    Args:
        folder: A release, or folders of releases, as a pipeline's artifacts come.
        environment: Where they are to run.
        workspace: Where the environment's trusted keys are.
        simulate: Whether it is a rehearsal; then a release without an image gets a stand-in.
        back: Whether they are taken back.

    Raises:
        InvalidBundleError: There is none, or one is damaged.
        ReleaseRefusedError: One is not signed by a key that the environment trusts, was not scanned, or has no image.
    """
    from modelyard.release.scanning.requiring import NOBODY, require_scans
    from modelyard.release.signers import trusted_keys_of
    from modelyard.release.travelling.finding import find_releases, open_releases

    if back:
        records = [record for _, record in find_releases(folder).values()]
    else:
        trusted = None if simulate else trusted_keys_of(environment, workspace)
        releases = open_releases(folder, trusted_keys=trusted)
        require_scans(releases, scanner=NOBODY if simulate else environment.release.scanner)
        records = [release.record for release in releases]
    # What never had an image was never deployed either: there is nothing to take back, and nothing to refuse.
    found = {record.model: release_of(record, simulate=simulate or back) for record in records}
    return tuple(found[name] for name in sorted(found))


def release_of(record: ReleaseRecord, *, simulate: bool) -> Release:
    """What a release's record says of what is to run.

    Raises:
        ReleaseRefusedError: It has no image that could be named by its digest, or a version that is no number.
    """
    if not record.version.isdecimal():
        raise ReleaseRefusedError(
            f"version {record.version} of {record.model} is no number, and a revision is named after it",
            hint="release a version of the registry, which numbers them",
        )
    return Release(record.model, int(record.version), record.digest, _image(record, simulate=simulate))


def _image(record: ReleaseRecord, *, simulate: bool) -> str:
    """The image without its registry and its tag, and with its digest."""
    if record.image is not None and record.image_digest is not None:
        repository = _without_registry(record.image.partition("@")[0])
        if not REPOSITORY.fullmatch(repository):
            raise ReleaseRefusedError(
                f"the image of {record.model} is called {record.image!r}; allowed: lower-case letters, digits, . _ / -",
                hint=f"build it anew: modelyard release build {record.model} --out DIR",
            )
        return f"{repository}@{record.image_digest}"
    if simulate:
        return f"{STAND_IN}/{record.model.replace('_', '-')}@sha256:{record.digest}"
    raise ReleaseRefusedError(
        f"the release of {record.model} version {record.version} has no image: nothing built one, and a container app "
        "cannot run it",
        hint="build it where the environment's registry or Docker can be reached (release.builder in "
        f"environments/base.yaml): modelyard release build {record.model} --out DIR; or rehearse it with --simulate",
    )


def _without_registry(reference: str) -> str:
    host, slash, rest = reference.partition("/")
    is_host = slash and (host == "localhost" or {".", ":"} & set(host))
    head, slash, last = (rest if is_host else reference).rpartition("/")
    return f"{head}{slash}{last.partition(':')[0]}"
