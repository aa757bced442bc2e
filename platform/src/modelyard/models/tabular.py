"""A learner for any table, for models that need none of their own: boosted trees over columns by name.

Trees take numbers as they are; gaps are filled and marked; words become numbers by their order, and a word that
training never saw becomes one more. There is nothing to scale, and nothing that fails on a value of a later day.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from modelyard.models.searching import Dimension, Floats, Integers, Search
from modelyard_bundle.signature import Feature, Task

SPACE: Mapping[str, Dimension] = {
    "learning_rate": Floats(0.02, 0.3, log=True),
    "max_iter": Integers(30, 150),
    "max_leaf_nodes": Integers(4, 32, log=True),
    "min_samples_leaf": Integers(5, 100, log=True),
}
UNSEEN, MISSING = -1, -2
"""What words become that training never saw, and that are not there."""


@dataclass(frozen=True, slots=True)
class BoostedTrees:
    """How a model of a table learns, and how its best parameters are looked for."""

    task: Task
    features: tuple[Feature, ...]
    search: Search

    def build(self, parameters: Mapping[str, Any]) -> Any:  # noqa: ANN401 - an estimator of any kind
        """The unfitted pipeline: numbers as they are, words as numbers, gradient boosting."""
        from sklearn import compose, ensemble, impute, pipeline, preprocessing

        chosen = {name: value for name, value in parameters.items() if name != "seed"}
        numbers = [one for one in self.features if one.kind in ("number", "integer")]
        whole, gappy = ([one.name for one in numbers if one.nullable is gaps] for gaps in (False, True))
        words = [one.name for one in self.features if one.kind in ("category", "boolean")]
        encoder = preprocessing.OrdinalEncoder(
            handle_unknown="use_encoded_value", unknown_value=UNSEEN, encoded_missing_value=MISSING
        )
        # Trees can do with gaps, but not with a column of nothing else; the indicator keeps what a gap tells.
        filler = impute.SimpleImputer(strategy="median", keep_empty_features=True, add_indicator=True)
        columns = [("numbers", "passthrough", whole), ("gaps", filler, gappy), ("words", encoder, words)]
        kinds = {
            "binary": ensemble.HistGradientBoostingClassifier,
            "regression": ensemble.HistGradientBoostingRegressor,
        }
        estimator = kinds[self.task](random_state=parameters["seed"], early_stopping=False, **chosen)
        present = [step for step in columns if step[2]]
        return pipeline.Pipeline([("columns", compose.ColumnTransformer(present)), ("estimator", estimator)])


def boosted_trees(task: Task, features: Sequence[Feature], *, trials: int = 10, rows: int = 40_000) -> BoostedTrees:
    """Boosted trees over these features, and a search that decides by log loss (binary) or RMSE (regression)."""
    metric = "log_loss" if task == "binary" else "rmse"
    return BoostedTrees(task, tuple(features), Search(space=SPACE, metric=metric, trials=trials, rows=rows))
