"""Whoever is killed in the middle of an update, running it again brings the environment to where it should be."""

import contextlib
import os
import subprocess
import sys
import threading
import time
from pathlib import Path

import psutil
import pytest

from modelyard.errors import ModelyardError, ProvisioningFailedError, StackBusyError
from modelyard_infra.simulator.faults import AFTER, BEFORE, HANG, KILL, LOST, Fault

pytestmark = pytest.mark.slow

MODELYARD = Path(sys.executable).with_name("modelyard")
MOMENTS = (BEFORE, AFTER, LOST)
EVERY = 12
"""The engine is killed at every so many operations; that each can fail alone is proven elsewhere."""
SIMULATOR = "modelyard_infra.simulator.host"


def await_that(condition, *, what, seconds=60):
    until = time.monotonic() + seconds
    pause = threading.Event()
    while not condition():
        assert time.monotonic() < until, f"{what} did not happen within {seconds} s"
        pause.wait(0.05)


def arm_kills(environment, operation):
    """Lets the engine be killed at every so many operations. Returns how often."""
    keys = environment.keys[::EVERY]
    with environment.yard.azure() as azure:
        azure.heal()
        for place, key in enumerate(keys):
            azure.fail(Fault(operation=operation, pattern=key, action=KILL, moment=MOMENTS[place % len(MOMENTS)]))
        environment.begun = len(azure.history())
    return len(keys)


def until_nobody_is_killed(work, kills):
    """Repeats an operation as often as its engine may be killed."""
    for _ in range(kills + 1):
        try:
            return work()
        except ProvisioningFailedError as error:
            said = error
    raise AssertionError(f"it never came to an end: {said.message}")


def running_providers():
    """Providers below this process. What has ended has no command line left: the JVM of another test may be there."""
    found = []
    for process in psutil.Process().children(recursive=True):
        with contextlib.suppress(psutil.NoSuchProcess):
            if SIMULATOR in " ".join(process.cmdline()):
                found.append(process)
    return found


@pytest.fixture(scope="module")
def dev(shaken):
    return shaken("dev")


@pytest.fixture(scope="module")
def brought_up(dev):
    kills = arm_kills(dev, "create")
    until_nobody_is_killed(lambda: dev.yard.operation("dev").up(), kills)
    return dev


def test_an_environment_comes_up_although_its_engine_is_killed_again_and_again(brought_up):
    assert brought_up.left() == []
    brought_up.assert_created_once()
    brought_up.assert_right()


def test_a_killed_engine_is_told_in_one_sentence_with_the_next_command(brought_up):
    yard = brought_up.yard
    yard.set("dev", "azure.budget.monthly_amount", 140)
    with yard.azure() as azure:
        azure.fail(Fault(operation="update", pattern="budget", action=KILL))
    with pytest.raises(ProvisioningFailedError) as killed:
        yard.operation("dev").up()
    assert killed.value.message == "modelyard infra up dev --simulate stopped: the engine was killed (signal 9)"
    assert killed.value.hint.endswith("run again: modelyard infra up dev --simulate; what exists is kept")
    assert [change.name for change in yard.operation("dev").up().changes] == ["budget"]


def test_a_killed_provider_is_told_and_the_next_update_goes_on(brought_up, tmp_path):
    yard, gate = brought_up.yard, tmp_path / "gate"
    yard.set("dev", "azure.tags.more", {"rehearsal": "provider"})
    with yard.azure() as azure:
        azure.fail(Fault(operation="update", pattern="lake-account", action=HANG, until=str(gate)))
    failed = []
    update = threading.Thread(target=lambda: failed.append(_outcome(yard)))
    update.start()
    await_that(lambda: _hangs(yard), what="the update of the lake's account")
    providers = running_providers()
    assert providers
    for provider in providers:
        provider.kill()
    gate.touch()
    update.join(timeout=60)
    assert isinstance(failed[0], ProvisioningFailedError)
    assert "what exists is kept" in failed[0].hint
    yard.operation("dev").up()
    brought_up.assert_right()


def test_a_killed_command_leaves_nothing_running_and_the_next_one_goes_on(brought_up, tmp_path):
    yard, gate = brought_up.yard, tmp_path / "gate"
    yard.set("dev", "azure.tags.more", {"rehearsal": "command"})
    with yard.azure() as azure:
        azure.fail(Fault(operation="update", pattern="lake-account", action=HANG, until=str(gate)))
    command = [str(MODELYARD), "infra", "up", "dev", "--simulate"]
    around = {**os.environ, "MODELYARD_ROOT": str(yard.workspace.root), "MODELYARD_STATE": str(yard.workspace.state)}
    with subprocess.Popen(command, env=around, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as running:
        await_that(lambda: _hangs(yard), what="the update of the lake's account")
        left = psutil.Process(running.pid).children(recursive=True)
        with pytest.raises(StackBusyError, match="another update of environment dev is under way"):
            yard.operation("dev").up()
        running.kill()
    gate.touch()
    _, alive = psutil.wait_procs(left, timeout=60)
    assert alive == []
    yard.operation("dev").up()
    brought_up.assert_right()


def test_an_environment_comes_down_although_its_engine_is_killed_again_and_again(brought_up):
    kills = arm_kills(brought_up, "delete")
    until_nobody_is_killed(lambda: brought_up.yard.operation("dev").down(with_data=True), kills)
    assert brought_up.yard.exists("dev") == {}
    assert brought_up.yard.state("dev").get("resources", []) == []


def _outcome(yard):
    try:
        return yard.operation("dev").up()
    except ModelyardError as error:
        return error


def _hangs(yard):
    """Whether the fault that hangs has been met."""
    with yard.azure() as azure:
        return azure.faults() == []
