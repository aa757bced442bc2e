"""What lies beside a model: its search, its groups, and digests of what was learned."""

import json

import numpy as np
import pytest

from modelyard.models.digests import group_digests, state_digest
from modelyard.models.storage import dump_pipeline
from modelyard.testing.model_fakes import sample_frame, sample_spec
from modelyard.testing.search_fakes import searched_spec
from modelyard_training.documents import documents_of
from modelyard_training.fitting import fit_model

GROUPED = {"by": ("depot",), "fewest": 150}


def trained(spec, *, seed=0, **more):
    return fit_model(spec, sample_frame(seed=seed), data_versions={}, **more)


@pytest.fixture(scope="module")
def grouped():
    found = trained(sample_spec(**GROUPED))
    return found, dump_pipeline(found.model.pipeline)


@pytest.fixture(scope="module")
def groups(grouped):
    return json.loads(documents_of(*grouped)["groups.json"])


def test_the_search_is_written_with_all_that_decided_it():
    found = trained(searched_spec(folds=3), warm=[{"strength": 2.0}])
    document = json.loads(documents_of(found, b"")["search.json"])
    assert document["warm"] == [{"strength": 2.0}]
    assert (document["sampler"], document["folds"], document["together"]) == ("optuna", 3, 2)
    assert len(document["trials"]) == 8
    assert document["best"] == found.search.best


def test_a_model_without_groups_has_no_groups_document():
    assert set(documents_of(trained(searched_spec(trials=1)), b"")) == {"search.json"}


def test_every_group_has_its_rows_metric_and_digest(groups, grouped):
    model, _ = grouped
    assert groups["by"] == ["depot"]
    assert [group["values"] for group in groups["groups"]] == [
        {"depot": name} for name in ("harbour", "north", "south")
    ]
    for part in ("train", "validation", "test"):
        assert sum(group["rows"][part] for group in groups["groups"]) == getattr(model.parts, part).height
    assert all(0.5 < group["metrics"]["roc_auc"] <= 1 for group in groups["groups"])
    assert len({group["digest"] for group in groups["groups"]}) == 3


def test_a_group_that_is_too_small_names_the_pool_that_answers_for_it():
    found = trained(sample_spec(by=("depot",), fewest=10_000))
    document = json.loads(documents_of(found, dump_pipeline(found.model.pipeline))["groups.json"])
    assert {group["pipeline"] for group in document["groups"]} == {"pooled"}
    assert {group["digest"] for group in document["groups"]} == {document["pooled"]["digest"]}


def test_a_groups_digest_is_that_of_its_pipeline_alone(grouped):
    model, content = grouped
    alone = dump_pipeline(model.model.pipeline.groups_["north"])
    assert group_digests(content)["north"] == state_digest(alone)


def test_two_trainings_that_learned_the_same_have_the_same_digest_though_their_bytes_differ(grouped):
    _, content = grouped
    again = dump_pipeline(trained(sample_spec(**GROUPED)).model.pipeline)
    assert again != content
    assert state_digest(again) == state_digest(content)


def test_whatever_was_learned_otherwise_shows_in_the_digest(grouped):
    _, content = grouped
    other = trained(sample_spec(**GROUPED), seed=1)
    assert state_digest(dump_pipeline(other.model.pipeline)) != state_digest(content)


def test_one_changed_number_shows_in_the_digest(grouped):
    model, content = grouped
    north = model.model.pipeline.groups_["north"]
    before = north[-1].coef_
    try:
        north[-1].coef_ = before + np.array([[1e-12] + [0] * (before.shape[1] - 1)])
        assert group_digests(dump_pipeline(model.model.pipeline))["north"] != group_digests(content)["north"]
    finally:
        north[-1].coef_ = before
