"""Both sides in one warm process, in turn: the same month on fresh copies, the first pair not counted."""

from __future__ import annotations

import argparse
import json
import os
import time
from pathlib import Path


def main() -> None:
    """Runs every pair of lakes, and prints the seconds of each side."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "--pair", nargs=2, action="append", metavar=("OURS", "BARE"), required=True, help="state folders"
    )
    parser.add_argument("--month", required=True)
    parser.add_argument("--columns", type=Path, required=True)
    wanted = parser.parse_args()
    columns = json.loads(wanted.columns.read_bytes())
    seconds: dict[str, list[float]] = {"ours": [], "bare": []}
    for ours, bare in wanted.pair:
        seconds["ours"].append(_ours(Path(ours), wanted.month))
        seconds["bare"].append(_bare(Path(bare), wanted.month, columns))
    print(json.dumps({side: found[1:] for side, found in seconds.items()}))


def _ours(state: Path, month: str) -> float:
    from modelyard.cli.output import step
    from modelyard.composition import open_platform
    from modelyard_pipelines.data.running import data_workflow
    from modelyard_pipelines.purposes.catalog import find_purpose

    os.environ["MODELYARD_STATE"] = str(state)
    begun = time.perf_counter()
    list(data_workflow(open_platform("local"), find_purpose("flight_delay"), [month]).run(step))
    return time.perf_counter() - begun


def _bare(state: Path, month: str, columns: dict[str, list[dict[str, str]]]) -> float:
    from bare_month import run
    from yards import Yard

    begun = time.perf_counter()
    run(Yard(state).lake, month, columns)
    return time.perf_counter() - begun


if __name__ == "__main__":
    main()
