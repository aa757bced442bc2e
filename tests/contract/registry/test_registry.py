"""What every model registry keeps to."""

from concurrent.futures import ThreadPoolExecutor

import pytest

from modelyard.errors import (
    InvalidModelError,
    ModelNotFoundError,
    PromotionRefusedError,
    RollbackRefusedError,
    StagingRefusedError,
)
from modelyard.registry.ledger import Ledger
from modelyard_bundle.digests import digest_of

PROMISE = {"by": "Ada Lovelace", "reason": "better on the last month", "evidence": "e" * 64}


def stages(registry, model):
    return [version.stage for version in registry.versions(model)]


def test_an_unknown_model_has_nothing(registry, model):
    assert registry.versions(model) == ()
    assert registry.candidates(model) == ()
    assert registry.staging(model) is None
    assert registry.production(model) is None
    assert registry.history(model) == ()


def test_a_registered_version_is_a_candidate_with_all_that_was_said_of_it(registry, model, registration):
    said = registration()
    version = registry.register(said)
    assert (version.version, version.stage, version.model) == (1, "candidate", model)
    for name in ("run_id", "digest", "fingerprint", "metrics", "data_versions", "validation_rows", "test_rows"):
        assert getattr(version, name) == getattr(said, name), name
    for name in ("holder", "seed", "lock", "variant", "slices", "libraries"):
        assert getattr(version, name) == getattr(said, name), name
    assert version.created_at.endswith("+00:00")
    assert registry.candidates(model) == (version,)
    assert registry.version(model, 1) == version
    assert registry.find(model, fingerprint=said.fingerprint) == version
    assert registry.find(model, fingerprint="another") is None


@pytest.mark.parametrize("same", ["run_id", "fingerprint"])
def test_the_same_run_or_the_same_training_is_registered_once(registry, model, registration, same):
    first = registration()
    version = registry.register(first)
    again = registration(**{same: getattr(first, same)})
    assert registry.register(again) == version
    assert len(registry.versions(model)) == 1


def test_models_do_not_mix(registry, model, registration):
    registry.register(registration())
    other = registry.register(registration(model=f"{model}_too"))
    assert (other.version, other.model) == (1, f"{model}_too")
    assert len(registry.versions(model)) == 1


def test_staging_archives_the_previous_one_and_every_other_candidate(registry, model, registration):
    for _ in range(3):
        registry.register(registration())
    registry.stage(model, 1)
    assert stages(registry, model) == ["staging", "archived", "archived"]
    registry.register(registration())
    assert registry.stage(model, 4).stage == "staging"
    assert stages(registry, model) == ["archived", "archived", "archived", "staging"]
    assert registry.staging(model).version == 4
    assert registry.candidates(model) == ()


def test_staging_twice_changes_nothing(registry, model, registration):
    registry.register(registration())
    assert registry.stage(model, 1) == registry.stage(model, 1)


def test_a_promotion_empties_staging_and_archives_the_previous_one(registry, model, registration):
    for version in (1, 2):
        registry.register(registration())
        registry.stage(model, version)
        entry = registry.promote(model, version, **PROMISE)
        assert registry.staging(model) is None
        assert registry.production(model).version == version
        assert registry.production(model).promoted_by == "Ada Lovelace"
    assert stages(registry, model) == ["archived", "production"]
    assert (entry.decision.replaces, entry.decision.reason) == (1, "better on the last month")
    assert entry.decision.digest == registry.version(model, 2).digest
    assert registry.history(model)[-1] == entry


def test_promoting_again_changes_nothing(registry, model, registration):
    registry.register(registration())
    registry.stage(model, 1)
    assert registry.promote(model, 1, **PROMISE) == registry.promote(model, 1, **PROMISE)
    assert len(registry.history(model)) == 1


def test_whoever_wants_to_promote_what_somebody_else_has_promoted_is_told_so(registry, model, registration):
    registry.register(registration())
    registry.stage(model, 1)
    registry.promote(model, 1, **PROMISE)
    with pytest.raises(PromotionRefusedError, match=r"in production already, by Ada Lovelace at .*: better"):
        registry.promote(model, 1, **{**PROMISE, "by": "Somebody Else"})
    assert len(registry.history(model)) == 1


