import numpy as np
import pytest

from modelyard.gates.sketch import KNOTS, Sketch, largest_gap, merged, sketch_of


def exact_gap(a, b):
    points = np.union1d(a, b)
    one = np.searchsorted(np.sort(a), points, side="right") / len(a)
    other = np.searchsorted(np.sort(b), points, side="right") / len(b)
    return np.abs(one - other).max()


SAMPLES = {
    "normal": lambda rng, n: rng.normal(size=n),
    "skewed": lambda rng, n: rng.lognormal(sigma=2, size=n),
    "few values": lambda rng, n: rng.integers(0, 7, size=n),
    "mostly zero": lambda rng, n: rng.exponential(size=n) * (rng.random(n) < 0.07),
    "whole": lambda rng, n: rng.integers(-1000, 5000, size=n),
    "constant": lambda rng, n: np.full(n, 3.0),
}


@pytest.mark.parametrize("name", SAMPLES)
@pytest.mark.parametrize("sizes", [(100, 150), (3_000, 20_000)])
def test_the_gap_of_two_sketches_is_the_gap_of_the_columns_to_half_a_per_cent(name, sizes):
    rng = np.random.default_rng(1)
    for shift in (0.0, 0.3, 1.0):
        a, b = SAMPLES[name](rng, sizes[0]), SAMPLES[name](rng, sizes[1]) + shift
        gap = largest_gap(sketch_of(a), sketch_of(b))
        assert gap == pytest.approx(exact_gap(a, b), abs=1.5 / KNOTS)


@pytest.mark.parametrize("name", SAMPLES)
def test_merging_is_the_same_as_sketching_everything_at_once(name):
    rng = np.random.default_rng(2)
    parts = [SAMPLES[name](rng, 2_000 + 500 * place) + place / 10 for place in range(12)]
    together = merged([sketch_of(part) for part in parts])
    whole = np.concatenate(parts)
    assert together.count == len(whole)
    assert together.minimum == whole.min()
    assert together.maximum == whole.max()
    assert largest_gap(together, sketch_of(whole)) < 3 / KNOTS
    assert len(together.knots) <= 3 * KNOTS


def test_the_same_column_has_no_gap_to_itself():
    values = np.random.default_rng(3).normal(size=5_000)
    assert largest_gap(sketch_of(values), sketch_of(values[::-1].copy())) == 0


def test_quantiles_are_those_of_the_column():
    values = np.arange(10_001)
    sketch = sketch_of(values)
    for share in (0.01, 0.25, 0.5, 0.9):
        assert sketch.quantile(share) == pytest.approx(10_000 * share, abs=10_000 / KNOTS)


def test_no_values_have_no_sketch_and_one_value_has():
    assert sketch_of(np.array([])) is None
    assert merged([]) is None
    assert sketch_of(np.array([4])).quantile(0.5) == 4


def test_a_sketch_survives_being_written_down():
    import json

    sketch = sketch_of(np.random.default_rng(4).normal(size=999))
    again = Sketch.from_dict(json.loads(json.dumps(sketch.to_dict())))
    assert largest_gap(sketch, again) == 0
    assert again.count == 999
