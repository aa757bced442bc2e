"""Will a customer leave? Scored for everybody in a nightly batch, so that somebody can call them in time."""

from collections.abc import Mapping
from typing import Any

import polars as pl

from modelyard.models.features import category, integer, number
from modelyard.models.searching import Floats, Search
from modelyard.models.spec import Floor, ModelSpec, Threshold
from modelyard.models.splitting import HashSplit
from modelyard_bundle.signature import Output

FLAGS = ["senior_citizen", "partner", "dependents", "phone_service", "paperless_billing"]
NUMBERS = ["tenure_months", "monthly_charges_dollars", "total_charges_dollars"]
WORDS = ["multiple_lines", "internet_service", "online_security", "online_backup", "device_protection", "tech_support"]
WORDS += ["streaming_television", "streaming_movies", "contract", "payment_method"]


def _over(estimator: Any) -> Any:  # noqa: ANN401 - an estimator of any kind
    """The columns that every variant of the model sees, before its estimator."""
    from sklearn import compose, impute, pipeline, preprocessing

    filled = pipeline.Pipeline([("gaps", impute.SimpleImputer()), ("scale", preprocessing.StandardScaler())])
    words = preprocessing.OneHotEncoder(handle_unknown="ignore", sparse_output=False)
    steps = [("flags", "passthrough", FLAGS), ("numbers", filled, NUMBERS), ("words", words, WORDS)]
    return pipeline.Pipeline([("columns", compose.ColumnTransformer(steps)), ("estimator", estimator)])


def linear(parameters: Mapping[str, Any]) -> Any:  # noqa: ANN401 - an estimator of any kind
    """A logistic regression."""
    from sklearn.linear_model import LogisticRegression

    return _over(LogisticRegression(C=float(parameters.get("strength", 1.0)), max_iter=500))


def boosted(parameters: Mapping[str, Any]) -> Any:  # noqa: ANN401 - an estimator of any kind
    """Boosted trees; the stronger, the fewer rows a leaf may have."""
    from sklearn.ensemble import HistGradientBoostingClassifier

    leaf, seed = max(5, round(60 / float(parameters.get("strength", 1.0)) ** 0.5)), parameters["seed"]
    trees = HistGradientBoostingClassifier(max_iter=60, learning_rate=0.08, min_samples_leaf=leaf, random_state=seed)
    return _over(trees)


MODEL = ModelSpec(
    name="customer_churn",
    purpose="telecom_customers",
    description="The probability that a customer leaves within the quarter.",
    target=pl.col("left").eq("Yes"),
    output=Output(name="leaves", kind="probability", labels=("stays", "leaves"), threshold=0.5),
    features=(*map(integer, FLAGS), *(number(name, optional=True) for name in NUMBERS), *map(category, WORDS)),
    split=HashSplit(key=("customer",)),
    build=linear,
    variants={"boosted": boosted},
    search=Search(space={"strength": Floats(0.05, 10, log=True)}, metric="log_loss", trials=8, folds=4),
    thresholds=(Threshold(metric="roc_auc", at_least=0.8), Threshold(metric="brier_skill", at_least=0.2)),
    metric="roc_auc",
    slices=("senior_citizen", "contract", "female"),
    floors=(Floor(column="senior_citizen", metric="roc_auc", at_least=0.7),),
    owner="customer-care",
    risk="limited",
)
