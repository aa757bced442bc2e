"""What a model may be made of. The list is the platform's: nothing in a bundle can add to it.

skops trusts every estimator of scikit-learn on its own account, and a file may name any of its node kinds. Here both
are closed: a node of a kind that is not listed, or of a type that is not listed for its kind, is refused before skops
sees the file. To use another estimator or step, add its name below; the review of that line is the approval.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

_BOOSTING = "sklearn.ensemble._hist_gradient_boosting"

ESTIMATORS = frozenset(
    {
        "sklearn.pipeline.Pipeline",
        "sklearn.compose._column_transformer.ColumnTransformer",
        "sklearn.impute._base.MissingIndicator",
        "sklearn.impute._base.SimpleImputer",
        "sklearn.preprocessing._data.StandardScaler",
        "sklearn.preprocessing._encoders.OneHotEncoder",
        "sklearn.preprocessing._encoders.OrdinalEncoder",
        # Safe because the function it holds is a node of its own, and must be among FUNCTIONS.
        "sklearn.preprocessing._function_transformer.FunctionTransformer",
        "sklearn.preprocessing._label.LabelEncoder",
        "sklearn.preprocessing._target_encoder.TargetEncoder",
        # The folds of a TargetEncoder's own cross-fitting: numbers and a seed.
        "sklearn.model_selection._split.KFold",
        "sklearn.model_selection._split.StratifiedKFold",
        "sklearn.linear_model._base.LinearRegression",
        "sklearn.linear_model._logistic.LogisticRegression",
        "sklearn.linear_model._ridge.Ridge",
        "sklearn.ensemble._forest.RandomForestClassifier",
        "sklearn.ensemble._forest.RandomForestRegressor",
        "sklearn.tree._classes.DecisionTreeClassifier",
        "sklearn.tree._classes.DecisionTreeRegressor",
        f"{_BOOSTING}.gradient_boosting.HistGradientBoostingClassifier",
        f"{_BOOSTING}.gradient_boosting.HistGradientBoostingRegressor",
        f"{_BOOSTING}.binning._BinMapper",
        f"{_BOOSTING}.predictor.TreePredictor",
        "sklearn._loss.link.HalfLogitLink",
        "sklearn._loss.link.IdentityLink",
        "sklearn._loss.link.Interval",
        "sklearn._loss.link.LogLink",
        "sklearn._loss.link.LogitLink",
        "sklearn._loss.loss.AbsoluteError",
        "sklearn._loss.loss.HalfBinomialLoss",
        "sklearn._loss.loss.HalfGammaLoss",
        "sklearn._loss.loss.HalfPoissonLoss",
        "sklearn._loss.loss.HalfSquaredError",
        "sklearn._loss.loss.PinballLoss",
    }
)
"""Objects that are rebuilt from their attributes."""

STEPS = frozenset(
    {
        "modelyard_steps.cyclic.CyclicEncoder",
        "modelyard_steps.groups.ByGroup",
        "modelyard_steps.outliers.OutlierClipper",
    }
)
"""What modelyard_steps has, by full name."""

FUNCTIONS = frozenset({"numpy.expm1", "numpy.log1p", "numpy.sqrt", "sklearn.utils.validation.check_array"})
"""Functions that a FunctionTransformer may hold."""

PARTIAL_FUNCTIONS = frozenset({"sklearn.utils.validation.check_array"})
"""Functions that may have arguments bound: gradient boosting's own treatment of categories needs this one."""

_SCALARS = frozenset(
    f"numpy.{name}"
    for name in ("bool", "float32", "float64", "int32", "int64", "int8", "object_", "str_", "uint32", "uint64", "uint8")
)

TRUSTED_NODES: Mapping[str, frozenset[str]] = MappingProxyType(
    {
        "DTypeNode": frozenset({"numpy.dtype"}),
        "DictNode": frozenset({"builtins.dict"}),
        "FunctionNode": FUNCTIONS,
        "JsonNode": frozenset({"builtins.str"}),
        "ListNode": frozenset({"builtins.list"}),
        "LossNode": frozenset(
            f"sklearn._loss._loss.Cy{name}"
            for name in (
                "AbsoluteError",
                "HalfBinomialLoss",
                "HalfGammaLoss",
                "HalfPoissonLoss",
                "HalfSquaredError",
                "PinballLoss",
            )
        ),
        "NdArrayNode": frozenset({"numpy.ndarray"}) | _SCALARS,
        "ObjectNode": ESTIMATORS | STEPS,
        "PartialNode": frozenset({"functools.partial"}),
        "RandomGeneratorNode": frozenset({"numpy.random._generator.Generator"}),
        "RandomStateNode": frozenset({"numpy.random.mtrand.RandomState"}),
        "SliceNode": frozenset({"builtins.slice"}),
        "TreeNode": frozenset({"sklearn.tree._tree.Tree"}),
        "TupleNode": frozenset({"builtins.tuple"}),
        "TypeNode": frozenset({"builtins.bool", "builtins.float", "builtins.int", "builtins.str"}) | _SCALARS,
    }
)
"""The kinds of node in a skops file, and the types that each may name."""

TRUSTED_TYPES: frozenset[str] = frozenset().union(*TRUSTED_NODES.values())
"""Every name on the list, as skops takes it."""
