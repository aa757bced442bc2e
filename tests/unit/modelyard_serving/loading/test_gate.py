"""The gate before a model is served: sound bundles pass, hostile ones do not, and each check is needed."""

from __future__ import annotations

import copy
import json
import pickle
import shutil
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import skops.io
from sklearn.base import clone
from sklearn.linear_model import SGDClassifier
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import FunctionTransformer

from modelyard.testing.release_fakes import TinyModel, wrap_pipeline
from modelyard_bundle import BundleError, Example, Pointer, sha256_of, write_bundle
from modelyard_serving.loading import gate
from modelyard_serving.loading.gate import GATE, Candidate, Step, pass_gate


@dataclass
class Place:
    """A folder of bundles with one sound bundle, to be spoilt."""

    bundles: Path
    tiny: TinyModel
    pointer: Pointer
    boosting: TinyModel

    @property
    def folder(self) -> Path:
        return self.bundles / self.pointer.bundle

    def rewrite(self, name: str, content: bytes) -> None:
        """Put other bytes into the bundle, with a manifest and a pointer that agree with them."""
        files = {**self.tiny.files, name: content}
        manifest = self.tiny.manifest("1", digest=sha256_of(files["model.skops"]), files=digests(files))
        shutil.rmtree(self.folder)
        write_bundle(self.bundles, manifest, files=files)
        self.pointer = Pointer.to("tiny", "1", digest=manifest.digest)

    def remanifest(self, **changes: Any) -> None:
        """Put another manifest over the same files."""
        (self.folder / "manifest.json").write_bytes(replace(self.tiny.manifest("1"), **changes).to_json())


def digests(files: dict[str, bytes]) -> dict[str, str]:
    return {name: sha256_of(content) for name, content in files.items()}


@pytest.fixture
def place(train: Callable[..., TinyModel], tmp_path: Path) -> Place:
    return Place(tmp_path, train(), train().bundle(tmp_path, "1"), train(estimator="boosting"))


def flip_a_byte(place: Place) -> None:
    """One bit of the recorded example: everything still parses, and the model still agrees with itself."""
    path = place.folder / "example.json"
    path.write_bytes(path.read_bytes().replace(b'"rows"', b' "rows"', 1))