def test_a_policy_is_written_down_as_such(registry, model, registration):
    registry.register(registration())
    registry.stage(model, 1)
    entry = registry.promote(model, 1, **{**PROMISE, "by": "policy candidate_wins"}, decided_by="policy")
    assert (entry.decision.by, entry.decision.decided_by) == ("policy candidate_wins", "policy")


@pytest.fixture
def three_promoted(registry, model, registration):
    """Versions 1, 2 and 3, which came to production one after the other."""
    for version in (1, 2, 3):
        registry.register(registration())
        registry.stage(model, version)
        registry.promote(model, version, **PROMISE)
    return registry


BACK = {"by": "Grace Hopper", "reason": "complaints"}


def test_a_rollback_brings_the_version_before_back_and_is_an_entry_of_the_same_chain(three_promoted, model):
    assert three_promoted.before(model) == 2
    entry = three_promoted.roll_back(model, **BACK)
    said, chain = entry.decision, three_promoted.history(model)
    assert (said.action, said.version, said.replaces, said.by, said.reason) == ("rollback", 2, 3, *BACK.values())
    assert said.evidence == chain[1].hash
    assert said.digest == chain[1].decision.digest
    assert chain[-1] == entry
    assert entry.previous == chain[-2].hash
    assert three_promoted.production(model).version == 2
    assert stages(three_promoted, model) == ["archived", "production", "archived"]


def test_a_rollback_again_changes_nothing_whoever_asks(three_promoted, model):
    first = three_promoted.roll_back(model, **BACK)
    assert three_promoted.roll_back(model, **BACK) == first
    assert three_promoted.roll_back(model, by="Somebody Else", reason="panic") == first
    assert len(three_promoted.history(model)) == 4


def test_a_rollback_goes_further_back_only_when_it_is_told_where_to(three_promoted, model):
    three_promoted.roll_back(model, **BACK)
    entry = three_promoted.roll_back(model, **BACK, to=1)
    assert (entry.decision.version, entry.decision.replaces) == (1, 2)
    assert three_promoted.roll_back(model, **BACK, to=1) == entry


def test_after_a_rollback_another_version_can_be_promoted_and_rolled_back(three_promoted, model, registration):
    three_promoted.roll_back(model, **BACK)
    three_promoted.register(registration())
    three_promoted.stage(model, 4)
    assert three_promoted.promote(model, 4, **PROMISE).decision.replaces == 2
    assert three_promoted.roll_back(model, **BACK).decision.version == 2


def test_there_is_nothing_to_go_back_to_before_the_first(registry, model, registration):
    with pytest.raises(RollbackRefusedError, match="was ever in production"):
        registry.roll_back(model, **BACK)
    registry.register(registration())
    registry.stage(model, 1)
    registry.promote(model, 1, **PROMISE)
    with pytest.raises(RollbackRefusedError, match="is the first in production"):
        registry.roll_back(model, **BACK)
    with pytest.raises(RollbackRefusedError, match=r"version 7 .* was never in production; versions that were: 1"):
        registry.roll_back(model, **BACK, to=7)
    assert len(registry.history(model)) == 1


def test_a_rollback_to_a_version_that_was_deleted_is_refused(three_promoted, model):
    three_promoted._store.remove(model, 2)
    with pytest.raises(RollbackRefusedError, match="somebody has deleted it") as refused:
        three_promoted.roll_back(model, **BACK)
    assert "--to" in refused.value.hint
    assert three_promoted.production(model).version == 3
    assert three_promoted.roll_back(model, **BACK, to=1).decision.version == 1


def test_a_rollback_is_the_way_out_when_production_itself_was_deleted(three_promoted, model):
    three_promoted._store.remove(model, 3)
    assert three_promoted.roll_back(model, **BACK).decision.version == 2
    assert three_promoted.production(model).version == 2


@pytest.mark.parametrize("change", ["registry", "artifact"])
def test_a_rollback_to_what_is_not_what_was_in_production_is_refused(three_promoted, model, damage, change):
    if change == "registry":
        three_promoted._store.tag(model, 2, {"digest": "f" * 64})
    else:
        damage(three_promoted.version(model, 2))
    with pytest.raises(InvalidModelError, match="has digest"):
        three_promoted.roll_back(model, **BACK)
    assert three_promoted.production(model).version == 3
    assert len(three_promoted.history(model)) == 3


