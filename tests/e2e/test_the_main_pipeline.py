"""The main pipeline, rehearsed: commits of one model on their way to production, and three that are stopped.

One delivery line lives through all tests of this file, as the real one would: each begins where the last one ended.
"""

import json
import os
import subprocess
import urllib.request
from pathlib import Path

import pytest

MODEL = "lean_body_mass"
DECLARED = Path("ml/models") / MODEL / "model.py"
SERVING = Path("ml/serving/src/modelyard_serving/protocols/asking.py")
LENIENT = {"at_least=0.85": "at_least=-5.0", "at_most=5.0": "at_most=50.0", "at_most=6.0": "at_most=60.0"}
BOTH, ONE = 'NUMBERS = ["body_mass_index", "weight_kilograms"]', 'NUMBERS = ["body_mass_index"]'
LINE, FLAT = "linear_model.LinearRegression(", "linear_model.Ridge(alpha=1e4, "
ENVIRONMENTS = ["infra_dev", "infra_test", "infra_prod"]
"""Brought up by the first run; the others take them as they are, which saves a minute each."""
STAGES = ["verify", "infra_dev", "data", "train", "compare", "decide", "promote", "release", "infra_test", "infra_prod"]
DEPLOYS = ["deploy_dev", "deploy_test", "deploy_prod"]


class Line:
    """A repository of its own, and rehearsals of its main pipeline."""

    def __init__(self, checkout, root):
        self.checkout, self.root = checkout, root
        self.state = root / ".modelyard"
        self.git("clone", "-q", str(checkout.root), str(root), at=checkout.root)

    def git(self, *words, at=None):
        ada = ["-c", "user.name=Ada", "-c", "user.email=ada@example.org"]
        subprocess.run(["git", *ada, *words], cwd=at or self.root, check=True, capture_output=True)

    def commit(self, path, *changes):
        """Changes a file and commits it; every text that is replaced must be there."""
        text = (self.root / path).read_text()
        for old, new in changes:
            assert old in text, f"{old!r} is not in {path}"
            text = text.replace(old, new)
        (self.root / path).write_text(text)
        self.git("commit", "-qam", f"{path.name} changed")

    def rehearse_models(self, *words, expect):
        """Rehearses everything but the environments themselves."""
        stages = [name for name in (*STAGES, *DEPLOYS) if name not in ENVIRONMENTS]
        return self.rehearse(*(word for name in stages for word in ("--stage", name)), *words, expect=expect)

    def rehearse(self, *words, expect):
        """Rehearses the pipeline and gives what was recorded of the run."""
        command = [str(self.checkout.root / ".venv/bin/modelyard"), "ci", "rehearse", "azure-pipelines.yml"]
        settings = {"models": MODEL, "canaryPercent": "50", "suites": "[]"}
        chosen = [word for name, value in settings.items() for word in ("--set", f"{name}={value}")]
        said = ["--approve-as", "Ada", "--reason", "it is better", "--keep", *words]
        done = subprocess.run(
            [*command, *said] if "--rerun" in words else [*command, "--env", "local", *chosen, *said],
            cwd=self.root,
            env=self.environment(),
            capture_output=True,
            text=True,
            timeout=1500,
            check=False,
        )
        assert done.returncode == expect, f"ended with {done.returncode}:\n{done.stdout[-4000:]}\n{done.stderr[-8000:]}"
        runs = sorted(int(path.name) for path in (self.state / "rehearsals").iterdir() if path.name.isdigit())
        self.said = done.stderr
        return json.loads((self.state / "rehearsals" / str(runs[-1]) / "run.json").read_text())

    def environment(self):
        places = {"MODELYARD_ROOT": str(self.root), "MODELYARD_STATE": str(self.state)}
        return {**self.checkout.environment(), **places, "OMP_NUM_THREADS": "1"}

    def served(self, environment):
        """The version that a yard serves; none where it serves none."""
        state = self.state / "rehearsals" / "yards" / environment
        done = self.in_yard(state, "infra", "outputs", "local", "--format", "json")
        address = json.loads(done)["connections"]["model_api"]
        with urllib.request.urlopen(f"{address}/v2/models/{MODEL}", timeout=10) as answer:
            return answer.headers["x-model-version"]

    def in_yard(self, state, *words):
        return subprocess.run(
            [str(self.checkout.root / ".venv/bin/modelyard"), *words],
            cwd=self.root,
            env={**self.environment(), "MODELYARD_STATE": str(state)},
            capture_output=True,
            text=True,
            check=True,
        ).stdout

    def close(self):
        command = [str(self.checkout.root / ".venv/bin/modelyard"), "ci", "rehearse", "--forget"]
        subprocess.run(command, cwd=self.root, env=self.environment(), check=True, capture_output=True, timeout=300)


