"""Command line, and what the process may import."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from modelyard_serving.settings import parse_settings

FOLDERS = ["--deployments", "d", "--bundles", "b"]

PROGRAM = """
import json, sys
from pathlib import Path
from modelyard_serving.lean import stay_lean
stay_lean()
import modelyard_serving.hosting.host
from modelyard_bundle import Pointer
before = sorted(sys.modules)
from modelyard_serving.loading.gate import pass_gate
bundles = Path(sys.argv[1])
pointer = Pointer.from_json(Path(sys.argv[2]).read_bytes())
model = pass_gate(pointer, bundles)
print(json.dumps({"before": before, "after": sorted(sys.modules), "version": model.version}))
"""


def test_the_defaults_listen_on_this_machine_only():
    assert parse_settings(FOLDERS).host == "127.0.0.1"


def test_every_option_reaches_the_settings():
    found = parse_settings([*FOLDERS, "--port", "0", "--max-rows", "7", "--drain-seconds", "1.5", "--announce", "a"])
    assert (found.port, found.max_rows, found.drain_seconds, found.announce) == (0, 7, 1.5, Path("a"))


@pytest.mark.parametrize(
    "arguments",
    [[], [*FOLDERS, "--max-rows", "0"], [*FOLDERS, "--drain-seconds", "inf"], [*FOLDERS, "--drain-seconds", "nan"]],
)
def test_settings_that_make_no_sense_end_with_a_usage_error(arguments, capsys):
    with pytest.raises(SystemExit) as ended:
        parse_settings(arguments)
    assert ended.value.code == 2
    assert "usage" in capsys.readouterr().err


@pytest.mark.parametrize("estimator", ["linear", "boosting"])
def test_serving_a_model_imports_no_pandas_mlflow_spark_or_platform(train, tmp_path, estimator):
    pointer = train(estimator=estimator).bundle(tmp_path, "1")
    (tmp_path / "pointer").write_bytes(pointer.to_json())
    command = [sys.executable, "-c", PROGRAM, str(tmp_path), str(tmp_path / "pointer")]
    done = subprocess.run(command, capture_output=True, check=True, text=True)
    found = json.loads(done.stdout)
    assert found["version"] == "1"
    unwanted = {"pandas", "pyarrow", "mlflow", "pyspark", "matplotlib", "modelyard", "great_expectations", "pulumi"}
    assert not unwanted & set(found["after"])
    # Health must be answered at once, so what is slow to import waits for the first model.
    assert not {"sklearn", "skops", "scipy"} & set(found["before"])
