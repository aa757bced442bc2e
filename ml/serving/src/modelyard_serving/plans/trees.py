"""Decision trees, forests and boosted trees as a grove. The loading gate has checked their nodes before."""

# mypy: disable-error-code="no-any-return"
from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from modelyard_serving.plans.columns import Column, Table, Word
from modelyard_serving.plans.features import Features
from modelyard_serving.plans.grove import Grove, Leaves, Signpost
from modelyard_serving.plans.layout import Layout, constant
from modelyard_serving.plans.plan import Matrix, NotUnderstoodError, Predictor, Vector, type_name, understand

_LEAF = -1
_LOGISTIC = "sklearn._loss.loss.HalfBinomialLoss"


def tree(estimator: Any, columns: Sequence[Column], features: Features) -> Predictor:  # noqa: ANN401 - scikit-learn has no types
    """One decision tree."""
    return _forest([estimator], columns, features)


def forest(estimator: Any, columns: Sequence[Column], features: Features) -> Predictor:  # noqa: ANN401 - scikit-learn has no types
    """A random forest: the mean of its trees."""
    return _forest(estimator.estimators_, columns, features)


def boosting(estimator: Any, columns: Sequence[Column], features: Features) -> Predictor:  # noqa: ANN401 - scikit-learn has no types
    """Boosted trees: their sum and a first guess, through the inverse of the link."""
    understand(estimator.n_trees_per_iteration_ == 1, "several trees an iteration")
    if hasattr(estimator, "classes_"):
        understand(type_name(estimator._loss) == _LOGISTIC, f"the loss {type_name(estimator._loss)}")
    prepare, places, width = _prepared(_by_kind(estimator._preprocessor, columns), features)
    grove = _boosted(estimator, places, width)
    guess = constant(float(np.ravel(estimator._baseline_prediction)[0]))
    inverse = estimator._loss.link.inverse
    return lambda matrix: inverse(grove.sum(prepare(matrix)) + guess)


def _by_kind(inner: Any, columns: Sequence[Column]) -> Sequence[Column]:  # noqa: ANN401 - scikit-learn has no types
    """The columns as boosting sorts them for itself: categories first, by their place among those of the training."""
    if inner is None:
        return columns
    known, sources = inner.named_transformers_["encoder"].categories_, inner._transformer_to_input_indices
    coded = [_coded(columns[source], values) for source, values in zip(sources["encoder"], known, strict=True)]
    return [*coded, *(columns[source] for source in sources["numerical"])]


def _coded(column: Column, known: Any) -> Table:  # noqa: ANN401 - an array of any type
    if not isinstance(column, Table):
        raise NotUnderstoodError("boosting by a category that no step encodes")
    finite = np.asarray(known, dtype=np.float64)
    finite = finite[~np.isnan(finite)]
    places = np.searchsorted(finite, column.values).clip(max=len(finite) - 1)
    return Table(column.source, np.where(finite[places] == column.values, places, np.nan))


def _prepared(columns: Sequence[Column], features: Features) -> tuple[Predictor, NDArray[np.int64], int]:
    """What the trees look at: the request as it is, and what has to be worked out beside it.

    Returns:
        From the request to that matrix; where in it each column is; how many columns it has.
    """
    places, worked = np.zeros(len(columns), np.int64), []
    for place, column in enumerate(columns):
        if isinstance(column, Word):
            raise NotUnderstoodError("a category that no step encodes")
        if isinstance(column, Table) or column.operations:
            worked.append((place, column))
        else:
            places[place] = column.source
    layout = Layout.of([column for _, column in worked], features)
    given = len(features.features)
    for position, one in enumerate(layout.order):
        places[worked[one][0]] = given + position
    return layout.beside, places, given + len(worked)


def _forest(estimators: Sequence[Any], columns: Sequence[Column], features: Features) -> Predictor:
    from sklearn.tree._tree import Tree

    prepare, places, width = _prepared(columns, features)
    post = Signpost.to([one.tree_.node_count for one in estimators])
    values = np.concatenate([np.zeros(len(post)), *map(_values, estimators)])
    nodes = np.concatenate([_post_nodes(post, width, estimators[0].tree_), *_lower_nodes(post, estimators, places)])
    whole = Tree(width + 1, np.array([1], dtype=np.intp), 1)
    state = {"max_depth": 0, "node_count": len(nodes), "nodes": nodes, "values": values.reshape(-1, 1, 1)}
    whole.__setstate__(state)
    alone = [_leaves(one.tree_, _values(one)) for one in estimators]
    grove = Grove(_leaves(whole, values), alone, places, width, np.float32)
    count = constant(len(estimators))
    return lambda matrix: grove.sum(prepare(matrix)) / count


