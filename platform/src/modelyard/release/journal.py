"""What a deployment or a rollout may not forget: the pointer that was good before, until the new one is confirmed.

One small file beside the pointers. It is there only while a pointer is replaced but not yet confirmed live, so that
whoever comes after a crash knows what to go back to.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

from modelyard_bundle import BundleError, Pointer, write_atomically


@dataclass(frozen=True, slots=True)
class Journal:
    """The record of an unconfirmed deployment or rollout of one model."""

    deployments: Path
    model: str

    @property
    def _path(self) -> Path:
        return self.deployments / f".{self.model}.unconfirmed"

    def open(self, *, good: Pointer | None) -> None:
        """Remember the last pointer that was confirmed; none if the model was not deployed."""
        content = b"null" if good is None else good.to_json()
        write_atomically(self._path, content)

    def close(self) -> None:
        """The deployed pointer is confirmed, or what was good before is back."""
        self._path.unlink(missing_ok=True)

    def settle(self, deployed: Pointer | None) -> None:
        """Close it where what is deployed is what was good: whoever opened it was stopped before anything changed."""
        if deployed is not None and self.is_open() and self.good() == deployed:
            self.close()

    def is_open(self) -> bool:
        """Whether a deployment was begun and not confirmed."""
        return self._path.is_file()

    def good(self) -> Pointer | None:
        """The pointer that was confirmed last; none if there was none, or it cannot be read any more."""
        try:
            content = self._path.read_bytes()
            return None if json.loads(content) is None else Pointer.from_json(content)
        except (FileNotFoundError, ValueError, BundleError):
            return None
