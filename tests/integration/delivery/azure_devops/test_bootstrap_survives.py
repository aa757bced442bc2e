"""Every write goes wrong once, in every way: the next look finds out what happened, and nothing is made twice."""

import contextlib
import json
import os
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest

from modelyard.errors import ExternalServiceError, ServiceUnavailableError
from modelyard.testing.azure_devops_fakes import FakeAzureDevOps
from modelyard.testing.rest_server import Fault

ROOT = Path(__file__).resolve().parents[4]


def names(service):
    shelves = {
        "queue": service.queues,
        "pipeline": service.definitions,
        "environment": service.environments,
        "connection": service.endpoints,
        "group": service.groups,
        "policy": service.policies,
    }
    made = Counter()
    for kind, shelf in shelves.items():
        for one in shelf.made:
            made[kind, one.get("name") or (one["type"]["id"], one["settings"].get("buildDefinitionId"))] += 1
    for one in service.checks.made:
        made["check", (one["type"]["id"], one["resource"]["type"], one["resource"]["id"])] += 1
    return made


@pytest.mark.parametrize("kind", ["refused", "after", "lost"])
def test_converges_when_every_write_fails_once(run, service, kind):
    """Each request that writes is answered badly once, then well."""
    ordered = set()

    def order(asked):
        key = (asked.method, asked.path, str(asked.body))
        if asked.method == "GET" or key in ordered:
            return
        ordered.add(key)
        service.faults[:] = [Fault(kind, asked.method, asked.path + "$")]

    plain = service.answer

    def answer(asked):
        order(asked)
        return plain(asked)

    service.answer = answer
    plan = run(apply=True)
    assert set(names(service).values()) == {1}
    assert len(ordered) > 40
    assert [one for one in plan.changes if one.mark == "!" and one.kind != "connection id"] == []
    service.answer = plain
    assert [one.kind for one in run().drift] == ["connection id", "connection id"]


@pytest.mark.parametrize("place", range(0, 60, 5))
def test_goes_on_where_a_killed_run_stopped(run, service, place):
    """The service is gone from the Nth write on; the next run finds what is there and makes the rest."""
    service.faults.append(Fault("lost" if place % 2 else "refused", skip=place, times=10_000))
    with contextlib.suppress(ServiceUnavailableError):
        run(apply=True)
    service.faults.clear()
    run(apply=True)
    assert set(names(service).values()) == {1}
    assert [one.kind for one in run().drift] == ["connection id", "connection id"]


def test_waits_as_long_as_a_busy_service_asks(run, service):
    service.faults.append(Fault("refused", "POST", "environments", status=429, retry_after="7", times=2))
    plan = run(apply=True)
    assert [one.mark for one in plan.changes if one.kind == "environment"] == ["+"] * 5


def test_looks_are_repeated_when_the_service_stumbles(run, service):
    service.faults.append(Fault("refused", "GET", "definitions", status=502, times=2))
    assert run().changes


@pytest.mark.parametrize("status", [401, 403])
def test_a_refusal_is_no_reason_to_try_again(run, service, status):
    service.faults.append(Fault("refused", "PATCH", "generalsettings", status=status, times=9))
    with pytest.raises(ExternalServiceError) as refused:
        run(apply=True)
    assert not isinstance(refused.value, ServiceUnavailableError)
    assert len([one for one in service.writes if "generalsettings" in one.path]) == 1


def test_somebody_who_was_faster_is_looked_at_again(run, service, settled):
    for one in service.definitions.things.values():
        one["queueStatus"] = "disabled"
    service.faults.append(Fault("refused", "PUT", "definitions", status=409))
    plan = run(apply=True, wishes=settled)
    assert [one.mark for one in plan.changes if one.kind == "pipeline"] == ["~"] * 3
    assert {one["queueStatus"] for one in service.definitions.things.values()} == {"enabled"}


@pytest.fixture
def home():
    """An organisation that our own environment files name."""
    with FakeAzureDevOps(organisation="example-org") as fake:
        fake.pools.put({"name": "modelyard-private"})
        for mail in ("ml-platform-lead@example.com", "risk-officer@example.com"):
            fake.add_person(mail)
        yield fake


def start(home, tmp_path, *options):
    """The real command in a process of its own, with this repository's own files and without an Azure CLI."""
    command = [str(Path(sys.executable).with_name("modelyard")), "ci", "bootstrap"]
    words = ["--organization", home.address, "--project", "modelyard", *options]
    variables = {**os.environ, "SYSTEM_ACCESSTOKEN": "s3cret", "PATH": str(tmp_path)}
    return subprocess.Popen(
        [*command, *words], cwd=ROOT, env=variables, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )


def test_a_process_that_is_killed_is_followed_by_one_that_makes_the_rest(home, tmp_path):
    plain = home.answer
    process = start(home, tmp_path, "--apply")

    def answer(asked):
        said = plain(asked)
        if len(home.writes) < 25:
            return said
        process.kill()
        return None

    home.answer = answer
    process.communicate(timeout=60)
    assert process.returncode == -9
    home.answer = plain
    again = start(home, tmp_path, "--apply")
    _, complaints = again.communicate(timeout=60)
    assert again.returncode == 0, complaints
    assert set(names(home).values()) == {1}
    check = start(home, tmp_path, "--check")
    shown, complaints = check.communicate(timeout=60)
    assert check.returncode == 6, complaints
    assert "modelyard infra bootstrap prod --run" in shown
    assert "s3cret" not in shown + complaints


def test_the_command_speaks_to_machines_too(home, tmp_path):
    shown, complaints = start(home, tmp_path, "--format", "json").communicate(timeout=60)
    document = json.loads(shown)
    assert document["in_order"] is False, complaints
    assert document["applied"] is False
    assert {"mark", "kind", "name", "why", "details"} == set(document["changes"][0])
    assert home.writes == []


def test_the_command_does_not_apply_and_check_at_once(home, tmp_path):
    process = start(home, tmp_path, "--apply", "--check")
    process.communicate(timeout=60)
    assert process.returncode == 2
    assert home.asked == []
