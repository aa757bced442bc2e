"""A ledger that was tampered with is told by somebody: by itself, by the registry, by the evidence, by a noted hash."""

import json
import shutil

import pytest

from modelyard.errors import LedgerBrokenError, ModelNotFoundError, PromotionRefusedError
from modelyard.registry.entries import LedgerEntry
from modelyard.registry.ledger import Ledger
from modelyard_pipelines.model.evidence import decided_folder
from modelyard_pipelines.model.promoting import promote
from modelyard_pipelines.model.rolling_back import roll_back
from modelyard_pipelines.model.staging import stage
from modelyard_pipelines.model.verifying import verify

NAME = "parcel_delay"


def quiet(line):
    del line


@pytest.fixture
def decided(platform, register):
    """Two promotions and a rollback."""
    for features in (("distance",), ("weight", "distance", "depot")):
        register(features, roc_auc=0.7)
        stage(platform, NAME)
        promote(platform, NAME, by="Ada", reason="better", note=quiet)
    roll_back(platform, NAME, by="Grace", reason="complaints", note=quiet)
    return platform


@pytest.fixture
def path(decided):
    return decided.lake / "ledger" / f"{NAME}.jsonl"


def failed(found):
    return [check.name for check in found.checks if check.passed is False]


def test_a_ledger_as_it_was_written_verifies_with_the_registry_and_without(decided):
    found = verify(decided, NAME)
    assert (found.passed, found.entries, failed(found)) == (True, 3, [])
    offline = verify(decided, NAME, offline=True)
    assert offline.passed
    assert [check.name for check in offline.checks if check.passed is None] == ["registry"]
    assert found.head == offline.head


def test_a_changed_byte_is_found_offline_and_nothing_is_decided_any_more(decided, path, register):
    path.write_bytes(path.read_bytes().replace(b"Grace", b"Eve..", 1))
    found = verify(decided, NAME, offline=True)
    assert failed(found) == ["chain"]
    assert "line 3" in found.checks[0].said
    register()
    with pytest.raises(LedgerBrokenError):
        stage(decided, NAME) and promote(decided, NAME, by="Ada", reason="better", note=quiet)
    with pytest.raises(LedgerBrokenError):
        roll_back(decided, NAME, by="Ada", reason="complaints", note=quiet)


def test_a_copy_elsewhere_verifies_by_itself(path, tmp_path):
    for file in (path, path.with_suffix(".head")):
        shutil.copy(file, tmp_path / file.name)
    assert Ledger(tmp_path / path.name).verify() is None


def cut(path, *, entries):
    """Cuts the end off, and the head with it, as somebody would who knows how ledgers are made."""
    lines = path.read_bytes().splitlines(keepends=True)[:entries]
    path.write_bytes(b"".join(lines))
    last = LedgerEntry.from_line(lines[-1])
    head = {"sequence": last.sequence, "hash": last.hash}
    path.with_suffix(".head").write_bytes(json.dumps(head, sort_keys=True, separators=(",", ":")).encode() + b"\n")


def test_an_end_that_was_cut_off_is_found_offline_by_the_head(decided, path):
    path.write_bytes(b"".join(path.read_bytes().splitlines(keepends=True)[:2]))
    assert "its end is missing" in verify(decided, NAME, offline=True).checks[0].said


def test_an_end_that_was_cut_off_with_its_head_is_found_by_the_registry_and_by_a_noted_hash(decided, path):
    noted = verify(decided, NAME).head
    cut(path, entries=2)
    assert failed(verify(decided, NAME)) == ["registry"]
    assert verify(decided, NAME, offline=True).passed
    assert failed(verify(decided, NAME, offline=True, head=noted[:12])) == ["noted"]
    assert verify(decided, NAME, offline=True, head=json.loads(path.read_bytes().splitlines()[1])["hash"]).passed


def test_a_ledger_written_anew_is_found_offline_by_what_evidence_remembers(decided, path):
    first, second, third = (LedgerEntry.from_line(line) for line in path.read_bytes().splitlines())
    del third
    from dataclasses import replace

    forged = LedgerEntry.after(None, replace(first.decision, by="Eve"))
    chain = [forged, LedgerEntry.after(forged, second.decision)]
    path.write_bytes(b"".join(entry.to_line() for entry in chain))
    cut(path, entries=2)
    assert "memory" in failed(verify(decided, NAME, offline=True))


@pytest.mark.parametrize("change", ["changed", "gone"])
def test_evidence_that_is_not_what_it_was_is_found(decided, path, change):
    digest = json.loads(path.read_bytes().splitlines()[1])["evidence"]
    file = decided_folder(decided, NAME) / f"{digest}.json"
    if change == "gone":
        file.unlink()
    else:
        file.write_text(file.read_text().replace("candidate_wins", "not_worse"))
    found = verify(decided, NAME, offline=True)
    assert failed(found) == ["evidence"]
    assert "entry 2" in next(check.said for check in found.checks if check.name == "evidence")


def test_a_comparison_that_is_made_again_does_not_touch_what_a_decision_rests_on(decided, register):
    kept = {file.name: file.read_bytes() for file in decided_folder(decided, NAME).iterdir()}
    register()
    stage(decided, NAME)
    with pytest.raises(PromotionRefusedError):
        promote(decided, NAME, by="", reason="", note=quiet)
    assert {file.name: file.read_bytes() for file in decided_folder(decided, NAME).iterdir()} == kept


def test_a_model_without_a_ledger_is_told(platform):
    with pytest.raises(ModelNotFoundError, match="has no ledger"):
        verify(platform, NAME)
