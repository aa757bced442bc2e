"""The audit of model.skops: only listed kinds of node, only listed types. Nothing is built, nothing imported."""

from __future__ import annotations

import inspect
import io
import json
import pickle
import zipfile
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import skops.io
from sklearn.base import BaseEstimator
from sklearn.linear_model import SGDClassifier
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import FunctionTransformer

import modelyard_steps
from modelyard.testing.release_fakes import train_tiny
from modelyard_bundle import TRUSTED_NODES, TRUSTED_TYPES, BundleError, audit_model

Schema = dict[str, Any]


def repacked(content: bytes, change: Callable[[Schema], Schema] | None = None, **members: bytes) -> bytes:
    """The archive with its schema changed and members added."""
    target = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as source, zipfile.ZipFile(target, "w") as archive:
        for name in source.namelist():
            data = source.read(name)
            if name == "schema.json" and change is not None:
                data = json.dumps(change(json.loads(data))).encode()
            archive.writestr(name, data)
        for name, data in members.items():
            archive.writestr(name, data)
    return target.getvalue()


def hidden(node: Schema) -> Callable[[Schema], Schema]:
    """Puts a node where skops would build it: among a dictionary's values."""

    def change(schema: Schema) -> Schema:
        content = schema["content"]["content"]
        content[next(iter(content))] = node
        return schema

    return change


def node(loader: str, module: str, name: str, **fields: Any) -> Schema:
    return {"__loader__": loader, "__module__": module, "__class__": name, "__id__": 1, **fields}


TEXT = node("JsonNode", "builtins", "str", content='"touch /tmp/x"')
HOSTILE = {
    "a function": node("FunctionNode", "os", "system"),
    "a listed type as another kind": node("FunctionNode", "sklearn.pipeline", "Pipeline"),
    "an unlisted estimator that skops trusts": node("ObjectNode", "sklearn.svm._classes", "SVC"),
    "a constructor call": node("ConstructorFromReduceNode", "subprocess", "Popen", content=TEXT),
    "a constructor call of a listed type": node(
        "ConstructorFromReduceNode", "sklearn.pipeline", "Pipeline", content=TEXT
    ),
    "a bound method": node("MethodNode", "sklearn.pipeline", "Pipeline", content={"func": "fit", "obj": TEXT}),
    "an operator": node("OperatorFuncNode", "operator", "methodcaller", attrs=TEXT),
    "a partial of another function": node(
        "PartialNode", "functools", "partial", content={"func": node("FunctionNode", "os", "system")}
    ),
    "a partial of a listed function that may not be bound": node(
        "PartialNode", "functools", "partial", content={"func": node("FunctionNode", "numpy", "log1p")}
    ),
    "a partial of no function": node("PartialNode", "functools", "partial", content={}),
    "bytes": node("BytesNode", "builtins", "bytes", file="x"),
    "a loader that does not exist": node("EvilNode", "builtins", "str"),
    "a type": node("TypeNode", "os", "_wrap_close"),
    "a loss outside of scikit-learn": node("LossNode", "os", "system", content=TEXT),
    "a dictionary of another class": node("DictNode", "subprocess", "Popen", content={}, key_types=TEXT),
    "a cached node": {"__loader__": "CachedNode", "__module__": None, "__class__": None, "__id__": 1},
    "a node without a kind": {"__module__": "os", "__class__": "system"},
    "a name with dots": node("ObjectNode", "sklearn", "pipeline.Pipeline.__init__"),
}


def has_a_name(evil: Schema) -> bool:
    """Whether the list alone refuses it; the others are refused for their form."""
    return all(isinstance(evil.get(key), str) for key in ("__loader__", "__module__")) and (
        evil["__loader__"] != "PartialNode"
    )


@pytest.mark.parametrize("task", ["binary", "regression"])
@pytest.mark.parametrize("estimator", ["linear", "boosting", "forest"])
def test_accepts_the_models_that_we_train(task, estimator):
    audit_model(train_tiny(task=task, estimator=estimator).model)


def test_accepts_transformations_by_listed_functions(tiny):
    audit_model(skops.io.dumps(FunctionTransformer(np.log1p)))


@pytest.mark.parametrize("name", HOSTILE)
def test_refuses(tiny, name):
    content = repacked(tiny.model, hidden(HOSTILE[name]))
    with pytest.raises(BundleError, match="not on the list"):
        audit_model(content)


