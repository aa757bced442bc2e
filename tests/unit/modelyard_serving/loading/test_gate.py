"""The gate before a model is served: sound bundles pass, hostile ones do not, and each check is needed."""

from __future__ import annotations

import io
import json
import pickle
import shutil
import zipfile
from collections.abc import Callable
from dataclasses import fields
from pathlib import Path

import numpy as np
import pytest
import skops.io
from sklearn.preprocessing import FunctionTransformer

from modelyard.testing.hostile import CORPUS, Place, prepare
from modelyard.testing.hostile.payloads import object_array, pickled
from modelyard.testing.release_fakes import TinyModel
from modelyard_bundle import BundleError, Example, Limits, Pointer, Signature, TrustedKeys, read_pointer
from modelyard_bundle.audit import SCHEMA
from modelyard_bundle.manifest import EXAMPLE_FILE, MANIFEST, MODEL_FILE, SIGNATURE_FILE
from modelyard_serving.loading import gate
from modelyard_serving.loading.gate import GATE, Candidate, Step, pass_gate


@pytest.fixture
def place(tmp_path: Path) -> Place:
    return prepare(tmp_path)


def judge(place: Place, steps: tuple[Step, ...] = GATE) -> gate.ServedModel:
    """What the model API does with what is deployed."""
    pointer = read_pointer(place.deployments, "tiny")
    assert pointer is not None
    return pass_gate(pointer, place.bundles, trusted_keys=place.sealing.trusted_keys, gate=steps)


@pytest.mark.parametrize("task", ["binary", "regression"])
@pytest.mark.parametrize("estimator", ["linear", "boosting", "forest"])
def test_sound_models_pass(train: Callable[..., TinyModel], place: Place, task: str, estimator: str) -> None:
    tiny = train(task=task, estimator=estimator)
    place.put(tiny, task=task)
    model = judge(place)
    assert (model.name, model.version, model.digest) == ("tiny", "1", tiny.digest)


def test_where_signing_is_off_an_unsigned_bundle_passes_and_a_signed_one_too(train, tmp_path, place):
    unsigned = train().bundle(tmp_path / "unsigned", "1")
    assert pass_gate(unsigned, tmp_path / "unsigned").version == "1"
    assert pass_gate(place.pointer, place.bundles).version == "1"


@pytest.mark.parametrize("name", CORPUS)
def test_refuses(place, name):
    CORPUS[name].spoil(place)
    with pytest.raises(BundleError, match=CORPUS[name].reason):
        judge(place)
    assert not place.canary.exists()


def follow_whatever_the_pointer_says(candidate: Candidate) -> None:
    candidate.folder = candidate.bundles / candidate.pointer.bundle


def read_whatever_lies_there(candidate: Candidate) -> None:
    files = {path.name: path.read_bytes() for path in candidate.folder.iterdir()}
    candidate.manifest_bytes = files.pop(MANIFEST)
    candidate.manifest = gate.Manifest.from_json(candidate.manifest_bytes)
    candidate.seal = files.pop("manifest.sig")
    candidate.files = files


def believe_the_manifest(candidate: Candidate) -> None:
    """Whatever the manifest says of itself counts: here, that a field which nobody knows means no harm."""
    document = json.loads(candidate.manifest_bytes)
    known = {field.name for field in fields(gate.Manifest)}
    candidate.manifest = gate.Manifest(**{key: value for key, value in document.items() if key in known})


def read_a_manifest_that_says_anything(candidate: Candidate) -> None:
    candidate.manifest_bytes = gate.read_file(candidate.folder, MANIFEST, Limits())
    candidate.seal = gate.read_seal(candidate.folder)
    believe_the_manifest(candidate)
    candidate.files = {name: gate.read_file(candidate.folder, name, Limits()) for name in gate.CONTENT_FILES}


def take_the_documents_one_by_one(candidate: Candidate) -> None:
    candidate.content = gate.BundleContent(
        manifest=candidate.manifest,
        model=candidate.files[MODEL_FILE],
        signature=Signature.from_json(candidate.files[SIGNATURE_FILE]),
        example=Example.from_json(candidate.files[EXAMPLE_FILE]),
    )


def load_what_the_file_approves(candidate: Candidate) -> None:
    """What MLflow's loader does: the model says which types are trusted."""
    content = candidate.content.model
    candidate.pipeline = skops.io.loads(content, trusted=skops.io.get_untrusted_types(data=content))


def ask_the_first_class(candidate: Candidate) -> None:
    """A model is built around whatever the pipeline says, without looking how many classes it has."""
    pipeline, signature = candidate.pipeline, candidate.content.signature
    candidate.model = gate.ServedModel(
        manifest=candidate.manifest,
        signature=signature,
        example=candidate.content.example,
        decoder=gate.Decoder.compile(signature),
        predict_values=lambda frame: pipeline.predict_proba(frame)[:, 1],
    )


def without(*left_out: Step, instead: dict[Step, Step] | None = None) -> tuple[Step, ...]:
    """The gate with checks left out, or replaced by laxer ones."""
    return tuple((instead or {}).get(step, step) for step in GATE if step not in left_out)


