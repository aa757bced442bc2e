"""The steps behave as scikit-learn transformers do, over Polars frames, and travel as skops."""

import subprocess
import sys

import numpy as np
import polars as pl
import pytest
import skops.io
from sklearn.base import clone
from sklearn.compose import ColumnTransformer
from sklearn.utils.estimator_checks import check_estimator

from modelyard_bundle.trust import TRUSTED_TYPES
from modelyard_steps import CyclicEncoder, OutlierClipper


@pytest.fixture
def frame():
    return pl.DataFrame({"hour": [0, 6, 12, None], "wind": [1.0, 2.0, None, 1000.0]})


@pytest.mark.parametrize("step", [OutlierClipper(), CyclicEncoder()], ids=lambda step: type(step).__name__)
def test_passes_the_checks_that_scikit_learn_has_for_its_own_estimators(step):
    check_estimator(step, on_skip=None)


def test_pulls_an_outlier_back_to_the_edge_of_the_training_data():
    training = pl.DataFrame({"wind": np.arange(1001.0)})
    clipper = OutlierClipper(lower=0.01, upper=0.99).fit(training)
    assert clipper.transform(pl.DataFrame({"wind": [-5.0, 500.0, 5000.0]})).ravel().tolist() == [10.0, 500.0, 990.0]


def test_learns_bounds_on_training_data_only():
    clipper = OutlierClipper().fit(pl.DataFrame({"wind": [0.0, 10.0]}))
    before = clipper.upper_bounds_.copy()
    clipper.transform(pl.DataFrame({"wind": [1e9]}))
    assert clipper.upper_bounds_ == before


def test_a_missing_value_stays_missing(frame):
    clipped = OutlierClipper().fit(frame).transform(frame)
    turned = CyclicEncoder(24).fit(frame.select("hour")).transform(frame.select("hour"))
    assert np.isnan(clipped[2, 1])
    assert np.isnan(turned[3]).all()


def test_a_column_without_any_value_passes_through():
    empty = pl.DataFrame({"wind": [None, None]}, schema={"wind": pl.Float64})
    clipper = OutlierClipper().fit(empty)
    assert np.isnan(clipper.transform(empty)).all()
    assert clipper.transform(pl.DataFrame({"wind": [3.0]})).shape == (1, 1)


@pytest.mark.parametrize(("lower", "upper"), [(0.5, 0.5), (-0.1, 0.9), (0.1, 1.5), (0.9, 0.1)])
def test_refuses_quantiles_that_are_no_range(lower, upper):
    with pytest.raises(ValueError, match="0 <= lower < upper <= 1"):
        OutlierClipper(lower=lower, upper=upper).fit([[1.0]])


@pytest.mark.parametrize("period", [0, -7])
def test_refuses_a_period_that_never_turns(period):
    with pytest.raises(ValueError, match="above 0"):
        CyclicEncoder(period).fit([[1.0]])


def test_the_end_of_a_period_lies_next_to_its_start():
    encoder = CyclicEncoder(period=12).fit([[1.0]])
    december, january, june = encoder.transform([[12.0], [1.0], [6.0]])
    assert np.linalg.norm(december - january) < np.linalg.norm(december - june)


def test_names_what_comes_out(frame):
    columns = ColumnTransformer([("turn", CyclicEncoder(24), ["hour"]), ("clip", OutlierClipper(), ["wind"])])
    columns.set_params(verbose_feature_names_out=False).fit(frame)
    assert columns.get_feature_names_out().tolist() == ["hour_sin", "hour_cos", "wind"]


@pytest.mark.parametrize("step", [OutlierClipper(0.1, 0.8), CyclicEncoder(7)], ids=lambda step: type(step).__name__)
def test_travels_as_skops_under_the_types_that_the_platform_trusts(step, frame, tmp_path):
    fitted = clone(step).fit(frame)
    skops.io.dump(fitted, tmp_path / "step.skops")
    untrusted = set(skops.io.get_untrusted_types(file=tmp_path / "step.skops"))
    assert untrusted <= set(TRUSTED_TYPES)
    loaded = skops.io.load(tmp_path / "step.skops", trusted=sorted(untrusted))
    np.testing.assert_array_equal(loaded.transform(frame), fitted.transform(frame))


def test_works_where_pandas_is_not_installed():
    program = (
        "import sys\n"
        "sys.modules['pandas'] = None\n"
        "import polars\n"
        "from modelyard_steps import CyclicEncoder, OutlierClipper\n"
        "frame = polars.DataFrame({'hour': [1.0, 2.0]})\n"
        "CyclicEncoder().fit_transform(frame), OutlierClipper().fit_transform(frame)\n"
    )
    subprocess.run([sys.executable, "-c", program], check=True)