def _leaves(walked: Any, values: Vector) -> Leaves:  # noqa: ANN401 - scikit-learn has no types
    walk = walked.apply
    return lambda rows: values.take(walk(rows))


def _values(estimator: Any) -> Vector:  # noqa: ANN401 - scikit-learn has no types
    """What each node of a tree says: the share of the second class, or the number."""
    understand(estimator.n_outputs_ == 1, "a tree with several targets")
    classes = len(getattr(estimator, "classes_", ()))
    understand(classes in (0, 2), "other than two classes")
    return estimator.tree_.value[:, 0, 1 if classes else 0]


def _post_nodes(post: Signpost, width: int, like: Any) -> Any:  # noqa: ANN401 - an array of scikit-learn's nodes
    nodes = np.zeros(len(post), like.__getstate__()["nodes"].dtype)
    nodes["left_child"], nodes["right_child"] = post.left, post.right
    nodes["feature"], nodes["threshold"] = width, post.thresholds
    return nodes


def _lower_nodes(post: Signpost, estimators: Sequence[Any], places: NDArray[np.int64]) -> list[Any]:
    moved = []
    for estimator, first in zip(estimators, post.firsts, strict=True):
        understand(estimator.n_features_in_ == len(places), "as many columns as the trees look at")
        nodes = estimator.tree_.__getstate__()["nodes"].copy()
        inner = nodes["left_child"] != _LEAF
        nodes["left_child"][inner] += first
        nodes["right_child"][inner] += first
        nodes["feature"][inner] = places[nodes["feature"][inner]]
        moved.append(nodes)
    return moved


def _boosted(estimator: Any, places: NDArray[np.int64], width: int) -> Grove:  # noqa: ANN401 - scikit-learn has no types
    from sklearn.ensemble._hist_gradient_boosting._predictor import _predict_from_raw_data as walk

    predictors = [predictor for (predictor,) in estimator._predictors]
    understand(estimator._n_features == len(places), "as many columns as the trees look at")
    post = Signpost.to([len(predictor.nodes) for predictor in predictors])
    nodes = _boosted_nodes(post, predictors, places, width=width)
    sets = np.concatenate([predictor.raw_left_cat_bitsets for predictor in predictors])
    known, own = estimator._bin_mapper.make_known_categories_bitsets()
    moved = np.zeros(width + 1, own.dtype)
    moved[places] = own

    def through(nodes: Any, sets: Any, rows_of_known: Any) -> Leaves:  # noqa: ANN401 - scikit-learn's arrays
        def leaves(rows: Matrix) -> Vector:
            found = np.empty(len(rows))
            # One thread: it starts none, so that a process may fork.
            walk(nodes, rows, sets, known, rows_of_known, 1, found)
            return found

        return leaves

    alone = [through(predictor.nodes, predictor.raw_left_cat_bitsets, own) for predictor in predictors]
    return Grove(through(nodes, sets, moved), alone, places, width, np.float64)


def _boosted_nodes(post: Signpost, predictors: Sequence[Any], places: NDArray[np.int64], *, width: int) -> Any:  # noqa: ANN401 - numpy records
    upper = np.zeros(len(post), predictors[0].nodes.dtype)
    upper["left"], upper["right"] = post.left, post.right
    upper["feature_idx"], upper["num_threshold"] = width, post.thresholds
    moved, sets = [upper], 0
    for predictor, first in zip(predictors, post.firsts.tolist(), strict=True):
        nodes = predictor.nodes.copy()
        inner = nodes["is_leaf"] == 0
        nodes["left"][inner] += first
        nodes["right"][inner] += first
        nodes["feature_idx"][inner] = places[nodes["feature_idx"][inner]]
        nodes["bitset_idx"] += sets
        sets += len(predictor.raw_left_cat_bitsets)
        moved.append(nodes)
    return np.concatenate(moved)
