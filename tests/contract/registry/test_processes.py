"""Several people decide at once, each in a process of their own, on one MLflow server: exactly one wins."""

import json
import subprocess
import sys

import pytest

from modelyard.registry.mlflow_registry import MlflowRegistry

DECIDE = """
import sys
from pathlib import Path
from modelyard.errors import ModelyardError, exit_code_of
from modelyard.registry.mlflow_registry import MlflowRegistry

address, ledger, model, action, version, by = sys.argv[1:]
registry = MlflowRegistry(address, Path(ledger), patience=60)
registry.versions(model)  # everybody has everything loaded before anybody begins
print("ready", flush=True)
sys.stdin.readline()
try:
    if action == "promote":
        registry.promote(model, int(version), by=by, reason="better", evidence="e" * 64)
    else:
        registry.roll_back(model, by=by, reason="complaints")
except ModelyardError as error:
    print(error.message, file=sys.stderr)
    sys.exit(exit_code_of(error))
"""


@pytest.fixture
def kind():
    return "mlflow"


@pytest.fixture
def ledger(tmp_path):
    return tmp_path / "ledger"


@pytest.fixture
def at_once(mlflow_address, ledger, model):
    """Lets several processes decide at the same moment; gives how each of them ended, and what it said."""

    def run(*wishes):
        started = [
            subprocess.Popen(
                [sys.executable, "-c", DECIDE, mlflow_address, str(ledger), model, *map(str, wish)],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                text=True,
            )
            for wish in wishes
        ]
        for one in started:
            assert one.stdout.readline() == "ready\n", one.stderr.read()
        for one in started:
            one.stdin.write("go\n")
            one.stdin.flush()
        ended = [one.communicate(timeout=120) for one in started]
        return [(one.returncode, said[1].strip()) for one, said in zip(started, ended, strict=True)]

    return run


@pytest.fixture
def registry(mlflow_address, ledger):
    return MlflowRegistry(mlflow_address, ledger)


def test_of_promotions_of_the_same_version_one_wins_and_the_others_are_told_who(
    registry, model, registration, at_once, ledger
):
    registry.register(registration())
    registry.stage(model, 1)
    ended = at_once(*[("promote", 1, name) for name in ("Ada", "Grace", "Mary")])
    assert sorted(code for code, _ in ended) == [0, 5, 5]
    (entry,) = registry.history(model)
    assert all(f"in production already, by {entry.decision.by}" in said for code, said in ended if code)
    (line,) = (ledger / f"{model}.jsonl").read_text().splitlines()
    assert json.loads(line)["hash"] == entry.hash


def test_rollbacks_at_once_go_back_one_version_and_no_further(registry, model, registration, at_once):
    for version in (1, 2, 3):
        registry.register(registration())
        registry.stage(model, version)
        registry.promote(model, version, by="Ada", reason="better", evidence="e" * 64)
    ended = at_once(*[("rollback", 0, name) for name in ("Ada", "Grace", "Mary")])
    assert [code for code, _ in ended] == [0, 0, 0]
    assert [entry.decision.action for entry in registry.history(model)] == ["promotion"] * 3 + ["rollback"]
    assert registry.production(model).version == 2


def test_a_promotion_and_a_rollback_at_once_end_in_one_chain_and_one_production_version(
    registry, model, registration, at_once
):
    for version in (1, 2, 3):
        registry.register(registration())
        registry.stage(model, version)
        if version < 3:
            registry.promote(model, version, by="Ada", reason="better", evidence="e" * 64)
    at_once(("promote", 3, "Ada"), ("rollback", 0, "Grace"))
    last = registry.history(model)[-1].decision
    assert registry.production(model).version == last.version
    assert [one.stage for one in registry.versions(model)].count("production") == 1