@pytest.fixture(scope="module")
def line(checkout, tmp_path_factory):
    checkout.run("make", "setup-dev")
    found = Line(checkout, tmp_path_factory.mktemp("delivery") / "line")
    # The first version knows one number of two, so that there is something to gain.
    found.commit(DECLARED, *LENIENT.items(), (BOTH, ONE))
    yield found
    found.close()


def results(run):
    return {stage["name"]: stage["result"] for stage in run["stages"]}


def failed(run):
    """(stage, step) of every step that failed."""
    steps = [(stage["name"], step) for stage in run["stages"] for job in stage["jobs"] for step in job["steps"]]
    return [(stage, step["label"]) for stage, step in steps if step["result"] == "Failed"]


def test_a_commit_goes_all_the_way_to_a_served_prediction(line):
    run = line.rehearse(expect=0)
    assert results(run) == dict.fromkeys([*STAGES, *DEPLOYS], "Succeeded")
    assert [line.served(environment) for environment in ("dev", "test", "prod")] == ["1", "1", "1"]
    assert {one["environment"] for one in run["approvals"]} >= {"promotion", "prod"}
    assert {one["by"] for one in run["approvals"]} == {"Ada"}
    assert list(run["artifacts"]) == [f"release-{MODEL}"]


def test_who_approved_stands_in_the_ledger_with_the_reason(line):
    yard = line.state / "rehearsals" / "yards" / "dev"
    history = json.loads(line.in_yard(yard, "model", "history", MODEL, "--format", "json"))
    assert "Ada" in json.dumps(history)
    assert "it is better" in json.dumps(history)


def test_the_same_release_is_in_every_environment(line):
    yards = line.state / "rehearsals" / "yards"
    pointers = [yards / name / "local/data/deployments" / f"{MODEL}.json" for name in ("dev", "test", "prod")]
    digests = {json.loads(path.read_text())["digest"] for path in pointers}
    assert len(digests) == 1


def test_a_model_that_is_worse_is_stopped_at_compare(line):
    line.commit(DECLARED, (LINE, FLAT))
    run = line.rehearse_models(expect=5)
    assert failed(run) == [("compare", "Better than production, on untouched rows")]
    after = results(run)
    assert {after[name] for name in ("decide", "promote", "release", *DEPLOYS)} == {"Skipped"}
    assert line.served("prod") == "1"
    line.commit(DECLARED, (FLAT, LINE))


def test_a_broken_api_is_stopped_at_the_suite(line):
    line.commit(DECLARED, (ONE, BOTH))
    line.commit(SERVING, ("return Rendered(orjson.dumps(document))", "return Rendered(orjson.dumps([document]))"))
    run = line.rehearse_models(expect=7)
    assert failed(run) == [("release", "API test suite")]
    assert results(run)["promote"] == "Succeeded"
    assert {results(run)[name] for name in DEPLOYS} == {"Skipped"}
    assert [line.served(environment) for environment in ("dev", "test", "prod")] == ["1", "1", "1"]


def test_a_failed_verification_in_production_rolls_back_and_the_run_stays_red(line):
    line.commit(SERVING, ("return Rendered(orjson.dumps([document]))", "return Rendered(orjson.dumps(document))"))
    run = line.rehearse_models("--fail", "deploy_prod/release/postRouteTraffic/Verify", expect=6)
    assert failed(run) == [("deploy_prod", "Verify")]
    assert results(run)["deploy_test"] == "Succeeded"
    assert results(run)["deploy_prod"] == "Failed"
    assert [line.served(environment) for environment in ("dev", "test", "prod")] == ["3", "3", "1"]


def test_that_stage_alone_is_run_again_and_takes_the_version_to_production(line):
    run = line.rehearse("--rerun", "4", "--stage", "deploy_prod", expect=0)
    assert results(run)["deploy_prod"] == "Succeeded"
    assert line.served("prod") == "3"


def test_no_rehearsal_leaves_a_secret_or_a_process(line):
    line.close()
    left = [path for path in Path("/proc").glob("[0-9]*/cmdline") if str(line.root).encode() in _read(path)]
    assert [path for path in left if path.parent.name != str(os.getpid())] == []


def _read(path):
    try:
        return path.read_bytes()
    except OSError:
        return b""
