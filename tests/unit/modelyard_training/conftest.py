"""A tracker in memory, and trainings that need no server."""

import pytest

from modelyard.models.storage import dump_pipeline
from modelyard.registry.versions import Registration
from modelyard.testing.model_fakes import sample_frame, sample_spec
from modelyard.testing.registry_fakes import InMemoryRegistry
from modelyard_bundle.documents import sha256_of
from modelyard_training.provenance import Provenance
from modelyard_training.training import train


class InMemoryTracker:
    """Keeps records in a list, and the model's files in a folder."""

    def __init__(self, folder):
        self.folder, self.records = folder, []

    def finished(self, model, fingerprint):
        return next((found for _, found in self.records if found.fingerprint == fingerprint), None)

    def record(self, record):
        trained = record.trained
        run_id = f"run-{len(self.records) + 1}"
        source = self.folder / run_id
        source.mkdir(parents=True)
        content = dump_pipeline(trained.model.pipeline)
        (source / "model.skops").write_bytes(content)
        (source / "signature.json").write_bytes(trained.signature.to_json())
        (source / "example.json").write_bytes(record.example.to_json())
        registration = Registration(
            model=trained.spec.name,
            run_id=run_id,
            source=str(source),
            digest=sha256_of(content),
            fingerprint=record.fingerprint,
            task=trained.spec.task,
            commit=record.provenance.commit,
            data_versions=record.data_versions,
            metrics=trained.validation_metrics,
            validation_rows=trained.parts.validation_rows.to_document(),
            test_rows=trained.test_rows.to_document(),
            learned_until=trained.learned_until,
        )
        self.records.append((record, registration))
        return registration


@pytest.fixture
def tracker(tmp_path):
    return InMemoryTracker(tmp_path / "runs")


@pytest.fixture
def registry(tmp_path):
    return InMemoryRegistry(tmp_path / "ledger")


@pytest.fixture
def run(tracker, registry):
    """Trains the sample model; what is said replaces what is usual."""

    def trained(**changes):
        read = changes.pop("read", sample_frame)
        said = {
            "data_versions": {"CURATED/parcels": 1},
            "source": "s" * 64,
            "tracker": tracker,
            "registry": registry,
            "provenance": Provenance(commit="abc", lock="l" * 64, libraries={"numpy": "2"}),
            **changes,
        }
        return train(said.pop("spec", sample_spec()), read, **said)

    return trained
