"""What every model registry keeps to."""

from concurrent.futures import ThreadPoolExecutor

import pytest

from modelyard.errors import InvalidModelError, ModelNotFoundError, PromotionRefusedError, StagingRefusedError
from modelyard.registry.ledger import Ledger

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
    assert (entry.promotion.replaces, entry.promotion.reason) == (1, "better on the last month")
    assert entry.promotion.digest == registry.version(model, 2).digest
    assert registry.history(model)[-1] == entry


def test_promoting_again_changes_nothing(registry, model, registration):
    registry.register(registration())
    registry.stage(model, 1)
    assert registry.promote(model, 1, **PROMISE) == registry.promote(model, 1, **{**PROMISE, "by": "Somebody Else"})
    assert len(registry.history(model)) == 1


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
    winners = {entry.promotion.by for entry in results if not isinstance(entry, Exception)}
    assert len(winners) == 1
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
    assert not (tmp_path / "download").exists()
