"""Checks on fitted trees: scikit-learn walks them without looking, so a crafted index would crash the process.

skops proves which types a file holds, not what is in them. See scikit-learn's pull request 34558.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from modelyard_bundle import BundleError

_CATEGORIES = 256
_OURS = ("sklearn.", "modelyard_steps.")


def check_trees(pipeline: object) -> None:
    """Refuse trees whose nodes point outside themselves, in circles, or at columns that do not exist.

    Raises:
        BundleError: One does.
    """
    for part in _parts(pipeline):
        kind = type(part).__name__
        if hasattr(part, "tree_"):
            _check_tree(part.tree_, part.n_features_in_)
        elif kind.startswith("HistGradientBoosting") and hasattr(part, "_predictors"):
            _check_boosting(part)


def _parts(root: object) -> Iterator[Any]:
    """Every object of scikit-learn or ours that hangs on `root`."""
    waiting: list[object] = [root]
    known: set[int] = set()
    while waiting:
        part = waiting.pop()
        if id(part) in known:
            continue
        known.add(id(part))
        if isinstance(part, list | tuple):
            waiting.extend(part)
        elif isinstance(part, dict):
            waiting.extend(part.values())
        elif type(part).__module__.startswith(_OURS):
            yield part
            waiting.extend(getattr(part, "__dict__", {}).values())
        elif getattr(getattr(part, "dtype", None), "kind", "") == "O":
            waiting.extend(part.ravel().tolist())  # type: ignore[attr-defined]


def _check_tree(tree: Any, features: int) -> None:  # noqa: ANN401 - a compiled class without types
    import numpy as np

    left, right, count = tree.children_left, tree.children_right, tree.node_count
    inner = left != -1
    _check(count > 0 and tree.value.shape[0] == count, "it has no nodes, or not as many values")
    _check(bool(((right != -1) == inner).all()), "a node has one child")
    _check_children(left[inner], right[inner], parents=np.flatnonzero(inner), count=count)
    _check_features(tree.feature[inner], features)


def _check_boosting(model: Any) -> None:  # noqa: ANN401 - scikit-learn has no types
    features = model._n_features
    categorical = _check_bins(model._bin_mapper, features)
    for iteration in model._predictors:
        for predictor in iteration:
            _check_predictor(predictor, features, categorical)


def _check_bins(bins: Any, features: int) -> Any:  # noqa: ANN401 - scikit-learn has no types
    """Which of the model's columns are categories; each known category becomes a bit, and there are so many bits."""
    import numpy as np

    categorical = np.asarray(bins.is_categorical_, dtype=bool)
    _check(categorical.shape == (features,) and len(bins.bin_thresholds_) == features, "its columns do not match")
    for column in np.flatnonzero(categorical):
        values = np.asarray(bins.bin_thresholds_[column], dtype=float)
        _check(bool(((values >= 0) & (values < _CATEGORIES)).all()), "it knows a category beyond the last one")
    return categorical


def _check_predictor(predictor: Any, features: int, categorical: Any) -> None:  # noqa: ANN401 - scikit-learn has no types
    import numpy as np

    nodes = predictor.nodes
    inner = nodes["is_leaf"] == 0
    split = nodes[inner]
    _check(len(nodes) > 0, "it has no nodes")
    _check_children(split["left"], split["right"], parents=np.flatnonzero(inner), count=len(nodes))
    _check_features(split["feature_idx"], features)
    by_category = split[split["is_categorical"] != 0]
    _check(bool(categorical[by_category["feature_idx"]].all()), "it splits a number by category")
    sets = min(len(predictor.raw_left_cat_bitsets), len(predictor.binned_left_cat_bitsets))
    _check(bool((by_category["bitset_idx"] < sets).all()), "it names a set of categories that does not exist")


def _check_children(left: Any, right: Any, *, parents: Any, count: int) -> None:  # noqa: ANN401 - arrays of any integer type
    for child in (left.astype("int64"), right.astype("int64")):
        # Both libraries number a child after its parent, so a child that does not come later closes a circle.
        _check(bool(((child > parents) & (child < count)).all()), "a node's child is not a later node")


def _check_features(used: Any, features: int) -> None:  # noqa: ANN401 - an array of any integer type
    indices = used.astype("int64")
    _check(bool(((indices >= 0) & (indices < features)).all()), "a node asks for a column that does not exist")


def _check(holds: bool, reason: str) -> None:  # noqa: FBT001 - reads as a sentence
    if not holds:
        raise BundleError(f"a tree in the model is broken: {reason}")
