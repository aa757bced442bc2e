"""A model travels as audited skops, and is loaded only as what was registered."""

import functools
import io
import pickle
import zipfile

import pytest
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import FunctionTransformer

from modelyard.errors import InvalidModelError
from modelyard.models.interface import SklearnModel
from modelyard.models.preparing import label_values, labelled_rows, signature_of
from modelyard.models.storage import dump_pipeline, load_model, open_model
from modelyard.testing.model_fakes import build_pipeline, sample_frame, sample_spec
from modelyard_bundle.documents import sha256_of


@pytest.fixture
def rows():
    return labelled_rows(sample_spec(), sample_frame(rows=300))


@pytest.fixture
def model(rows):
    spec = sample_spec()
    return SklearnModel(build_pipeline({"seed": 1}), task="binary", features=spec.features).fit(
        rows, label_values(rows)
    )


@pytest.fixture
def signature(rows):
    return signature_of(sample_spec(), rows)


def test_predicts_the_same_after_the_journey(model, signature, rows):
    content = dump_pipeline(model.pipeline)
    loaded = load_model(content, signature, digest=sha256_of(content))
    assert loaded.predict(rows).tolist() == model.predict(rows).tolist()


def test_a_downloaded_folder_opens(model, signature, rows, tmp_path):
    content = dump_pipeline(model.pipeline)
    (tmp_path / "model.skops").write_bytes(content)
    (tmp_path / "signature.json").write_bytes(signature.to_json())
    opened = open_model(tmp_path, digest=sha256_of(content))
    assert opened.predict(rows).tolist() == model.predict(rows).tolist()


def test_a_folder_without_a_signature_is_no_model(tmp_path):
    with pytest.raises(InvalidModelError, match="does not hold a model"):
        open_model(tmp_path, digest="0" * 64)


def test_refuses_a_flipped_byte(model, signature):
    content = dump_pipeline(model.pipeline)
    flipped = content[:-100] + bytes([content[-100] ^ 1]) + content[-99:]
    with pytest.raises(InvalidModelError, match="not loaded"):
        load_model(flipped, signature, digest=sha256_of(content))


def test_refuses_a_pickle_even_under_its_own_digest(signature):
    content = pickle.dumps({"harmless": True})
    with pytest.raises(InvalidModelError, match="pickles are never loaded"):
        load_model(content, signature, digest=sha256_of(content))


def test_refuses_a_type_that_is_not_on_the_list_before_it_is_built(model, signature):
    archive = io.BytesIO(dump_pipeline(model.pipeline))
    changed = io.BytesIO()
    with zipfile.ZipFile(archive) as old, zipfile.ZipFile(changed, "w") as new:
        for name in old.namelist():
            content = old.read(name)
            new.writestr(
                name, content.replace(b"LogisticRegression", b"SGDClassifier") if "schema" in name else content
            )
    content = changed.getvalue()
    with pytest.raises(InvalidModelError, match="SGDClassifier"):
        load_model(content, signature, digest=sha256_of(content))


@pytest.mark.parametrize("function", [print, functools.partial(print, "hello")], ids=["function", "partial"])
def test_refuses_to_write_a_pipeline_that_holds_a_function_of_its_own(function):
    with pytest.raises(InvalidModelError, match="print"):
        dump_pipeline(Pipeline([("odd", FunctionTransformer(function))]))
