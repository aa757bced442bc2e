"""The host and its workers: what one of them suffers, no client notices."""

from __future__ import annotations

import http.client
import json
import os
import signal
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from modelyard_bundle import remove_pointer, replace_pointer


def workers_of(api) -> list[int]:
    """The process ids of a host's workers."""
    found = []
    for folder in Path("/proc").iterdir():
        if folder.name.isdigit():
            try:
                state = (folder / "stat").read_text().rsplit(")", 1)[1].split()
            except OSError:
                continue
            if int(state[1]) == api.process.pid and state[0] != "Z":
                found.append(int(folder.name))
    return sorted(found)


def ask(tiny):
    return {"dataframe_records": [dict(tiny.example.rows[0])]}


def counted(api, name: str, **labels: str) -> float:
    """The sum of a metric's samples that have these labels."""
    total = 0.0
    for line in api.api.get("/metrics").body.decode().splitlines():
        if line.startswith((f"{name}{{", f"{name} ")) and all(
            f'{key}="{value}"' in line for key, value in labels.items()
        ):
            total += float(line.rsplit(" ", 1)[1])
    return total


@pytest.fixture
def two(start, train):
    """A host with two workers that serves one model."""
    api = start(workers="2")
    train().deploy(api.bundles, api.deployments, version="1")
    api.ready("1")
    return api


def settled(api, until, count: int = 2) -> list[int]:
    """The workers, once there are so many: those of the generation before take a moment to end."""
    return until(lambda: len(found := workers_of(api)) == count and found)


def test_counters_add_up_over_workers_and_outlive_them(two, train, until):
    for _ in range(40):
        assert two.api.post("/invocations", ask(train())).status == 200
    before = settled(two, until)
    assert counted(two, "modelyard_requests_total", endpoint="invocations", status="200") == 40
    for worker in before:
        os.kill(worker, signal.SIGKILL)
    until(lambda: len(after := workers_of(two)) == 2 and not set(after) & set(before))
    until(lambda: two.api.get("/v2/health/ready").status == 200)
    assert two.api.post("/invocations", ask(train())).status == 200
    assert counted(two, "modelyard_requests_total", endpoint="invocations", status="200") == 41
    assert counted(two, "modelyard_worker_restarts_total") == 2


def test_a22_a_killed_worker_is_replaced_and_what_waits_for_it_is_answered(two, train, load, until):
    body = json.dumps(ask(train())).encode()
    with load(two.url, body) as clients:
        until(lambda: len(clients.answers) > 50)
        victim = settled(two, until)[0]
        os.kill(victim, signal.SIGKILL)
        until(lambda: victim not in workers_of(two) and len(workers_of(two)) == 2)
        before = len(clients.answers)
        until(lambda: len(clients.answers) > before + 50)
    assert {status for status, *_ in clients.answers} == {200}
    # Only what the killed worker was answering at that moment is lost: at most one request of each client.
    assert len(clients.failures) <= clients.clients


def test_a23_a_worker_that_stands_still_is_replaced(start, train, until):
    api = start(hung_seconds="1.5")
    train().deploy(api.bundles, api.deployments, version="1")
    api.ready("1")
    (hung,) = settled(api, until, 1)
    os.kill(hung, signal.SIGSTOP)
    until(lambda: workers_of(api) and hung not in workers_of(api))
    assert until(lambda: api.api.post("/invocations", ask(train())).status == 200)
    api.terminate()
    assert [event["worker"] for event in api.events() if event["event"] == "worker_hung"] == [hung]


def test_workers_end_when_their_host_is_killed(two, until):
    workers = settled(two, until)
    two.process.kill()
    two.process.wait()
    until(lambda: not any(Path(f"/proc/{worker}").exists() for worker in workers))


def test_two_hosts_never_share_a_port(two, start):
    second = start(port=str(urlsplit(two.url).port), workers="2")
    assert second.process.wait(30) == 1
    assert [event["event"] for event in second.events()] == ["cannot_listen"]


def test_a31_a32_versions_go_forth_and_back_under_load_with_several_workers(start, train, load, until):
    api = start(workers="2")
    models = {version: train(seed=int(version)) for version in ("1", "2")}
    pointers = {version: model.bundle(api.bundles, version) for version, model in models.items()}
    replace_pointer(api.deployments, pointers["1"])
    api.ready("1")
    with load(api.url, json.dumps(ask(models["1"])).encode()) as clients:
        for version in ("2", "1", "2", "1"):
            replace_pointer(api.deployments, pointers[version])
            # Both workers change together: from here on no new connection meets the other version.
            api.ready(version)
            assert {api.ready().headers["x-model-version"] for _ in range(20)} == {version}
            before = len(clients.answers)
            until(lambda before=before: len(clients.answers) > before + 30)
    assert clients.failures == []
    assert {status for status, *_ in clients.answers} == {200}


