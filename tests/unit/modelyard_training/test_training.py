"""A training is done once, recorded whole, and picked up where it was cut off."""

import json
import subprocess

import numpy as np
import polars as pl
import pytest
from sklearn.base import BaseEstimator, TransformerMixin

from modelyard.errors import InvalidModelError, ModelyardError
from modelyard.models.storage import open_model
from modelyard.testing.model_fakes import build_pipeline, sample_frame, sample_spec
from modelyard_bundle.example import Example
from modelyard_bundle.signature import Signature
from modelyard_training.provenance import Provenance, fingerprint_of, provenance_of


class Homemade(TransformerMixin, BaseEstimator):
    """A step that the platform knows nothing of."""

    def fit(self, X, y=None):
        self.seen_ = len(X)
        return self

    def transform(self, X):
        return X


def test_a_training_ends_as_a_registered_candidate(run, registry):
    done = run()
    assert done.fresh
    assert (done.version.version, done.version.stage) == (1, "candidate")
    assert registry.candidates("parcel_delay") == (done.version,)
    assert done.version.metrics["roc_auc"] > 0.7
    assert done.test_metrics["roc_auc"] > 0.7


def test_test_metrics_are_not_among_those_that_staging_sees(run):
    done = run()
    assert done.version.metrics["roc_auc"] != done.test_metrics["roc_auc"]


def test_the_same_training_is_not_done_again_and_its_data_is_not_even_read(run, tracker):
    first = run()
    steps = []

    def read():
        raise AssertionError("the table was read")

    again = run(read=read, progress=steps.append)
    assert (again.version, again.fresh) == (first.version, False)
    assert len(tracker.records) == 1
    assert steps == ["version 1 was trained from the same code, data and seed"]


@pytest.mark.parametrize(
    "change",
    [
        {"seed": 5},
        {"source": "t" * 64},
        {"data_versions": {"CURATED/parcels": 2}},
        {"provenance": Provenance(commit="abc", lock="m" * 64, libraries={})},
    ],
    ids=["seed", "code", "data", "libraries"],
)
def test_another_seed_code_data_or_library_is_another_training(run, change):
    assert run().version.version == 1
    done = run(**change)
    assert (done.version.version, done.fresh) == (2, True)


def test_another_commit_alone_is_no_other_training(run):
    run()
    assert not run(provenance=Provenance(commit="def", lock="l" * 64, libraries={"numpy": "2"})).fresh


def test_a_training_that_was_killed_before_it_was_registered_is_registered_and_not_repeated(run, registry, tracker):
    def kill(_change):
        raise KeyboardInterrupt

    registry.store.on_change = kill
    with pytest.raises(KeyboardInterrupt):
        run()
    registry.store.on_change = lambda _change: None
    done = run()
    assert (done.version.version, done.fresh) == (1, False)
    assert len(tracker.records) == 1


def test_what_is_downloaded_repeats_the_example(run, registry, tmp_path):
    version = run().version
    folder = registry.download("parcel_delay", version.version, tmp_path / "download")
    model = open_model(folder, digest=version.digest)
    example = Example.from_json((folder / "example.json").read_bytes())
    signature = Signature.from_json((folder / "signature.json").read_bytes())
    example.check(signature)
    rows = pl.DataFrame(example.columns(), schema=sample_frame().select(signature.names).schema)
    assert np.allclose(model.predict(rows), example.predictions, rtol=0, atol=1e-12)


def test_the_record_holds_plots_parameters_and_both_kinds_of_metrics(run, tracker):
    run()
    record, _ = tracker.records[0]
    assert set(record.plots) == {"roc.png", "calibration.png", "importance.png"}
    assert all(content.startswith(b"\x89PNG") for content in record.plots.values())
    assert {"validation_roc_auc", "test_roc_auc", "rows_train"} <= set(record.metrics)
    assert set(record.parameters) == {"strength", "seed", "search_trials"}
    assert json.dumps(record.trials)


def test_a_type_that_is_not_trusted_is_refused_before_anything_is_recorded(run, tracker):
    def build(parameters):
        pipeline = build_pipeline(parameters)
        pipeline.steps.insert(1, ("homemade", Homemade()))
        return pipeline

    with pytest.raises(InvalidModelError, match="Homemade"):
        run(spec=sample_spec(build=build))
    assert tracker.records == []


def test_a_table_that_does_not_fit_leaves_nothing_behind(run, tracker, registry):
    with pytest.raises(ModelyardError, match="reads depot"):
        run(read=lambda: sample_frame().drop("depot"))
    assert tracker.records == []
    assert registry.versions("parcel_delay") == ()


def test_the_fingerprint_does_not_depend_on_the_order_of_tables():
    said = {"model": "m", "source": "s", "seed": 1, "lock": "l"}
    one = fingerprint_of(data_versions={"a": 1, "b": 2}, **said)
    assert fingerprint_of(data_versions={"b": 2, "a": 1}, **said) == one
    assert fingerprint_of(data_versions={"a": 2, "b": 1}, **said) != one


def test_the_provenance_outside_of_git_is_unknown_and_no_failure(tmp_path, monkeypatch):
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path.parent))
    found = provenance_of(tmp_path)
    assert (found.commit, found.lock) == ("unknown", "unknown")
    assert {"python", "numpy", "scikit-learn", "skops"} <= set(found.libraries)


def test_the_provenance_names_the_commit_and_whether_files_differ_from_it(tmp_path):
    def git(*words):
        identity = ["-c", "user.name=t", "-c", "user.email=t@example.com", "-c", "commit.gpgsign=false"]
        subprocess.run(["git", "-C", str(tmp_path), *identity, *words], check=True, capture_output=True)

    git("init")
    (tmp_path / "uv.lock").write_text("one")
    git("add", ".")
    git("commit", "-m", "first")
    clean = provenance_of(tmp_path)
    assert len(clean.commit) == 40
    (tmp_path / "uv.lock").write_text("two")
    changed = provenance_of(tmp_path)
    assert changed.commit == f"{clean.commit}-dirty"
    assert changed.lock != clean.lock
