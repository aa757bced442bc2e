"""A registry in memory, and registrations for it."""

import hashlib

import pytest

from modelyard.registry.versions import ARTIFACTS, Registration
from modelyard.testing.registry_fakes import InMemoryRegistry


@pytest.fixture
def registration(tmp_path):
    """Makes registrations; each has a model file of its own."""

    def make(number=1, **changes):
        source = tmp_path / f"source-{number}"
        source.mkdir(exist_ok=True)
        for name in ARTIFACTS:
            (source / name).write_bytes(f"{name} of {number}".encode())
        said = {
            "model": "parcel_delay",
            "run_id": f"run-{number}",
            "source": str(source),
            "digest": hashlib.sha256((source / "model.skops").read_bytes()).hexdigest(),
            "fingerprint": f"fingerprint-{number}",
            "task": "binary",
            "commit": "abc",
            "data_versions": {"CURATED/parcels": number},
            "metrics": {"roc_auc": 0.7},
            "validation_rows": {"start": "2013-05-01", "end": "2013-06-01", "rows": 10},
            "test_rows": {"start": "2013-06-01", "end": "2013-07-01", "rows": 10},
            "learned_until": "2013-06-01",
            "libraries": {"numpy": "2"},
            **changes,
        }
        return Registration(**said)

    return make


@pytest.fixture
def registry(tmp_path):
    return InMemoryRegistry(tmp_path / "ledger", patience=0.2)
