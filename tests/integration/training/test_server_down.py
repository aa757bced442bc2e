"""The tracking server goes away at every moment of a training: what was done is kept, and trying again helps."""

import socket
import threading
from contextlib import closing

import pytest

from modelyard.errors import ExternalServiceError, ServiceUnavailableError, exit_code_of
from modelyard.registry.mlflow_registry import MlflowRegistry
from modelyard.testing.model_fakes import sample_frame, sample_spec
from modelyard_training.mlflow_tracker import MlflowTracker
from modelyard_training.provenance import Provenance
from modelyard_training.search.triers import Means
from modelyard_training.training import train


class Cable:
    """Carries connections to a server, until it is cut."""

    def __init__(self, port):
        self._port = port
        self._listening = socket.create_server(("127.0.0.1", 0))
        self.port = self._listening.getsockname()[1]
        self.cut = False
        self.spoils = False
        self._open = []
        self._thread = threading.Thread(target=self._accept, daemon=True)
        self._thread.start()

    def _accept(self):
        while True:
            try:
                near, _ = self._listening.accept()
            except OSError:
                return
            if self.cut:
                near.close()
                continue
            far = socket.create_connection(("127.0.0.1", self._port))
            self._open += [near, far]
            for one, other in ((near, far), (far, near)):
                threading.Thread(target=self._carry, args=(one, other), daemon=True).start()

    def _carry(self, one, other):
        # The server answers only to its own name: the protection against DNS rebinding is on.
        here, there = b"127.0.0.1:%d" % self.port, b"127.0.0.1:%d" % self._port
        with closing(one), closing(other):
            try:
                while content := one.recv(65536):
                    other.sendall(self._spoilt(content).replace(here, there))
                other.shutdown(socket.SHUT_WR)
            except OSError:
                return

    def _spoilt(self, content):
        """One bit of a model file, which is an archive."""
        return content.replace(b"PK\x03\x04", b"PK\x03\x05", 1) if self.spoils else content

    def pull(self):
        self.cut = True
        for one in self._open:
            try:
                one.shutdown(socket.SHUT_RDWR)
            except OSError:
                continue

    def close(self):
        self.pull()
        self._listening.close()
        self._thread.join(1)


@pytest.fixture
def cable(address, monkeypatch):
    monkeypatch.setenv("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "0")
    found = Cable(int(address.rsplit(":", 1)[1]))
    yield found
    found.close()


@pytest.fixture
def attempt(cable, tmp_path):
    """Trains through the cable; the search's journal stays between attempts. Gives what was said and what was made."""
    reads = []

    def tried(name, *, pull_at=""):
        said = tried.said = []

        def heard(line):
            said.append(line)
            if pull_at and line.startswith(pull_at):
                cable.pull()

        def read():
            reads.append(name)
            return sample_frame()

        near = f"http://127.0.0.1:{cable.port}"
        registry = MlflowRegistry(near, tmp_path / "ledger")
        tracker = _Cut(near, cable) if pull_at == "register" else MlflowTracker(near)
        done = train(
            sample_spec(name=name),
            read,
            data_versions={"CURATED/parcels": 4},
            source="s" * 64,
            tracker=tracker,
            registry=registry,
            provenance=Provenance(commit="abc", lock="l" * 64, libraries={"numpy": "2.4", "skops": "0.16"}),
            means=Means(journals=tmp_path / "searches"),
            progress=heard,
        )
        return done, said

    tried.reads = reads
    return tried


class _Cut(MlflowTracker):
    """Loses the server right after the run was finished, before the version is registered."""

    def __init__(self, address, cable):
        super().__init__(address)
        self._cable = cable

    def record(self, record):
        registration = super().record(record)
        self._cable.pull()
        return registration


def test_a_server_that_stores_other_bytes_than_it_was_given_gets_nothing_registered(attempt, cable, client, registry):
    cable.spoils = True
    with pytest.raises(ExternalServiceError, match=r"was given a model with digest .* and has"):
        attempt("parcels_spoilt")
    found = client.get_experiment_by_name("parcels_spoilt")
    assert [run.info.status for run in client.search_runs([found.experiment_id])] == ["RUNNING"]
    assert registry.versions("parcels_spoilt") == ()
    cable.spoils = False
    assert attempt("parcels_spoilt")[0].fresh
    assert sorted(run.info.status for run in client.search_runs([found.experiment_id])) == ["FINISHED", "KILLED"]


def unavailable(attempt, name, **at):
    with pytest.raises(ServiceUnavailableError, match="does not answer") as error:
        attempt(name, **at)
    assert exit_code_of(error.value) == 75
    assert "modelyard infra up" in error.value.hint
    assert "then run the same again" in error.value.hint


def test_at_the_start_nothing_is_read_and_nothing_is_learned(attempt, cable):
    cable.pull()
    unavailable(attempt, "parcels_start")
    assert attempt.reads == []
    cable.cut = False
    assert attempt("parcels_start")[0].fresh


def test_in_the_middle_the_search_is_kept_and_goes_on_where_it_was(attempt, cable, client):
    unavailable(attempt, "parcels_middle", pull_at="plots and record")
    assert [line for line in attempt.said if line.startswith("trial")]
    cable.cut = False
    done, said = attempt("parcels_middle")
    assert done.fresh
    assert not [line for line in said if line.startswith("trial")]
    found = client.get_experiment_by_name("parcels_middle")
    finished = [run for run in client.search_runs([found.experiment_id]) if run.info.status == "FINISHED"]
    assert [run.info.run_id for run in finished] == [done.version.run_id]


def test_before_it_is_registered_the_finished_run_is_registered_by_the_next_attempt(attempt, cable, registry):
    unavailable(attempt, "parcels_register", pull_at="register")
    assert registry.versions("parcels_register") == ()
    cable.cut = False
    reads = len(attempt.reads)
    done, said = attempt("parcels_register")
    assert not done.fresh
    assert said == ["an earlier training had finished, but was not registered"]
    assert len(attempt.reads) == reads
    assert [one.version for one in registry.versions("parcels_register")] == [1]
