"""The store stays whole, whoever writes, and whenever a writer dies."""

import os
import signal
import subprocess
import sys
import threading

import pytest

from modelyard_infra.simulator.store import Store, Stored

WRITER = """
import sys
from pathlib import Path
from modelyard_infra.simulator.store import Store, Stored
store = Store(Path(sys.argv[1]))
print("ready", flush=True)
for number in range(100_000):
    with store.transaction() as tables:
        for half in ("one", "two"):
            body = {"number": number, "text": "x" * 2000}
            tables.put(Stored(f"/subscriptions/s/resourceGroups/{half}", "resources:ResourceGroup", body, number))
"""


def group(name, **body):
    return Stored(f"/subscriptions/s/resourceGroups/{name}", "resources:ResourceGroup", body, 1)


def test_what_is_put_is_found_by_its_id_in_any_case(tmp_path):
    store = Store(tmp_path / "azure.db")
    with store.transaction() as tables:
        tables.put(group("Rg", location="westeurope"))
    with Store(tmp_path / "azure.db").transaction() as tables:
        assert tables.get("/SUBSCRIPTIONS/s/resourcegroups/RG") == group("Rg", location="westeurope")
        assert [one.name for one in tables.named("resources:ResourceGroup", "RG")] == ["Rg"]


def test_a_transaction_that_raises_leaves_nothing(tmp_path):
    store = Store(tmp_path / "azure.db")

    def write_and_fail():
        with store.transaction() as tables:
            tables.put(group("one"))
            raise RuntimeError("half-way")

    with pytest.raises(RuntimeError, match="half-way"):
        write_and_fail()
    with store.transaction() as tables:
        assert tables.all() == []


def test_threads_and_processes_count_without_losing_one(tmp_path):
    stores = [Store(tmp_path / "azure.db") for _ in range(3)]
    given = []

    def count(store):
        for _ in range(50):
            with store.transaction() as tables:
                given.append(tables.next_incarnation())

    threads = [threading.Thread(target=count, args=(store,)) for store in stores for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(given) == list(range(1, 451))


def test_a_writer_that_is_killed_leaves_whole_transactions_only(tmp_path):
    file = tmp_path / "azure.db"
    for _ in range(3):
        writer = subprocess.Popen([sys.executable, "-c", WRITER, str(file)], stdout=subprocess.PIPE)
        assert writer.stdout is not None
        writer.stdout.readline()
        reader = Store(file)
        while True:
            with reader.transaction() as tables:
                if len(tables.all()) == 2:
                    break
        os.kill(writer.pid, signal.SIGKILL)
        writer.wait()
        writer.stdout.close()
        with reader.transaction() as tables:
            one, two = tables.all()
            assert one.body == two.body
            assert tables.connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        reader.close()