def flip_a_byte_of_the_model(place: Place) -> None:
    content = bytearray((place.folder / "model.skops").read_bytes())
    content[len(content) // 2] ^= 1
    (place.folder / "model.skops").write_bytes(content)


def add_a_file(place: Place) -> None:
    (place.folder / "model.pkl").write_bytes(b"")


def link_a_file_to_the_same_bytes(place: Place) -> None:
    target = place.bundles / "elsewhere"
    shutil.move(place.folder / "model.skops", target)
    (place.folder / "model.skops").symlink_to(target)


def link_the_bundle(place: Place) -> None:
    shutil.move(place.folder, place.bundles / "elsewhere")
    place.folder.symlink_to(place.bundles / "elsewhere")


def put_a_pickle(place: Place) -> None:
    place.rewrite("model.skops", pickle.dumps(place.tiny.pipeline))


def put_an_unlisted_type(place: Place) -> None:
    pipeline = Pipeline(
        [*place.tiny.pipeline.steps[:-1], ("model", SGDClassifier(loss="log_loss", tol=None, random_state=0))]
    )
    put_pipeline(place, pipeline)


def put_pipeline(place: Place, pipeline: Any) -> None:
    """Another pipeline, honestly recorded."""
    import polars as pl

    rows = pl.DataFrame([dict(row) for row in place.tiny.example.rows])
    pipeline = clone(pipeline).fit(rows.vstack(rows), [0, 1, 0, 1, 0, 1])
    place.tiny = wrap_pipeline(pipeline, rows, name="tiny", task="binary")
    place.rewrite("model.skops", place.tiny.model)


def approve_itself(place: Place) -> None:
    put_an_unlisted_type(place)
    document = json.loads((place.folder / "manifest.json").read_bytes())
    document["trusted_types"] = ["sklearn.linear_model._stochastic_gradient.SGDClassifier"]
    (place.folder / "manifest.json").write_text(json.dumps(document))


def leave_the_folder(place: Place) -> None:
    document = json.loads((place.folder / "manifest.json").read_bytes())
    document["files"]["../../../etc/passwd"] = document["files"].pop("example.json")
    (place.folder / "manifest.json").write_text(json.dumps(document))


def train_with_another_library(place: Place) -> None:
    place.remanifest(libraries={**place.tiny.manifest("1").libraries, "scikit-learn": "1.2.3"})


def name_no_library(place: Place) -> None:
    place.remanifest(libraries={})


def be_another_version(place: Place) -> None:
    place.remanifest(version="2")


def be_another_model_under_the_same_name(place: Place) -> None:
    """A whole, sound bundle of other bytes, put where the pointer leads."""
    wanted = place.pointer
    place.tiny = replace(place.tiny, example=replace(place.tiny.example))
    place.rewrite("model.skops", skops.io.dumps(place.tiny.pipeline))
    if place.pointer == wanted:
        raise AssertionError("the same bytes")
    shutil.move(place.folder, place.bundles / wanted.bundle)
    place.pointer = wanted


def record_other_predictions(place: Place) -> None:
    example = place.tiny.example
    wrong = Example(rows=example.rows, predictions=tuple(value + 1e-6 for value in example.predictions))
    place.rewrite("example.json", wrong.to_json())


def crash_the_trees(place: Place) -> None:
    """Every check of form passes; walking this tree would read memory that is not its own."""
    pipeline = copy.deepcopy(place.boosting.pipeline)
    pipeline[-1]._predictors[0][0].nodes["feature_idx"][0] = 2**30
    place.tiny = replace(place.boosting, model=skops.io.dumps(pipeline))
    place.rewrite("model.skops", place.tiny.model)


HOSTILE: dict[Callable[[Place], None], str] = {
    flip_a_byte: "digest",
    flip_a_byte_of_the_model: "digest",
    add_a_file: "not part of a bundle",
    link_a_file_to_the_same_bytes: "not a plain file",
    link_the_bundle: "link",
    put_a_pickle: "not a skops archive",
    put_an_unlisted_type: "not on the list",
    approve_itself: "unknown field",
    leave_the_folder: "a bundle holds",
    train_with_another_library: "scikit-learn 1.2.3",
    name_no_library: "scikit-learn unknown",
    be_another_version: "the pointer names",
    be_another_model_under_the_same_name: "the pointer names",
    record_other_predictions: "recorded was",
    crash_the_trees: "a tree in the model is broken",
}


@pytest.mark.parametrize("task", ["binary", "regression"])
@pytest.mark.parametrize("estimator", ["linear", "boosting", "forest"])
def test_sound_models_pass(train, tmp_path, task, estimator):
    tiny = train(task=task, estimator=estimator)
    model = pass_gate(tiny.bundle(tmp_path, "1"), tmp_path)
    assert (model.name, model.version, model.digest) == ("tiny", "1", tiny.digest)


@pytest.mark.parametrize("spoil", HOSTILE)
def test_refuses_a_bundle_that_someone_made(place, spoil):
    spoil(place)
    with pytest.raises(BundleError, match=HOSTILE[spoil]):
        pass_gate(place.pointer, place.bundles)


def follow_links(candidate: Candidate) -> None:
    candidate.folder = candidate.bundles / candidate.pointer.bundle


def read_whatever_lies_there(candidate: Candidate) -> None:
    candidate.manifest = gate.read_manifest(candidate.folder, candidate.limits)
    candidate.files = {path.name: path.read_bytes() for path in candidate.folder.iterdir()}
    candidate.files.pop("manifest.json")


def load_what_the_file_approves(candidate: Candidate) -> None:
    """What MLflow's loader does: the model says which types are trusted."""
    content = candidate.content.model
    candidate.pipeline = skops.io.loads(content, trusted=skops.io.get_untrusted_types(data=content))


def load_pickles(candidate: Candidate) -> None:
    candidate.pipeline = pickle.loads(candidate.content.model)


def without(*left_out: Step, instead: dict[Step, Step] | None = None) -> tuple[Step, ...]:
    """The gate with checks left out, or replaced by laxer ones."""
    return tuple((instead or {}).get(step, step) for step in GATE if step not in left_out)


WEAKENED: dict[Callable[[Place], None], tuple[Step, ...]] = {
    flip_a_byte: without(gate.check_digests),
    add_a_file: without(gate.check_files),
    link_a_file_to_the_same_bytes: without(gate.check_files, instead={gate.read_files: read_whatever_lies_there}),
    link_the_bundle: without(instead={gate.find_folder: follow_links}),
    put_a_pickle: without(gate.check_types, instead={gate.load_pipeline: load_pickles}),
    put_an_unlisted_type: without(gate.check_types, instead={gate.load_pipeline: load_what_the_file_approves}),
    train_with_another_library: without(gate.check_libraries),
    name_no_library: without(gate.check_libraries),
    be_another_version: without(gate.check_pointer),
    be_another_model_under_the_same_name: without(gate.check_pointer),
    record_other_predictions: without(gate.check_example),
}


@pytest.mark.parametrize("spoil", WEAKENED)
def test_a_weakened_gate_lets_it_through(place, spoil):
    """So the refusal above is that check's work, and leaving it out does not go unnoticed."""
    spoil(place)
    assert pass_gate(place.pointer, place.bundles, gate=WEAKENED[spoil]).name == "tiny"


def test_a_gate_that_does_not_look_into_trees_would_walk_the_broken_one(place):
    """Not run to its end: that would be the crash. Up to the check of trees, nothing else objects."""
    crash_the_trees(place)
    loaded: list[object] = []
    steps = (*GATE[: GATE.index(gate.check_structure)], lambda candidate: loaded.append(candidate.pipeline))
    with pytest.raises(AttributeError):
        pass_gate(place.pointer, place.bundles, gate=steps)
    assert len(loaded) == 1


def test_refuses_an_unlisted_type_even_where_the_audit_is_left_out(place):
    """skops is the second line: it does not know the type either."""
    place.rewrite("model.skops", skops.io.dumps(FunctionTransformer(np.loadtxt)))
    with pytest.raises(BundleError, match="UntrustedTypesFound"):
        pass_gate(place.pointer, place.bundles, gate=without(gate.check_types))


def test_refuses_a_pipeline_that_cannot_do_the_task(place, train):
    place.rewrite("model.skops", train(task="regression").model)
    with pytest.raises(BundleError, match="predict_proba"):
        pass_gate(place.pointer, place.bundles)


def test_refuses_an_example_that_its_own_signature_refuses(place):
    example = place.tiny.example
    wrong = Example(rows=({**example.rows[0], "hour": "seven"},), predictions=example.predictions[:1])
    place.rewrite("example.json", wrong.to_json())
    with pytest.raises(BundleError, match=r"its own example is refused: hour\[0\]"):
        pass_gate(place.pointer, place.bundles)


def test_says_that_a_bundle_is_missing(place):
    shutil.rmtree(place.folder)
    with pytest.raises(BundleError, match="no such bundle"):
        pass_gate(place.pointer, place.bundles)
