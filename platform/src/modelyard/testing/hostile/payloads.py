"""Models that want to run code, or to hurt whoever walks through them; all of them properly signed."""

from __future__ import annotations

import copy
import io
import json
import os
import pickle
import zipfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from modelyard.testing.hostile.place import Place, trained

Schema = dict[str, Any]
SCHEMA = "schema.json"


@dataclass(frozen=True, slots=True)
class Bomb:
    """Runs a command when it is unpickled."""

    command: str

    def __reduce__(self) -> tuple[Callable[[str], int], tuple[str]]:
        return os.system, (self.command,)


def pickled(place: Place) -> bytes:
    """The bomb as a pickle."""
    return pickle.dumps(Bomb(place.command))


def repacked(
    content: bytes, change: Callable[[Schema], Schema] | None = None, *, members: Mapping[str, bytes] | None = None
) -> bytes:
    """A skops archive with its schema changed and members added; a member of the same name is there twice."""
    target = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as source, zipfile.ZipFile(target, "w") as archive:
        for name in source.namelist():
            data = source.read(name)
            if name == SCHEMA and change is not None:
                data = json.dumps(change(json.loads(data))).encode()
            archive.writestr(name, data)
        for name, data in (members or {}).items():
            archive.writestr(name, data)
    return target.getvalue()


def node(loader: str, module: str, name: str, **fields: Any) -> Schema:  # noqa: ANN401 - JSON
    """A node of a skops schema."""
    return {"__loader__": loader, "__module__": module, "__class__": name, "__id__": 1, **fields}


def text(value: str) -> Schema:
    """A node that holds a text."""
    return node("JsonNode", "builtins", "str", content=json.dumps(value), is_json=True)


def texts(*values: str) -> Schema:
    """A node that holds a tuple of texts."""
    return node("TupleNode", "builtins", "tuple", content=[text(value) for value in values])


def hidden(place: Place, evil: Schema) -> bytes:
    """The model with a node put where skops would build it: among a dictionary's values."""

    def change(schema: Schema) -> Schema:
        content = schema["content"]["content"]
        content[next(iter(content))] = evil
        return schema

    return repacked(place.tiny.model, change)


def nodes(place: Place) -> dict[str, Schema]:
    """Nodes that would run the command, or lead to it, by what they are."""
    run = text(place.command)
    system = node("FunctionNode", "os", "system", content="os.system")
    bound = {"func": system, "args": texts(place.command), "kwds": {}, "namespace": {}}
    return {
        "a function of the operating system": system,
        "a partial of a function": node("PartialNode", "functools", "partial", content=bound),
        "a method of an object": node("MethodNode", "os", "_wrap_close", content={"func": "close", "obj": run}),
        "an operator that calls": node("OperatorFuncNode", "operator", "methodcaller", attrs=texts("system")),
        "an object that is made by a call": node(
            "ConstructorFromReduceNode", "subprocess", "Popen", content=texts("sh", "-c", place.command)
        ),
        "an object of a class that runs programs": node("ObjectNode", "subprocess", "Popen", content=run),
        "a listed type under another kind of node": node("FunctionNode", "sklearn.pipeline", "Pipeline"),
        "a kind of node that does not exist": node("EvilNode", "builtins", "str"),
        "a node that was seen before": {
            "__loader__": "CachedNode",
            "__module__": None,
            "__class__": None,
            "__id__": 1,
        },
        "a name with a way through modules": node("ObjectNode", "sklearn", "pipeline.os.system"),
        "a type by a capital letter": node("objectnode", "SKLEARN.PIPELINE", "pipeline"),
        "a type of the operating system": node("TypeNode", "os", "_wrap_close"),
        "a dictionary of another class": node("DictNode", "subprocess", "Popen", content={}, key_types=run),
    }


def object_array(place: Place) -> bytes:
    """An array in the archive whose elements are a pickle."""
    import numpy as np

    content = io.BytesIO()
    np.save(content, np.array([Bomb(place.command)], dtype=object), allow_pickle=True)

    def change(archive: bytes) -> bytes:
        target = io.BytesIO()
        with zipfile.ZipFile(io.BytesIO(archive)) as source, zipfile.ZipFile(target, "w") as written:
            for name in source.namelist():
                written.writestr(name, content.getvalue() if name.endswith(".npy") else source.read(name))
        return target.getvalue()

    return change(place.tiny.model)


def polyglot(place: Place) -> bytes:
    """A pickle and a skops archive in one: whoever looks from the front finds the one, from the back the other."""
    return pickled(place) + place.tiny.model


def bomb(place: Place) -> bytes:
    """An archive of a few kilobytes that unpacks to a few hundred megabytes."""
    target = io.BytesIO(place.tiny.model)
    with zipfile.ZipFile(target, "a", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("999.npy", bytes(128 << 20))
    return target.getvalue()


def huge_on_paper(place: Place) -> bytes:
    """An archive whose directory says that a member is larger than anything."""
    content = bytearray(place.tiny.model)
    at = content.rindex(b"PK\x01\x02")
    content[at + 24 : at + 28] = (0xFFFFFFF0).to_bytes(4, "little")
    return bytes(content)


def small_on_paper(place: Place) -> bytes:
    """An archive whose directory says that the schema is smaller than it is."""
    content = bytearray(place.tiny.model)
    at = content.rindex(b"PK\x01\x02")
    content[at + 20 : at + 28] = (10).to_bytes(4, "little") * 2
    return bytes(content)


def locked_member(place: Place) -> bytes:
    """An archive with a member that only a password opens."""
    content = bytearray(place.tiny.model)
    at = content.rindex(b"PK\x01\x02")
    content[at + 8] |= 1
    return bytes(content)


def crafted_boosting(change: Callable[[Any], None]) -> bytes:
    """Gradient boosting, one of whose trees was changed by hand."""
    from skops.io import dumps

    pipeline = copy.deepcopy(trained("boosting").pipeline)
    change(pipeline[-1]._predictors[0][0])
    return bytes(dumps(pipeline))


def crafted_forest(change: Callable[[dict[str, Any]], None]) -> bytes:
    """A forest, one of whose trees was changed by hand."""
    from skops.io import dumps

    pipeline = copy.deepcopy(trained("forest").pipeline)
    tree = pipeline[-1].estimators_[0].tree_
    state = tree.__getstate__()
    state["nodes"] = state["nodes"].copy()
    change(state)
    tree.__setstate__(state)
    return bytes(dumps(pipeline))


def other_pipeline(steps: list[tuple[str, Any]], rows: Any) -> Any:  # noqa: ANN401 - scikit-learn has no types
    """A pipeline of other steps, fitted on the tiny rows."""
    from sklearn.pipeline import Pipeline

    return Pipeline(steps).fit(rows, [0, 1] * (rows.height // 2))
