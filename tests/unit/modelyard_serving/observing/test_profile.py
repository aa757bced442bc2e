"""The profile of the features, held to a plain Python reference."""

import math
import mmap
import random
from collections import Counter

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from prometheus_client import CollectorRegistry, generate_latest

from modelyard_bundle import Feature, Output, Signature
from modelyard_serving.observing.profile import ProfileLayout, parts_of, profile_metrics
from modelyard_serving.observing.profiling import GATHERED_ROWS, Observer, ProfileWriter

LETTERS = tuple("abcdefghijklmnopqrstuvwxyz")
FEATURES = (
    Feature(name="distance", kind="number", minimum=10.0, maximum=30.0, nullable=True),
    Feature(name="carrier", kind="category", categories=("UA", "AA", "B6"), nullable=True),
    Feature(name="hour", kind="integer", minimum=0, maximum=23),
    Feature(name="is_weekend", kind="boolean", nullable=True),
    Feature(name="unbounded", kind="number"),
    Feature(name="at_least", kind="number", minimum=0.0),
    Feature(name="constant", kind="number", minimum=5.0, maximum=5.0),
    Feature(name="letter", kind="category", categories=LETTERS),
    Feature(name="tail", kind="category"),
)


def signature_of(*features):
    return Signature(model="m", task="regression", features=features, output=Output(name="y", kind="number"))


def category_bin(categories, value):
    if categories is None:
        return "other"
    if value not in categories:
        return "unseen"
    return f"={value}" if categories.index(value) < 20 else "other"


def bin_of(feature, value):
    """The label of the bin that a value falls into: the definition, written down without arrays."""
    if value is None or feature.kind == "boolean":
        return "null" if value is None else str(value).lower()
    if feature.kind == "category":
        return category_bin(feature.categories, value)
    low = -math.inf if feature.minimum is None else feature.minimum
    high = math.inf if feature.maximum is None else feature.maximum
    if not low <= value <= high:
        return "below" if value < low else "above"
    if parts_of(feature) == 1:
        return "inside"
    return min(9, math.floor((value - low) * (10 / (high - low))))


def limited(feature, value):
    if parts_of(feature) == 1:
        return min(max(value, -1e100), 1e100)
    span = feature.maximum - feature.minimum
    return min(max(value, feature.minimum - 10 * span), feature.maximum + 10 * span)


def reference(layout, rows):
    """The slots after these rows, one value at a time."""
    slots = [0.0] * layout.slots
    for row in rows:
        for one, value in zip(layout.features, row, strict=True):
            label = bin_of(one.feature, value)
            place = label + 2 if isinstance(label, int) else one.labels.index(label)
            slots[one.start + place] += 1
            if one.sums is not None and value is not None:
                slots[one.sums] += limited(one.feature, value)
                slots[one.sums + 1] += limited(one.feature, value) ** 2
    return slots


def draw_rows(count, seed=0):
    rng = random.Random(seed)

    def value(feature):
        if feature.nullable and rng.random() < 0.1:
            return None
        if feature.kind == "boolean":
            return rng.random() < 0.3
        if feature.kind == "category":
            return rng.choice([*(feature.categories or ()), "XX", "other", "null"])
        if feature.kind == "integer":
            return rng.choice([0, 23, -1, 24, rng.randint(-5, 40)])
        return rng.choice([10.0, 30.0, 5.0, 0.0, 1e9, -1e9, rng.uniform(-20, 60)])

    return [tuple(value(feature) for feature in FEATURES) for _ in range(count)]


def frame_of(rows):
    kinds = {"number": pl.Float64, "integer": pl.Int64, "boolean": pl.Boolean, "category": pl.String}
    schema = {feature.name: kinds[feature.kind] for feature in FEATURES}
    return pl.DataFrame(rows, schema=schema, orient="row")


def encode(rows, vocabularies):
    """The matrix as the decoder makes it for a plan."""

    def number(feature, value):
        if value is None:
            return math.nan
        if feature.kind != "category":
            return float(value)
        known = vocabularies.get(feature.name, ())
        return float(known.index(value)) if value in known else -1.0

    return np.array([[number(f, v) for f, v in zip(FEATURES, row, strict=True)] for row in rows])


@pytest.fixture
def layout():
    return ProfileLayout.of(signature_of(*FEATURES))


