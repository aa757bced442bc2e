"""The model API with nothing that observes: no counters, no profile of the features. Run it with `--no-request-log`.

There is no switch for this, and there should be none. It is the other side of the figure that says what observing
costs: everything else is the model API as it is. The workers are forks of this process, so they are without it too.
"""

from __future__ import annotations

import sys

from modelyard_serving.lean import stay_lean
from modelyard_serving.settings import parse_settings


def main() -> int:
    """Serve until told to stop; the exit code."""
    settings = parse_settings()
    stay_lean()
    from modelyard_serving.answering.profiles import Profile
    from modelyard_serving.hosting.host import serve
    from modelyard_serving.observing.metrics import Metrics

    def nothing(*_: object, **__: object) -> None:
        """Count nothing."""

    for name in ("count", "batch", "predicted"):
        setattr(Metrics, name, nothing)
    Profile.of = nothing  # type: ignore[method-assign]  # what is measured is its absence
    return serve(settings)


if __name__ == "__main__":
    sys.exit(main())
