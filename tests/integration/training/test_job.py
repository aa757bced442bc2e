"""A training as a job: trials in processes, a candidate for each variant, a journal that is gone when all is kept."""

import json
import shutil
from dataclasses import replace
from pathlib import Path

import narwhals as nw
import pytest

from modelyard.lake.layers import DataVersion, Layer, Table
from modelyard.models.discovery import find_model
from modelyard.testing.model_fakes import PURPOSE, sample_frame
from modelyard.testing.platforms import bare_platform
from modelyard_training.job import _trained

ROOT = Path(__file__).resolve().parents[3]
DECLARATION = """
from modelyard.testing.model_fakes import build_pipeline, sample_spec

def strict(parameters):
    return build_pipeline({**parameters, "strength": 0.001})

MODEL = sample_spec(name="job_parcels", variants={"strict": strict})
"""


@pytest.fixture
def platform(tmp_path, address):
    root = tmp_path / "project"
    shutil.copytree(ROOT / "environments", root / "environments")
    folder = root / "ml" / "models" / "job_parcels"
    folder.mkdir(parents=True)
    (folder / "model.py").write_text(DECLARATION)
    opened = bare_platform(root, tmp_path / "state")
    return replace(opened, connections=opened.connections.model_copy(update={"tracking": address}))


def test_every_variant_becomes_a_candidate_and_the_next_search_begins_with_the_best(platform, client):
    table = Table(Layer.CURATED, PURPOSE)
    said = []

    def trained(variant, version):
        platform.engine.append(table, nw.from_native(sample_frame().lazy()), transaction=f"{version}", metadata={})
        data, spec = DataVersion(table, version), find_model(platform.workspace, "job_parcels")
        return _trained(platform, spec, variant, data, sample_frame, seed=None, progress=said.append)

    first, other = trained("", 0), trained("strict", 1)
    assert (first.variant, other.variant) == ("", "strict")
    assert [one.version for one in platform.registry().candidates("job_parcels")] == [1, 2]
    assert "trial 3 of 3: roc_auc" in " ".join(said)
    assert not list((platform.workspace.of("local") / "searches").glob("*.jsonl"))
    best = max((first, other), key=lambda one: one.version.metrics["roc_auc"])
    third = trained("", 2)
    path = client.download_artifacts(third.version.run_id, "search.json")
    search = json.loads(Path(path).read_text())
    kept = json.loads(Path(client.download_artifacts(best.version.run_id, "search.json")).read_text())["best"]
    assert search["warm"] == [{"strength": kept["strength"]}]
    assert search["trials"][0]["parameters"] == search["warm"][0]