PLAN = {"carrier": ("AA", "B6", "UA"), "letter": LETTERS[::-1], "tail": ("N1", "N2")}
"""A plan orders its vocabularies as it likes."""


@pytest.mark.parametrize("rows", [1, 7, 256, 1000])
def test_equals_the_reference_on_matrices_whatever_order_the_plan_has_its_vocabulary_in(layout, rows):
    drawn = [(*row[:8], "N1") for row in draw_rows(rows)]
    slots = np.zeros(layout.slots)
    Observer(layout, PLAN).observe(slots, encode(drawn, PLAN))
    assert slots == pytest.approx(reference(layout, drawn), rel=1e-9)
    assert slots[: layout.bins].tolist() == reference(layout, drawn)[: layout.bins]


@pytest.mark.parametrize("rows", [1, 7, 300])
def test_equals_the_reference_on_the_frames_of_the_plain_way(layout, rows):
    drawn = draw_rows(rows)
    slots = np.zeros(layout.slots)
    Observer(layout).observe_frame(slots, frame_of(drawn))
    assert slots == pytest.approx(reference(layout, drawn), rel=1e-9)


@settings(max_examples=200, deadline=None)
@given(
    low=st.floats(-1e12, 1e12),
    span=st.floats(0, 1e12),
    values=st.lists(st.floats(allow_nan=False, allow_infinity=False), min_size=1, max_size=20),
)
def test_any_finite_number_falls_into_the_bin_of_the_reference_for_any_range(low, span, values):
    feature = Feature(name="x", kind="number", minimum=low, maximum=low + span)
    layout = ProfileLayout.of(signature_of(feature))
    slots = np.zeros(layout.slots)
    Observer(layout).observe(slots, np.array([*values, low, low + span])[:, None])
    wanted = reference(layout, [(value,) for value in [*values, low, low + span]])
    assert slots[: layout.bins].tolist() == wanted[: layout.bins]
    assert np.isfinite(slots).all()


def test_every_row_is_in_exactly_one_bin_of_every_feature(layout):
    slots = np.zeros(layout.slots)
    Observer(layout).observe_frame(slots, frame_of(draw_rows(500)))
    assert {sum(slots[one.start : one.start + len(one.labels)]) for one in layout.features} == {500.0}


def test_bounds_belong_to_the_range_and_what_is_next_to_them_does_not():
    feature = Feature(name="x", kind="number", minimum=10.0, maximum=30.0)
    layout = ProfileLayout.of(signature_of(feature))
    slots = np.zeros(layout.slots)
    values = [10.0, 30.0, math.nextafter(10.0, 0), math.nextafter(30.0, 99)]
    Observer(layout).observe(slots, np.array(values)[:, None])
    labels = layout.features[0].labels
    assert {labels[place]: slots[place] for place in range(layout.bins) if slots[place]} == {
        "below": 1,
        "10 to 12": 1,
        "28 to 30": 1,
        "above": 1,
    }


def test_one_absurd_number_counts_as_out_of_range_and_cannot_ruin_the_sums():
    feature = Feature(name="x", kind="number", minimum=0.0, maximum=1.0)
    layout = ProfileLayout.of(signature_of(feature))
    slots = np.zeros(layout.slots)
    Observer(layout).observe(slots, np.array([[1e308], [-1e308], [0.5]]))
    assert slots[list(layout.features[0].outside)].tolist() == [1, 1]
    assert slots[layout.features[0].sums] == 11.0 - 10.0 + 0.5


@pytest.mark.parametrize(
    ("low", "high"), [(1.0, 1.0), (1e16, 1e16 + 2), (-1.7e308, 1.7e308), (0.0, 5e-324), (None, 3.0), (None, None)]
)
def test_a_range_that_cannot_be_cut_has_one_part(low, high):
    feature = Feature(name="x", kind="number", minimum=low, maximum=high)
    assert parts_of(feature) == 1
    layout = ProfileLayout.of(signature_of(feature))
    slots = np.zeros(layout.slots)
    Observer(layout).observe(slots, np.array([[1.0], [math.nan]]))
    assert slots[0] == 1
    assert slots[: layout.bins].sum() == 2


