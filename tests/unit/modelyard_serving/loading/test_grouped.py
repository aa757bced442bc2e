"""Many small models in one bundle pass the gate as one, with the face of one."""

from __future__ import annotations

import numpy as np
import pytest

from modelyard.testing.release_fakes import train_tiny, wrap_pipeline
from modelyard_serving.loading.gate import pass_gate
from modelyard_steps import ByGroup


@pytest.fixture
def rows():
    import polars as pl

    random = np.random.default_rng(7)
    columns = {"distance": random.uniform(80, 5000, 400), "hour": random.integers(0, 24, 400)}
    flags = {"carrier": random.choice(["AA", "DL", "UA"], 400), "weekend": random.random(400) < 0.3}
    return pl.DataFrame({**columns, **flags})


@pytest.mark.parametrize("task", ["binary", "regression"])
def test_a_model_by_groups_is_served_with_the_predictions_that_were_recorded(task, rows, tmp_path):
    target = rows["hour"].to_numpy() + np.random.default_rng(8).normal(0, 4, len(rows))
    labels = (target > 12).astype(int) if task == "binary" else target
    grouped = ByGroup(train_tiny(task=task).pipeline, by=["carrier"], fewest=20).fit(rows, labels)
    assert len(grouped.groups_) == 3
    model = wrap_pipeline(grouped, rows[:8], name="tiny", task=task)
    served = pass_gate(model.bundle(tmp_path, "1"), tmp_path)
    assert served.signature.task == task
