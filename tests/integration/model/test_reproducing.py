"""A version that was trained here is trained again, and says the same; one that was not does not."""

from dataclasses import asdict, replace

import narwhals as nw
import polars as pl
import pytest

from modelyard.errors import NotReproducibleError, TableNotFoundError
from modelyard.lake.layers import Layer, Table
from modelyard.testing.model_fakes import PURPOSE
from modelyard_pipelines.model.reproducing import reproduce
from modelyard_training.documents import search_document
from modelyard_training.reproducing import retrain
from modelyard_training.search.triers import Means

NAME = "parcel_delay"
TABLE = Table(Layer.CURATED, PURPOSE)


def quiet(line):
    del line


@pytest.fixture
def again(platform, trained_on):
    """Trains again in this process, from the search that the sample model was found by."""

    def made(version, code, into):
        recorded = search_document(trained_on())
        there = replace(platform, workspace=replace(platform.workspace, root=code.root))
        return asdict(retrain(there, version, recorded, into=into, means=Means()))

    return made


def reproduced(platform, again, version=1):
    return reproduce(platform, NAME, version, note=quiet, again=again)


def line(found, what):
    return next(one for one in found.lines if one.what.startswith(what))


def test_what_was_trained_here_is_reproduced_to_the_last_bit(platform, register, again):
    register()
    found = reproduced(platform, again)
    assert (found.identical, found.reproduced, found.difference) == (True, True, 0.0)
    assert line(found, "what was learned").same
    assert line(found, "predictions on the stored example").same
    assert line(found, "predictions on the test rows").same
    assert line(found, "parameters").same
    assert found.to_json()["reproduced"] is True
    assert len(platform.registry().versions(NAME)) == 1


def test_rows_that_came_later_do_not_matter(platform, register, again):
    register()
    more = platform.engine.scan(TABLE).collect().to_polars().with_columns(pl.lit("later").alias("_batch"))
    platform.engine.append(TABLE, nw.from_native(more.lazy()), transaction="later", metadata={})
    assert reproduced(platform, again).identical


def test_a_version_that_learned_from_other_rows_is_not_reproduced_and_says_by_how_much(platform, register, again):
    register(features=("distance",), roc_auc=0.7)
    found = reproduced(platform, again)
    assert not found.reproduced
    assert found.difference > 0.01
    assert line(found, "predictions on the test rows").same is False
    assert found.sentence.startswith("not reproduced: predictions differ by up to")


def test_another_seed_or_other_code_is_named(platform, register, again):
    register()
    folder = platform.workspace.models / NAME
    (folder / "model.py").write_text(
        "from modelyard.testing.model_fakes import sample_spec\n"
        "from modelyard.models.searching import Floats, Search\n"
        "SPACE = {'strength': Floats(1e-6, 1e-5, log=True)}\n"
        "MODEL = sample_spec(search=Search(space=SPACE, metric='roc_auc', trials=2, rows=500))\n",
        encoding="utf-8",
    )
    found = reproduced(platform, again)
    assert not found.reproduced
    assert line(found, "fingerprint").same is False
    assert line(found, "parameters").same is False
    assert "fingerprint" in found.sentence


def test_data_that_is_not_there_any_more_is_said(platform, register, again):
    register()
    lost = platform.lake / "CURATED" / PURPOSE
    lost.rename(lost.with_name("elsewhere"))
    with pytest.raises(TableNotFoundError):
        reproduced(platform, again)


def test_a_declaration_that_learns_from_another_table_cannot_make_it_again(platform, register, again):
    register()
    folder = platform.workspace.models / NAME
    (folder / "model.py").write_text(
        "from modelyard.testing.model_fakes import sample_spec\nMODEL = sample_spec(purpose='letters')\n",
        encoding="utf-8",
    )
    with pytest.raises(NotReproducibleError, match="learns from CURATED/letters"):
        reproduced(platform, again)


def test_a_search_that_ran_out_of_time_is_not_made_again_but_its_result_is(platform, register, trained_on, tmp_path):
    version = register()
    recorded = {**search_document(trained_on()), "out_of_time": True}
    done = retrain(platform, version, recorded, into=tmp_path / "again")
    assert not done.searched
    assert done.parameters == recorded["best"]


def test_without_its_parameters_a_version_is_made_again_only_by_its_search(platform, register, tmp_path):
    version = register()
    with pytest.raises(NotReproducibleError, match="were not kept"):
        retrain(platform, version, None, into=tmp_path / "again", search=False)
    assert retrain(platform, version, None, into=tmp_path / "again", means=Means()).searched


def test_code_that_is_older_than_this_command_is_said(platform, register):
    register()
    with pytest.raises(NotReproducibleError, match="knows no way to train a version again"):
        reproduce(platform, NAME, 1, note=quiet)