WEAKENED: dict[str, tuple[Step, ...]] = {
    "a link in place of the bundle": without(instead={gate.find_folder: follow_whatever_the_pointer_says}),
    "a link in place of the model's folder": without(instead={gate.find_folder: follow_whatever_the_pointer_says}),
    "a pickle beside the model": without(gate.check_files),
    "a module that Python would run at its start": without(gate.check_files),
    "a link to the same bytes": without(gate.check_files, instead={gate.read_files: read_whatever_lies_there}),
    "a manifest that lists trusted types": without(
        gate.check_signature, instead={gate.read_files: read_a_manifest_that_says_anything}
    ),
    "a pointer to another version of the same bytes": without(gate.check_pointer),
    "another model where the pointer leads": without(gate.check_pointer),
    "a space more in the example": without(gate.check_digests),
    "no signature": without(gate.check_signature),
    "a signature by the attacker": without(gate.check_signature),
    "a signature by the attacker in a trusted name": without(gate.check_signature),
    "a signature of another bundle": without(gate.check_signature),
    "a signature of the bundle as it was": without(gate.check_signature),
    "a signature of a provenance": without(gate.check_signature),
    "an envelope that brings its key along": without(gate.check_signature),
    "a key named by a way to it": without(gate.check_signature),
    "a signature of another model": without(instead={gate.read_documents: take_the_documents_one_by_one}),
    "a model of another scikit-learn": without(gate.check_libraries),
    "a model of no library": without(gate.check_libraries),
    "an estimator that skops trusts and we do not": without(
        gate.check_types, instead={gate.load_pipeline: load_what_the_file_approves}
    ),
    "a pickle in front of the model": without(gate.check_types),
    "an archive that unpacks to a thousand times its size": without(gate.check_types),
    "an example that says something else": without(gate.check_example),
    "an example that the signature refuses": without(gate.check_example),
    "a model of three classes": without(gate.check_example, instead={gate.build_model: ask_the_first_class}),
}


@pytest.mark.parametrize("name", WEAKENED)
def test_a_weakened_gate_lets_it_through(place, name):
    """So the refusal above is that check's work, and leaving it out does not go unnoticed."""
    CORPUS[name].spoil(place)
    assert judge(place, WEAKENED[name]).manifest.task == "binary"


BROKEN_TREES = [name for name in CORPUS if name.startswith("a tree")]


@pytest.mark.parametrize("name", BROKEN_TREES)
def test_a_gate_that_does_not_look_into_trees_would_walk_the_broken_one(place, name):
    """Not run to its end: that would be the crash. Up to the check of trees, nothing else objects."""
    CORPUS[name].spoil(place)
    loaded: list[object] = []
    steps = (*GATE[: GATE.index(gate.check_structure)], lambda candidate: loaded.append(candidate.pipeline))
    with pytest.raises(AttributeError):
        judge(place, steps)
    assert len(loaded) == 1


def test_every_check_was_left_out_or_weakened_once():
    weakened = [set(GATE) - set(steps) for steps in WEAKENED.values()]
    proven = {gate.check_structure} | {step for steps in weakened for step in steps}
    assert set(GATE) - proven == set()


def test_without_the_check_of_signatures_an_attacker_who_can_write_serves_a_model_of_his_own(place, train):
    """The whole attack: another model, its digests, its pointer, all in order but for the signature."""
    tiny = train(seed=7)
    place.put(tiny)
    (place.folder / "manifest.sig").unlink()
    with pytest.raises(BundleError, match="not signed"):
        judge(place)
    assert judge(place, without(gate.check_signature)).digest == tiny.digest


def test_refuses_an_unlisted_type_even_where_the_audit_is_left_out(place):
    """skops is the second line: it does not know the type either."""
    place.put_model(skops.io.dumps(FunctionTransformer(np.loadtxt)))
    with pytest.raises(BundleError, match="UntrustedTypesFound"):
        judge(place, without(gate.check_types))


def test_no_key_is_trusted_where_the_folder_of_keys_is_missing(place):
    shutil.rmtree(place.sealing.trusted_keys)
    with pytest.raises(BundleError, match="trusted here: none"):
        judge(place)
    assert TrustedKeys(place.sealing.trusted_keys).names() == frozenset()


def test_says_that_a_bundle_is_missing(place):
    shutil.rmtree(place.folder)
    with pytest.raises(BundleError, match="no such bundle"):
        judge(place)


def test_a_pointer_made_in_memory_is_held_to_the_same_rules():
    with pytest.raises(BundleError, match="bundle is"):
        Pointer(model="tiny", version="1", digest="a" * 64, bundle="../../etc")


def test_the_corpus_would_run_code_if_it_was_unpickled(place):
    """So that a missing canary says something."""
    pickle.loads(pickled(place))
    assert place.canary.exists()
    place.canary.unlink()
    with zipfile.ZipFile(io.BytesIO(object_array(place))) as archive:
        array = next(name for name in archive.namelist() if name != SCHEMA)
        np.load(io.BytesIO(archive.read(array)), allow_pickle=True)
    assert place.canary.exists()
