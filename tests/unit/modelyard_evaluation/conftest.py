"""Scores of two models on the same rows."""

import numpy as np
import pytest

from modelyard.evaluation.comparison import Scored, compare

TEST_ROWS = {
    "data_versions": {"CURATED/parcels": 3},
    "column": "sent_at",
    "start": "2013-06-01T00:00:00",
    "end": "2013-07-01T00:00:00",
    "rows": 400,
}


@pytest.fixture
def draw():
    """Labels and the scores of two models that share most of their noise, as the issue's simulation has it."""

    def drawn(seed, *, rows=400, gain=0.0, skill=1.2, shared=0.8):
        generator = np.random.default_rng(seed)
        labels = (generator.random(rows) < 0.3).astype(float)
        common = generator.normal(size=rows)

        def scores(strength):
            noise = shared**0.5 * common + (1 - shared) ** 0.5 * generator.normal(size=rows)
            return 1 / (1 + np.exp(-(strength * labels + noise)))

        return labels, scores(skill + gain), scores(skill)

    return drawn


@pytest.fixture
def judge():
    """Compare two models' scores."""

    def judged(labels, candidate, production, **changes):
        said = {
            "model": "parcel_delay",
            "metric": "roc_auc",
            "test_rows": TEST_ROWS,
            "slices": {},
            "confidence": 0.95,
            "resamples": 200,
            "seed": 7,
            **changes,
        }
        before = said.pop("learned_until", "2013-06-01T00:00:00")
        new = Scored(version=2, scores=candidate, learned_until=before)
        old = None if production is None else Scored(version=1, scores=production, learned_until=before)
        return compare(labels, new, old, **said)

    return judged
