"""`python -m modelyard.testing.pipeline_defects`: the figure, as JSON."""

from __future__ import annotations

import dataclasses
import json
import sys

from modelyard.testing.pipeline_defects.scoring import score


def main() -> int:
    """0 if every mistake is found and the correct pipeline is left alone."""
    found = score()
    sys.stdout.write(json.dumps(dataclasses.asdict(found), indent=2) + "\n")
    return 0 if found.caught == found.defects and not found.false_alarms else 1


if __name__ == "__main__":
    sys.exit(main())
