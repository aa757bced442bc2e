"""The comparison as a workflow: declared floors, uses of the frozen rows, and the page beside the evidence."""

import json
from itertools import count

import pytest

from modelyard.errors import PromotionRefusedError
from modelyard_pipelines.model.comparing import compare_model, evidence_file
from modelyard_pipelines.model.promoting import promote
from modelyard_pipelines.model.staging import stage

NAME = "parcel_delay"
WEAK, STRONG = ("distance",), ("weight", "distance", "depot")


def quiet(line):
    del line


@pytest.fixture
def in_production(platform, register):
    """A weak version in production."""
    register(WEAK, roc_auc=0.7)
    stage(platform, NAME)
    return promote(platform, NAME, by="Ada", reason="the first", note=quiet)


@pytest.fixture
def compared(platform, register):
    """Trains a version that beats the last one on validation rows, stages it, and compares it."""
    better = count(1)

    def done(features=STRONG):
        register(features, roc_auc=0.7 + next(better) / 100)
        stage(platform, NAME)
        return compare_model(platform, NAME, note=quiet).comparison

    return done


def test_every_further_candidate_on_the_same_rows_is_counted_and_a_comparison_made_again_is_not(
    platform, in_production, compared
):
    first, second = compared(), compared()
    again = compare_model(platform, NAME, note=quiet).comparison
    assert (first.use, second.use, again.use) == (1, 2, 2)
    assert again.digest == second.digest
    assert second.needed > first.needed == 0.95
    assert "carry comparison number 2" in " ".join(second.reasons)


def test_rows_that_hang_together_as_declared_count_as_one_witness(platform, in_production, compared):
    assert compared().clusters is None
    file = platform.workspace.models / NAME / "model.py"
    file.write_text(file.read_text().replace("sample_spec()", 'sample_spec(cluster="depot")'))
    found = compare_model(platform, NAME, note=quiet).comparison
    assert (found.clusters, found.verdict) == (3, "not_enough_data")
    assert "test rows come in 3 clusters" in found.reasons[0]


def test_an_evidence_file_that_was_damaged_is_counted_as_a_use(platform, in_production, compared):
    first = compared()
    evidence_file(platform, NAME, first.candidate, first.production).write_bytes(b'{"candidate": 2, ')
    assert compared().use == 2


def test_evidence_that_was_damaged_is_made_anew_and_never_for_less(platform, in_production, compared):
    first = compared()
    file = evidence_file(platform, NAME, first.candidate, first.production)
    file.write_bytes(b"")
    again = compare_model(platform, NAME, note=quiet).comparison
    assert again.needed >= first.needed
    assert json.loads(file.read_bytes()) == again.to_document()


def test_a_floor_that_is_declared_refuses_what_is_better_overall(platform, in_production, compared):
    compared()
    folder = platform.workspace.models / NAME
    (folder / "model.py").write_text(
        "from modelyard.models.spec import Floor\n"
        "from modelyard.testing.model_fakes import sample_spec\n"
        "FLOORS = (Floor(column='depot', metric='roc_auc', at_least=0.999),)\n"
        "MODEL = sample_spec(floors=FLOORS)\n",
        encoding="utf-8",
    )
    found = compare_model(platform, NAME, note=quiet).comparison
    assert found.verdict == "fails_a_slice"
    assert found.bootstrap.share_won > 0.95
    with pytest.raises(PromotionRefusedError, match=r"the verdict is fails_a_slice; in depot = .* 0\.999 is needed"):
        promote(platform, NAME, by="Ada", reason="better overall", note=quiet)


def test_the_page_lies_beside_the_evidence_and_names_the_labels(platform, in_production, compared):
    compared()
    done = compare_model(platform, NAME, note=quiet)
    page = done.page.read_text(encoding="utf-8")
    assert done.page.with_suffix(".json").exists()
    assert "it says late" in page
    assert done.comparison.digest in page