def test_a25_a_corrupt_first_model_is_never_ready_and_says_why(start, train, until):
    api = start(workers="2")
    pointer = train().deploy(api.bundles, api.deployments, version="1")
    (api.bundles / pointer.bundle / "model.skops").write_bytes(b"spoilt")
    until(lambda: "digest" in str(api.api.get("/v2/health/ready").json().get("reason")))
    assert api.api.get("/v2/health/ready").status == 503
    assert api.api.get("/v2/health/live").status == 200
    assert api.api.post("/invocations", ask(train())).status == 503
    remove_pointer(api.deployments, "tiny")
    until(lambda: "no production model" in str(api.api.get("/v2/health/ready").json().get("reason")))


@pytest.fixture
def half_sent():
    """Requests whose head has arrived and whose body has not."""
    connections = []

    def send(api, length: int) -> None:
        parts = urlsplit(api.url)
        connection = http.client.HTTPConnection(parts.hostname, parts.port, timeout=20)
        connections.append(connection)
        connection.putrequest("POST", "/invocations")
        connection.putheader("Content-Type", "application/json")
        connection.putheader("Content-Length", str(length))
        connection.endheaders()
        connection.send(b"{")

    yield send
    for connection in connections:
        connection.close()


def in_flight(api) -> int:
    """Requests being answered, the one that asks left out."""
    return int(counted(api, "modelyard_requests_in_flight")) - 1


def test_a20_a_crowd_is_told_to_come_back_and_health_is_still_answered(start, train, half_sent, until):
    api = start(max_in_flight="2")
    train().deploy(api.bundles, api.deployments, version="1")
    api.ready("1")
    half_sent(api, 1000)
    until(lambda: in_flight(api) == 1)
    half_sent(api, 1000)
    refused = until(lambda: (answer := api.api.post("/invocations", ask(train()))).status == 503 and answer)
    assert refused.headers["retry-after"] == "1"
    assert refused.json()["error"]["code"] == "overloaded"
    assert api.api.get("/v2/health/ready").status == 200


def test_a20_bodies_beyond_what_may_be_held_are_told_to_come_back(start, train, half_sent, until):
    api = start(max_held_bytes="1000000")
    train().deploy(api.bundles, api.deployments, version="1")
    api.ready("1")
    half_sent(api, 999_000)
    until(lambda: in_flight(api) == 1)
    refused = api.api.post("/invocations", b" " * 2000)
    assert refused.status == 503
    assert "bytes of requests at once" in refused.json()["error"]["message"]
    assert api.api.post("/invocations", ask(train())).status == 200


def test_a21_no_accepted_request_is_lost_when_it_is_told_to_stop(start, train, load, until):
    api = start(workers="2", linger_seconds="0.5", drain_seconds="10")
    train().deploy(api.bundles, api.deployments, version="1")
    api.ready("1")
    with load(api.url, json.dumps(ask(train())).encode()) as clients:
        until(lambda: len(clients.answers) > 50)
        assert api.terminate() == 0
    answered = [event for event in api.events() if event["event"] == "request" and event["status"] == 200]
    # What was read was answered, and every answer arrived.
    assert len(answered) == len(clients.answers)
    assert {status for status, *_ in clients.answers} == {200}
    # What came later was never read: the port was closed.
    kinds = {failure.split("(")[0] for failure in clients.failures}
    assert kinds <= {"ConnectionRefusedError", "ConnectionResetError", "BrokenPipeError"}, set(clients.failures)


def test_models_are_shared_between_workers(start, train, until):
    api = start(workers="2")
    train(estimator="forest").deploy(api.bundles, api.deployments, version="1")
    api.ready("1")
    shared, own = zip(*(memory_of(worker) for worker in settled(api, until)), strict=True)
    assert min(shared) > max(own)


def memory_of(pid: int) -> tuple[int, int]:
    """Kilobytes that a process shares with others, and that it has alone."""
    lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()[1:]
    kilobytes = {line.split(":")[0]: int(line.split()[1]) for line in lines}
    shared = kilobytes["Shared_Clean"] + kilobytes["Shared_Dirty"]
    return shared, kilobytes["Private_Clean"] + kilobytes["Private_Dirty"]


def test_a26_serves_although_the_tracking_server_is_gone(start, train, monkeypatch):
    """It never asks it: what a release needs of the registry is in the bundle."""
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "http://127.0.0.1:9")
    api = start()
    train().deploy(api.bundles, api.deployments, version="1")
    api.ready("1")
    assert api.api.post("/invocations", ask(train())).status == 200
