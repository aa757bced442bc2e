"""`python -m modelyard_serving`: the model API."""

from __future__ import annotations

import sys
import warnings

from modelyard_serving.lean import stay_lean
from modelyard_serving.settings import parse_settings


def main() -> int:
    """Serve until told to stop; the exit code."""
    settings = parse_settings()
    stay_lean()
    # Libraries warn of what a client sent. The log is JSON, and says what became of the request.
    warnings.simplefilter("ignore")
    # After the line above, so that nothing is imported that the serving image does not have.
    from modelyard_serving.hosting.host import serve

    return serve(settings)


if __name__ == "__main__":
    sys.exit(main())
