"""A declaration holds together, or says what does not."""

import polars as pl
import pytest

from modelyard.errors import InvalidModelError
from modelyard.models.features import number
from modelyard.models.searching import Search
from modelyard.models.spec import Floor, Threshold
from modelyard.models.splitting import TimeSplit
from modelyard.testing.model_fakes import build_pipeline, sample_spec
from modelyard_bundle.signature import Output


def test_knows_every_column_that_training_reads():
    assert set(sample_spec().columns) == {"weight", "distance", "depot", "sent_at", "hours_late"}


def test_what_makes_rows_hang_together_is_read_too():
    assert "sender" in sample_spec(cluster="sender").columns


def test_the_columns_of_the_label_are_read_from_its_expression():
    assert sample_spec(target=(pl.col("a") + pl.col("b")) > 3).target_columns == ("a", "b")


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"name": "Parcel Delay"}, "a name has the form"),
        ({"purpose": "../parcels"}, "a purpose has the form"),
        ({"features": ()}, "no feature"),
        ({"features": (number("weight"), number("weight"))}, "named twice: weight"),
        ({"features": (number("hours_late"),)}, "not known in time: hours_late"),
        ({"features": (number("received_at"),)}, "not known in time: received_at"),
        ({"thresholds": ()}, "nothing could be staged"),
        ({"owner": " "}, "no owner"),
        ({"search": Search(space={}, metric="roc_auc", trials=0)}, "no trial"),
        ({"split": TimeSplit(column="sent_at", test=0)}, "no validation or no test period"),
        ({"target": pl.lit(1) > 0}, "from no column"),
        ({"output": Output(name="lateness", kind="number")}, "is for a regression task"),
        ({"task": "ranking"}, "task is 'ranking'"),
        ({"flavour": "pickle"}, "flavour is 'pickle', allowed is one of sklearn, spark"),
        ({"by": ("sent_at",)}, "grouped by what is no feature: sent_at"),
        ({"by": ("depot",), "flavour": "spark"}, "a grouped model is built of scikit-learn"),
        ({"floors": (Floor(column="weight", metric="roc_auc", at_least=0.5),)}, "no slices: weight"),
        ({"variants": {"Not A Name": build_pipeline}}, "a variant's name has the form"),
    ],
)
def test_refuses_a_declaration_that_does_not_hold_together(changes, said):
    with pytest.raises(InvalidModelError, match=said) as refused:
        sample_spec(**changes)
    assert "model.py" in refused.value.hint


def test_the_label_itself_is_no_feature_even_where_it_is_not_forbidden():
    with pytest.raises(InvalidModelError, match="not known in time: hours_late"):
        sample_spec(features=(number("hours_late"),), forbidden=())


@pytest.mark.parametrize("bounds", [{}, {"at_least": 0.1, "at_most": 0.2}])
def test_refuses_a_threshold_that_is_no_bound_or_two(bounds):
    with pytest.raises(InvalidModelError, match="either at_least or at_most"):
        Threshold(metric="roc_auc", **bounds)


@pytest.mark.parametrize("bounds", [{}, {"at_least": 0.1, "at_most": 0.2}])
def test_refuses_a_floor_that_is_no_bound_or_two(bounds):
    with pytest.raises(InvalidModelError, match="floor on roc_auc within depot takes either"):
        Floor(column="depot", metric="roc_auc", **bounds)


def test_a_variant_is_the_same_declaration_built_another_way():
    spec = sample_spec(variants={"other": len})
    assert spec.variant("").build is build_pipeline
    assert spec.variant("other").build is len
    assert spec.variant("other").name == spec.name
    with pytest.raises(InvalidModelError, match="no variant 'third'; found other"):
        spec.variant("third")
