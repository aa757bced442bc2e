"""Attacks by somebody who can have anything signed: what is in the bundle is wrong, and all the rest is right."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from modelyard.testing.hostile import payloads
from modelyard.testing.hostile.payloads import SCHEMA, hidden, nodes, repacked
from modelyard.testing.hostile.place import Place, trained
from modelyard.testing.release_fakes import tiny_signature, wrap_pipeline
from modelyard_bundle import Example
from modelyard_bundle.manifest import EXAMPLE_FILE, SIGNATURE_FILE

Attack = tuple[str, Callable[[Place], None]]
NOT_LISTED = "not on the list of trusted types"
LOOSE = "a node's child is not a later node"


def _model(make: Callable[[Place], bytes]) -> Callable[[Place], None]:
    return lambda place: place.put_model(make(place))


def _member(name: str) -> Callable[[Place], None]:
    return _model(lambda place: repacked(place.tiny.model, members={name: payloads.pickled(place)}))


def _schema(change: Callable[[dict[str, Any]], dict[str, Any]]) -> Callable[[Place], None]:
    return _model(lambda place: repacked(place.tiny.model, change))


def _twice(place: Place) -> bytes:
    import warnings

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return repacked(place.tiny.model, members={SCHEMA: b"{}"})


def _rows(place: Place) -> Any:  # noqa: ANN401 - a polars frame
    import polars as pl

    rows = pl.DataFrame([dict(row) for row in place.tiny.example.rows])
    return rows.vstack(rows)


def _unlisted_estimator(place: Place) -> None:
    from sklearn.linear_model import SGDClassifier

    model = SGDClassifier(loss="log_loss", tol=None, random_state=0)
    steps = [*place.tiny.pipeline.steps[:-1], ("model", model)]
    rows = _rows(place)
    place.put(wrap_pipeline(payloads.other_pipeline(steps, rows), rows[:2], name="tiny", task="binary"))


def _self_approving(place: Place) -> bytes:
    """What MLflow's loader would believe: the file says itself which types are trusted."""
    evil = nodes(place)["a function of the operating system"]
    lists = {"trusted": ["os.system"], "skops_trusted_types": ["os.system"]}
    return repacked(hidden(place, evil), lambda schema: {**schema, **lists})


def _function_step(place: Place) -> bytes:
    import os

    from sklearn.preprocessing import FunctionTransformer
    from skops.io import dumps

    return bytes(dumps(FunctionTransformer(os.system, kw_args={"command": place.command})))


def _three_classes(place: Place) -> None:
    rows = _rows(place)
    pipeline = trained("linear").pipeline
    from sklearn.base import clone

    fitted = clone(pipeline).fit(rows, [0, 1, 2] * 2)
    place.put_model(wrap_pipeline(fitted, rows[:2], name="tiny", task="binary").model)


def _other_task(place: Place) -> None:
    place.put_files({**place.tiny.files, SIGNATURE_FILE: tiny_signature(task="regression").to_json()})


def _other_model(place: Place) -> None:
    place.put_files({**place.tiny.files, SIGNATURE_FILE: tiny_signature(name="other").to_json()})


def _wrong_predictions(place: Place) -> None:
    example = place.tiny.example
    wrong = Example(rows=example.rows, predictions=tuple(value + 1e-6 for value in example.predictions))
    place.put_files({**place.tiny.files, EXAMPLE_FILE: wrong.to_json()})


def _example(change: Callable[[dict[str, Any]], object]) -> Callable[[Place], None]:
    def spoil(place: Place) -> None:
        document = json.loads(place.tiny.files[EXAMPLE_FILE])
        change(document)
        place.put_files({**place.tiny.files, EXAMPLE_FILE: json.dumps(document).encode()})

    return spoil


def _beyond_numbers(place: Place) -> None:
    content = place.tiny.files[EXAMPLE_FILE].replace(b'"predictions": [', b'"predictions": [1e999, ', 1)
    place.put_files({**place.tiny.files, EXAMPLE_FILE: content})


def _libraries(**versions: str) -> Callable[[Place], None]:
    names = {name.replace("_", "-"): version for name, version in versions.items()}
    return lambda place: place.put(place.tiny, libraries={**place.tiny.manifest("1").libraries, **names})


def _boosting(name: str, value: int) -> Callable[[Place], None]:
    def change(predictor: Any) -> None:  # noqa: ANN401 - scikit-learn has no types
        predictor.nodes[name][0] = value

    return lambda place: place.put(replace(trained("boosting"), model=payloads.crafted_boosting(change)))


