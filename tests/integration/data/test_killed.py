"""Any step may be killed with SIGKILL and run again: same tables, same versions, nothing twice, nothing lost."""

import signal
import subprocess
import sys

import pytest

from modelyard.lake.layers import Layer, Table
from modelyard.testing.platforms import bare_platform
from modelyard_pipelines.data.curating import curate
from modelyard_pipelines.data.ingesting import ingest
from modelyard_pipelines.purposes.catalog import find_purpose
from modelyard_pipelines.sources.catalog import find_source

TABLES = [Table(Layer.RAW, "weather"), Table(Layer.CLEAN, "weather")]
OFFER = """
import sys
from pathlib import Path
from modelyard.testing.faults import DyingEngine
from modelyard.testing.platforms import bare_platform
from modelyard_pipelines.data.ingesting import ingest
from modelyard_pipelines.sources.catalog import find_source

root, state, file, die_at = Path(sys.argv[1]), Path(sys.argv[2]), Path(sys.argv[3]), int(sys.argv[4])
platform = bare_platform(root, state, engine=lambda real: DyingEngine(real, die_at))
result = ingest(platform, find_source("weather"), file, note=lambda line: None)
sys.exit(0 if result.accepted else 4)
"""
CURATE = """
import sys
from pathlib import Path
from modelyard.testing.faults import DyingEngine
from modelyard.testing.platforms import bare_platform
from modelyard_pipelines.data.curating import curate
from modelyard_pipelines.purposes.catalog import find_purpose

root, state, die_at = Path(sys.argv[1]), Path(sys.argv[2]), int(sys.argv[3])
platform = bare_platform(root, state, engine=lambda real: DyingEngine(real, die_at))
curate(platform, find_purpose("flight_delay"), note=lambda line: None)
"""


def start(script, *arguments):
    return subprocess.Popen([sys.executable, "-c", script, *map(str, arguments)], stderr=subprocess.PIPE)


def finish(process):
    _, said = process.communicate(timeout=120)
    assert process.returncode in {0, 4, -signal.SIGKILL}, said.decode()
    return process.returncode


@pytest.mark.parametrize("instant", [1, 2, 3, 4], ids=["before RAW", "after RAW", "before CLEAN", "after CLEAN"])
def test_an_ingest_that_was_killed_is_finished_by_running_it_again(root, tmp_path, landed, quiet, instant):
    state = tmp_path / "state"
    weather, first, second = find_source("weather"), landed("weather", "2013-01"), landed("weather", "2013-02")
    platform = bare_platform(root, state)
    ingest(platform, weather, first, note=quiet)
    assert finish(start(OFFER, root, state, second, instant)) == -signal.SIGKILL
    assert ingest(platform, weather, second, note=quiet).accepted
    assert [platform.engine.version(table).version for table in TABLES] == [1, 1]
    rows = sum(path.read_text().count("\n") - 1 for path in (first, second))
    assert [platform.engine.rows(table) for table in TABLES] == [rows, rows]
    assert not ingest(platform, weather, second, note=quiet).accepted


@pytest.mark.parametrize("instant", [1, 2], ids=["before CURATED", "after CURATED"])
def test_a_curation_that_was_killed_is_finished_by_running_it_again(root, tmp_path, landed, quiet, instant):
    state = tmp_path / "state"
    platform = bare_platform(root, state)
    for name, month in (("planes", ""), ("weather", "2013-01"), ("flights", "2013-01")):
        ingest(platform, find_source(name), landed(name, month), note=quiet)
    assert finish(start(CURATE, root, state, instant)) == -signal.SIGKILL
    done = curate(platform, find_purpose("flight_delay"), note=quiet)
    assert done.version.version == 0
    assert done.rows == platform.engine.rows(Table(Layer.RAW, "flights"))


def test_two_ingests_of_one_file_at_once_store_it_once(root, tmp_path, landed):
    state, file = tmp_path / "state", landed("weather", "2013-01")
    never = 10**6
    codes = sorted(finish(process) for process in [start(OFFER, root, state, file, never) for _ in range(2)])
    assert codes == [0, 4]
    platform = bare_platform(root, state)
    assert [platform.engine.version(table).version for table in TABLES] == [0, 0]


def test_two_ingests_of_different_files_at_once_both_end_well(root, tmp_path, landed):
    state, never = tmp_path / "state", 10**6
    files = [landed("weather", month) for month in ("2013-01", "2013-02")]
    started = [start(OFFER, root, state, file, never) for file in files]
    codes = [finish(process) for process in started]
    platform = bare_platform(root, state)
    stored = [platform.engine.rows(table) for table in TABLES]
    # February may be judged before January is there; then January comes before the first stored period.
    assert codes.count(0) >= 1
    assert stored[0] == stored[1] > 0