def test_a_category_that_the_plan_does_not_look_at_is_other_and_never_unseen(layout):
    slots = np.zeros(layout.slots)
    drawn = [(*row[:8], None) for row in draw_rows(50)]
    Observer(layout, {"letter": LETTERS}).observe(slots, encode(drawn, {"letter": LETTERS}))
    carrier = layout.features[1]
    found = dict(zip(carrier.labels, slots[carrier.start :], strict=False))
    nulls = sum(row[1] is None for row in drawn)
    assert (found["null"], found["other"], found["unseen"]) == (nulls, 50 - nulls, 0)


def test_a_code_beyond_the_vocabulary_stays_inside_its_own_feature(layout):
    slots = np.zeros(layout.slots)
    matrix = encode(draw_rows(1), PLAN)
    matrix[0, 1] = 1e6
    Observer(layout, PLAN).observe(slots, matrix)
    carrier = layout.features[1]
    assert sum(slots[carrier.start : carrier.start + len(carrier.labels)]) == 1


def test_equal_signatures_have_equal_layouts():
    assert ProfileLayout.of(signature_of(*FEATURES)) == ProfileLayout.of(signature_of(*FEATURES))


def test_the_slots_may_lie_in_memory_that_processes_share(layout):
    memory = mmap.mmap(-1, 64 + layout.slots * 8)
    slots = np.frombuffer(memory, dtype=np.float64, count=layout.slots, offset=64)
    drawn = draw_rows(20)
    Observer(layout).observe_frame(slots, frame_of(drawn))
    read = memoryview(memory)[64:].cast("d").tolist()
    assert read == pytest.approx(reference(layout, drawn))


@pytest.mark.parametrize("sizes", [[1] * 700, [100, 200, 3, 256, 1, 500], [GATHERED_ROWS] * 2])
@pytest.mark.parametrize("plain", [True, False])
def test_gathering_rows_loses_none_and_counts_none_twice(layout, sizes, plain):
    slots = np.zeros(layout.slots)
    writer = ProfileWriter(Observer(layout), slots)
    drawn = draw_rows(sum(sizes))
    known = {feature.name: feature.categories for feature in FEATURES if feature.categories}
    start = 0
    for size in sizes:
        part = drawn[start : start + size]
        if plain:
            writer.add_frame(frame_of(part))
        else:
            matrix = encode(part, known)
            writer.add(matrix)
            matrix[:] = 1.0  # what the caller does with its matrix afterwards must not matter
        start += size
    writer.flush()
    writer.flush()
    assert slots == pytest.approx(reference(layout, drawn), rel=1e-9)


def test_prometheus_sees_counts_that_add_up(layout):
    drawn = draw_rows(400)
    slots = np.zeros(layout.slots)
    Observer(layout).observe_frame(slots, frame_of(drawn))

    class Found:
        def collect(self):
            return profile_metrics([("m", "7", layout, slots.tolist())])

    registry = CollectorRegistry()
    registry.register(Found())

    def sample(name, feature, **more):
        return registry.get_sample_value(name, {"model": "m", "version": "7", "feature": feature, **more})

    distances = [row[0] for row in drawn if row[0] is not None]
    assert sample("modelyard_feature_values_total", "distance") == len(distances)
    assert sample("modelyard_feature_nulls_total", "distance") == 400 - len(distances)
    assert sample("modelyard_feature_unseen_total", "distance") == sum(not 10 <= d <= 30 for d in distances)
    carriers = Counter(row[1] for row in drawn)
    assert sample("modelyard_feature_bin_total", "carrier", bin="=UA") == carriers["UA"]
    assert sample("modelyard_feature_unseen_total", "carrier") == sum(
        carriers[name] for name in ("XX", "other", "null")
    )
    assert sample("modelyard_feature_unseen_total", "is_weekend") == 0
    assert sample("modelyard_feature_sum", "hour") == sum(row[2] for row in drawn)
    assert sample("modelyard_feature_sum_of_squares", "hour") == sum(row[2] ** 2 for row in drawn)
    assert sample("modelyard_feature_sum", "carrier") is None
    assert generate_latest(registry)


def test_every_bin_has_a_name_of_its_own_even_where_a_range_is_narrow_and_far_away():
    feature = Feature(name="x", kind="number", minimum=1e9, maximum=1e9 + 1)
    labels = ProfileLayout.of(signature_of(feature)).features[0].labels
    assert len(set(labels)) == len(labels) == 13