def test_the_list_decides_and_not_the_estimators_that_skops_trusts():
    pipeline = Pipeline([("model", SGDClassifier())]).fit([[0.0], [1.0]], [0, 1])
    content = skops.io.dumps(pipeline)
    assert not [name for name in skops.io.get_untrusted_types(data=content) if "SGD" in name]
    with pytest.raises(BundleError, match="SGDClassifier"):
        audit_model(content)


def test_refuses_a_transformation_by_any_other_function():
    with pytest.raises(BundleError, match="loadtxt"):
        audit_model(skops.io.dumps(FunctionTransformer(np.loadtxt)))


def test_a_model_cannot_approve_itself(tiny):
    """The list that MLflow reads lies beside the model. Here nothing that a file says changes what is trusted."""
    evil = hidden(HOSTILE["a function"])

    def approve(schema: Schema) -> Schema:
        return {**evil(schema), "trusted": ["os.system"], "skops_trusted_types": ["os.system"]}

    with pytest.raises(BundleError, match=r"os\.system"):
        audit_model(repacked(tiny.model, approve))


@pytest.mark.parametrize("protocol", [0, 1, 3, True, "2", None])
def test_refuses_other_protocols(tiny, protocol):
    with pytest.raises(BundleError, match="protocol"):
        audit_model(repacked(tiny.model, lambda schema: {**schema, "protocol": protocol}))


@pytest.mark.parametrize("member", ["../../evil.npy", "/etc/x.npy", "evil.pkl", "1.bin", "a/1.npy", "schema.json.bak"])
def test_refuses_foreign_members_in_the_archive(tiny, member):
    with pytest.raises(BundleError, match="the archive holds"):
        audit_model(repacked(tiny.model, **{member: b""}))


def test_refuses_a_second_schema(tiny):
    with pytest.warns(UserWarning, match="Duplicate name"):
        content = repacked(tiny.model, **{"schema.json": b"{}"})
    with pytest.raises(BundleError, match="twice"):
        audit_model(content)


class Canary:
    """Would leave a trace if it was ever unpickled."""

    def __reduce__(self) -> tuple[Any, ...]:
        return pytest.fail, ("a pickle was loaded",)


@pytest.mark.parametrize("content", [b"", b"PK", b"{}", pickle.dumps(Canary()), b"\x80\x04."])
def test_refuses_pickles_and_everything_else_that_is_no_skops_archive(content):
    with pytest.raises(BundleError, match="not a skops archive"):
        audit_model(content)


def test_a_shorter_list_refuses_what_it_leaves_out(tiny):
    shorter = {**TRUSTED_NODES, "ObjectNode": TRUSTED_NODES["ObjectNode"] - {"sklearn.pipeline.Pipeline"}}
    with pytest.raises(BundleError, match=r"sklearn\.pipeline\.Pipeline"):
        audit_model(tiny.model, shorter)


@pytest.mark.parametrize("name", [name for name, evil in HOSTILE.items() if has_a_name(evil)])
def test_a_weakened_list_lets_it_through(tiny, name):
    """Each refusal above comes from the list alone: with the node's own name on it, the same file passes."""
    evil = HOSTILE[name]
    weakened = {**TRUSTED_NODES}
    for part in (evil, TEXT):
        loader = part["__loader__"]
        weakened[loader] = weakened.get(loader, frozenset()) | {f"{part['__module__']}.{part['__class__']}"}
    audit_model(repacked(tiny.model, hidden(evil)), weakened)


def test_every_step_of_ours_is_on_the_list():
    steps = [
        value
        for _, value in inspect.getmembers(modelyard_steps, inspect.isclass)
        if issubclass(value, BaseEstimator) and value.__module__.startswith("modelyard_steps.")
    ]
    assert steps
    assert {f"{step.__module__}.{step.__name__}" for step in steps} <= TRUSTED_TYPES


def test_every_name_on_the_list_exists():
    """A name that is gone after an update of scikit-learn would be a hole that waits for a namesake."""
    import importlib

    missing = []
    for full_name in sorted(TRUSTED_TYPES):
        module, _, name = full_name.rpartition(".")
        if not hasattr(importlib.import_module(module), name):
            missing.append(full_name)
    assert not missing
