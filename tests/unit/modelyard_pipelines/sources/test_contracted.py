"""A source that is a contract and nothing else: where its deliveries come from, and what CLEAN calls its columns."""

import narwhals as nw
import polars as pl
import pytest

from modelyard.environment.workspace import Workspace
from modelyard.errors import DataNotReadyError, InvalidSettingsError, PurposeNotFoundError
from modelyard_pipelines.purposes.catalog import find_purpose, purpose_names
from modelyard_pipelines.sources.catalog import contracted_names, find_source, source_names

CONTRACT = """
apiVersion: v3.1.0
kind: DataContract
id: gym
version: 0.1.0
status: draft
servers: [{server: local, type: local, path: PLACE}]
schema:
  - name: gym
    properties:
      - name: Member ID
        logicalType: string
        physicalType: string
        primaryKey: true
        primaryKeyPosition: 1
        classification: personal
        customProperties: [{property: clean, value: hash}, {property: cleanName, value: member_id}]
      - name: E-mail
        logicalType: string
        physicalType: string
        classification: personal
        customProperties: [{property: clean, value: drop}, {property: cleanName, value: e_mail}]
      - {name: visits, logicalType: integer, physicalType: bigint}
    customProperties: [{property: delivery, value: snapshot}]
"""


@pytest.fixture
def workspace(tmp_path):
    return Workspace(root=tmp_path, state=tmp_path / "state")


@pytest.fixture
def gym(workspace):
    """The source, delivered from a place."""

    def declare(place="gym.csv", **files):
        folder = workspace.sources / "gym"
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "contract.yaml").write_text(CONTRACT.replace("PLACE", f'"{place}"'))
        for name, text in files.items():
            (folder / f"{name}.py").write_text(text)
        return find_source("gym", workspace)

    return declare


def test_a_workspaces_sources_stand_beside_those_of_the_package(gym, workspace):
    gym()
    assert {"gym", "flights"} <= set(source_names(workspace))
    assert "gym" not in source_names()
    assert "gym" in contracted_names(workspace)
    assert "flights" not in contracted_names(workspace)


def test_a_file_is_copied_as_it_is(gym, tmp_path):
    (tmp_path / "gym.csv").write_text("a,b\n1,2\n")
    landed = gym().land("", tmp_path / "lake")
    assert landed.read_bytes() == (tmp_path / "gym.csv").read_bytes()
    assert gym().land("", tmp_path / "lake") == landed


def test_a_month_may_be_part_of_the_place(gym, tmp_path):
    (tmp_path / "gym-2024-05.csv").write_text("a,b\n1,2\n")
    source = gym("gym-{month}.csv")
    assert source.monthly
    assert source.land("2024-05", tmp_path / "lake").name == "gym-2024-05.csv"
    with pytest.raises(DataNotReadyError, match=r"gym-2024-06\.csv"):
        source.land("2024-06", tmp_path / "empty")


def test_a_folder_gives_what_has_not_landed_yet_and_what_has_changed(gym, tmp_path):
    inbox, lake = tmp_path / "inbox", tmp_path / "lake"
    inbox.mkdir()
    (inbox / "a.csv").write_text("1")
    (inbox / "b.parquet").write_text("2")
    (inbox / "notes.txt").write_text("no delivery")
    source = gym("inbox")
    assert [source.land("", lake).name for _ in range(3)] == ["a.csv", "b.parquet", "b.parquet"]
    (inbox / "a.csv").write_text("corrected")
    assert source.land("", lake).name == "a.csv"


def test_where_the_place_cannot_be_reached_what_has_landed_counts(gym, tmp_path):
    lake = tmp_path / "lake"
    lake.mkdir()
    (lake / "gym.csv").write_text("put here by a job of the source's own")
    assert gym("/nowhere/gym.csv").land("", lake) == lake / "gym.csv"


def test_no_file_anywhere_says_where_it_looked(gym, tmp_path):
    with pytest.raises(DataNotReadyError, match=r"looked in .*gym\.csv and .*lake") as caught:
        gym().land("", tmp_path / "lake")
    assert "modelyard data ingest gym --file" in caught.value.hint


def test_clean_renames_hashes_and_drops(gym):
    raw = pl.DataFrame({"Member ID": ["M1"], "E-mail": ["a@b.c"], "visits": [3], "_batch": ["x"]})
    clean = gym().clean(nw.from_native(raw.lazy()), pseudonym_key="k").collect().to_polars()
    assert clean.columns == ["member_id", "visits", "_batch"]
    assert clean["member_id"][0] != "M1"


def test_code_beside_the_contract_goes_first(gym):
    source = gym(cleaning="def clean(raw):\n    return raw.select('visits')\n")
    assert (source.own_cleaning, source.own_landing) == (True, False)
    with pytest.raises(InvalidSettingsError, match=r"cleaning\.py cannot be run: SyntaxError"):
        gym(cleaning="def clean(")


def test_a_purpose_over_one_source_needs_no_folder(gym, workspace):
    gym()
    purpose = find_purpose("gym", workspace)
    assert (purpose.driving, purpose.sources, purpose.key) == ("gym", ("gym",), ("member_id",))
    assert purpose.replaces
    assert "gym" in purpose_names(workspace)
    frame = nw.from_native(pl.DataFrame({"x": [1]}).lazy())
    assert purpose.join(frame) is frame


def test_a_source_with_a_cleaning_of_its_own_is_a_purpose_where_somebody_asks_for_it(workspace):
    assert find_purpose("airports").driving == "airports"
    assert "airports" not in purpose_names()


def test_a_declared_purpose_goes_first_and_must_be_one(gym, workspace):
    gym()
    folder = workspace.purposes / "gym"
    folder.mkdir(parents=True)
    (folder / "purpose.py").write_text("PURPOSE = 3\n")
    with pytest.raises(InvalidSettingsError, match="must be a Purpose, found int"):
        find_purpose("gym", workspace)
    with pytest.raises(PurposeNotFoundError, match=r"no purpose is called 'pool'; allowed: .*flight_delay, gym"):
        find_purpose("pool", workspace)