def test_a_candidate_that_came_after_the_choice_is_not_archived_by_it(registry, model, registration):
    for _ in range(3):
        registry.register(registration())
    registry.stage(model, 1, over=[2])
    assert stages(registry, model) == ["staging", "archived", "candidate"]


def test_the_ledger_lies_in_a_file_of_the_models_name(registry, model, registration, tmp_path):
    registry.register(registration())
    registry.stage(model, 1)
    entry = registry.promote(model, 1, **PROMISE)
    assert Ledger(tmp_path / "ledger" / f"{model}.jsonl").entries() == (entry,)


def test_only_staging_can_be_promoted(registry, model, registration):
    registry.register(registration())
    with pytest.raises(PromotionRefusedError, match="staging holds nothing"):
        registry.promote(model, 1, **PROMISE)
    registry.stage(model, 1)
    with pytest.raises(PromotionRefusedError, match="staging holds version 1"):
        registry.promote(model, 7, **PROMISE)
    assert registry.production(model) is None
    assert registry.history(model) == ()


def test_production_cannot_be_staged(registry, model, registration):
    registry.register(registration())
    registry.stage(model, 1)
    registry.promote(model, 1, **PROMISE)
    with pytest.raises(StagingRefusedError, match="is in production"):
        registry.stage(model, 1)
    assert registry.production(model).version == 1


def test_an_archived_version_can_be_staged_again(registry, model, registration):
    for _ in range(2):
        registry.register(registration())
    registry.stage(model, 2)
    assert registry.stage(model, 1).stage == "staging"
    assert stages(registry, model) == ["staging", "archived"]


@pytest.mark.parametrize("action", ["version", "stage"])
def test_a_version_that_does_not_exist_is_told_what_there_is(registry, model, registration, action):
    registry.register(registration())
    with pytest.raises(ModelNotFoundError, match="has no version 9; registered: 1"):
        getattr(registry, action)(model, 9)


def test_of_concurrent_promotions_exactly_one_is_in_the_ledger(registry, model, registration):
    registry.register(registration())
    registry.stage(model, 1)

    def promote(person):
        return registry.promote(model, 1, by=person, reason="better", evidence="e" * 64)

    with ThreadPoolExecutor(3) as pool:
        results = []
        for future in [pool.submit(promote, person) for person in ("Ada", "Grace", "Mary")]:
            try:
                results.append(future.result())
            except Exception as error:
                results.append(error)
    (winner,) = [entry for entry in results if not isinstance(entry, Exception)]
    assert winner in registry.history(model)
    assert len(registry.history(model)) == 1


def test_a_download_holds_the_model_its_signature_and_its_example(registry, model, registration, tmp_path):
    registry.register(registration())
    folder = registry.download(model, 1, tmp_path / "download")
    assert {file.name: file.read_text() for file in folder.iterdir()} == {
        "model.skops": "model.skops of 1",
        "signature.json": "signature.json of 1",
        "example.json": "example.json of 1",
    }


def test_a_model_file_that_was_changed_is_not_downloaded(registry, model, registration, tmp_path):
    registry.register(registration(digest="f" * 64))
    with pytest.raises(InvalidModelError, match="registered is ffffffffffff"):
        registry.download(model, 1, tmp_path / "download")
    assert list((tmp_path / "download").iterdir()) == []


@pytest.mark.parametrize("file", ["model.skops", "sparkml"])
def test_a_version_is_downloaded_whether_a_file_or_a_folder_holds_it(registry, model, registration, tmp_path, file):
    said = registration(holder=file)
    registry.register(said)
    folder = registry.download(model, 1, tmp_path / "download")
    assert (folder / file).is_dir() == (file == "sparkml")
    assert digest_of(folder / file) == said.digest


@pytest.mark.parametrize("holder", ["model.skops", "sparkml"])
def test_one_flipped_bit_in_what_holds_the_model_is_refused(registry, model, registration, damage, tmp_path, holder):
    version = registry.register(registration(holder=holder))
    damage(version)
    with pytest.raises(InvalidModelError, match="has digest"):
        registry.download(model, 1, tmp_path / "download")
    assert list((tmp_path / "download").iterdir()) == []
