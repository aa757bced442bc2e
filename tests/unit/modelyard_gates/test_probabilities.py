"""Our two tail probabilities are scipy's, over everything that a significance gate may meet."""

import numpy as np
import pytest
from scipy import special

from modelyard.gates.probabilities import KOLMOGOROV_AT_1_PERCENT, chi_square, kolmogorov


@pytest.mark.parametrize("statistic", [0.0, 0.05, 0.2, 0.5, 0.9, 0.999, 1.0, 1.001, 1.36, 1.63, 2.0, 4.0, 8.0])
def test_the_kolmogorov_distribution_is_scipys(statistic):
    assert kolmogorov(statistic) == pytest.approx(float(special.kolmogorov(statistic)), rel=1e-10, abs=1e-12)


def test_the_one_percent_point_is_scipys():
    assert pytest.approx(float(special.kolmogi(0.01)), rel=1e-12) == KOLMOGOROV_AT_1_PERCENT


@pytest.mark.parametrize("freedom", [1, 2, 3, 7, 15, 104, 900])
def test_the_chi_square_distribution_is_scipys(freedom):
    points = np.concatenate([[0.0, 1e-6], freedom * np.array([0.1, 0.5, 0.9, 1.0, 1.1, 2.0, 5.0])])
    ours = [chi_square(float(point), freedom) for point in points]
    assert ours == pytest.approx(special.chdtrc(freedom, points).tolist(), rel=1e-9, abs=1e-12)


def test_the_far_tail_keeps_its_size_and_does_not_turn_into_nothing():
    assert chi_square(900.0, 15) == pytest.approx(float(special.chdtrc(15, 900.0)), rel=1e-9)
    assert kolmogorov(8.0) > 0