def _forest(name: str, value: int) -> Callable[[Place], None]:
    def change(state: dict[str, Any]) -> None:
        state["nodes"][name][0] = value

    return lambda place: place.put(replace(trained("forest"), model=payloads.crafted_forest(change)))


def _node(name: str) -> Callable[[Place], None]:
    return _model(lambda place: hidden(place, nodes(place)[name]))


_NODES = (
    "a function of the operating system",
    "a partial of a function",
    "a method of an object",
    "an operator that calls",
    "an object that is made by a call",
    "an object of a class that runs programs",
    "a listed type under another kind of node",
    "a kind of node that does not exist",
    "a node that was seen before",
    "a name with a way through modules",
    "a type by a capital letter",
    "a type of the operating system",
    "a dictionary of another class",
)

ATTACKS: dict[str, Attack] = {
    **{f"in the model: {name}": (NOT_LISTED, _node(name)) for name in _NODES},
    "a pickle in place of the model": ("not a skops archive", _model(payloads.pickled)),
    "a pickle in front of the model": ("not a skops archive", _model(payloads.polyglot)),
    "a pickle among the members": ("the archive holds", _member("model.pkl")),
    "a pickle in an array": ("load_pipeline failed", _model(payloads.object_array)),
    "a member that leads above": ("the archive holds", _member("../../../tmp/evil.npy")),
    "a member with a whole path": ("the archive holds", _member("/tmp/evil.npy")),  # noqa: S108 - never written
    "a member that leads above on Windows": ("the archive holds", _member("..\\evil.npy")),
    "a schema in another case": ("the archive holds", _member("Schema.json")),
    "a second schema": ("a member twice", _model(_twice)),
    "an archive that unpacks to a thousand times its size": ("unpacks to more", _model(payloads.bomb)),
    "an archive that says it is huge": ("unpacks to more", _model(payloads.huge_on_paper)),
    "an archive that says it is small": ("not a", _model(payloads.small_on_paper)),
    "an archive with a password": ("not a skops archive", _model(payloads.locked_member)),
    "an archive of another protocol": ("skops protocol 0", _schema(lambda schema: {**schema, "protocol": 0})),
    "a protocol that is true": ("skops protocol True", _schema(lambda schema: {**schema, "protocol": True})),
    "a model that approves itself": (NOT_LISTED, _model(_self_approving)),
    "a step that runs a program": (NOT_LISTED, _model(_function_step)),
    "an estimator that skops trusts and we do not": (NOT_LISTED, _unlisted_estimator),
    "a tree that asks for a column far outside": ("a column that does not exist", _boosting("feature_idx", 2**30)),
    "a tree that leads far outside": (LOOSE, _boosting("left", 2**30)),
    "a tree that leads in a circle": (LOOSE, _boosting("right", 0)),
    "a tree of a forest that asks for a column far outside": (
        "a column that does not exist",
        _forest("feature", 2**30),
    ),
    "a tree of a forest that leads in a circle": (LOOSE, _forest("left_child", 0)),
    "a tree of a forest with half a fork": ("one child", _forest("left_child", -1)),
    "a model of three classes": ("3 classes", _three_classes),
    "a model that cannot do the task": (
        "predict_proba",
        _model(lambda _: trained("linear", "regression").model),
    ),
    "a signature of another task": ("the manifest of the binary", _other_task),
    "a signature of another model": ("of the binary model other", _other_model),
    "a model of another scikit-learn": ("scikit-learn 1.2.3", _libraries(scikit_learn="1.2.3")),
    "a model of a scikit-learn to come": ("scikit-learn 99", _libraries(scikit_learn="99.0")),
    "a model of no library": (
        "scikit-learn unknown",
        lambda place: place.put(place.tiny, libraries={}),
    ),
    "an example that says something else": ("recorded was", _wrong_predictions),
    "an example with another feature": (
        "differ in",
        _example(lambda document: document["rows"][0].update(evil=1)),
    ),
    "an example with an object in it": ("flat", _example(lambda document: document["rows"][0].update(hour={}))),
    "an example without rows": ("at least one", _example(lambda document: document.update(rows=[], predictions=[]))),
    "an example that the signature refuses": (
        "its own example is refused",
        _example(lambda document: document["rows"][0].update(hour="seven")),
    ),
    "an example beyond all numbers": ("not a JSON number", _beyond_numbers),
}
