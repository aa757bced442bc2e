"""A registry that is killed at any step ends in the right state when the same is run again."""

import pytest

from modelyard.errors import LedgerBrokenError, ModelNotFoundError, PromotionRefusedError

PROMISE = {"by": "Ada", "reason": "better", "evidence": "e" * 64}


class KilledError(BaseException):
    """As a SIGKILL would, nobody catches it."""


@pytest.fixture
def killing(registry):
    """Runs an action with a kill before the n-th change of the store; says whether the kill happened."""

    def run(step, action):
        count = iter(range(1000))

        def kill(_change):
            if next(count) == step:
                raise KilledError

        registry.store.on_change = kill
        try:
            action()
        except KilledError:
            return True
        finally:
            registry.store.on_change = lambda _change: None
        return False

    return run


def stages(registry):
    return {version.version: version.stage for version in registry.versions("parcel_delay")}


@pytest.fixture
def in_production(registry, registration):
    """Version 1 in production, version 2 in staging, version 3 a candidate."""
    registry.register(registration(1))
    registry.stage("parcel_delay", 1)
    registry.promote("parcel_delay", 1, **PROMISE)
    registry.register(registration(2))
    registry.stage("parcel_delay", 2)
    registry.register(registration(3))
    return registry


@pytest.mark.parametrize("step", range(8))
def test_a_promotion_killed_at_any_step_is_finished_by_running_it_again(in_production, killing, step):
    registry = in_production
    killed = killing(step, lambda: registry.promote("parcel_delay", 2, **PROMISE))
    production = [version for version, stage in stages(registry).items() if stage == "production"]
    assert len(production) == 1
    entry = registry.promote("parcel_delay", 2, **PROMISE)
    assert entry.sequence == 2
    assert stages(registry) == {1: "archived", 2: "production", 3: "candidate"}
    assert registry.staging("parcel_delay") is None
    assert registry.version("parcel_delay", 2).promoted_by == "Ada"
    assert len(registry.history("parcel_delay")) == 2
    assert killed == (step < 5)


@pytest.mark.parametrize("step", range(8))
def test_a_staging_killed_at_any_step_is_finished_by_running_it_again(in_production, killing, registration, step):
    registry = in_production
    registry.register(registration(4))
    killed = killing(step, lambda: registry.stage("parcel_delay", 4))
    waiting = registry.candidates("parcel_delay")
    assert registry.staging("parcel_delay").version in (2, 4)
    if registry.staging("parcel_delay").version == 2:
        assert 4 in [version.version for version in waiting]
    registry.stage("parcel_delay", 4)
    assert stages(registry) == {1: "production", 2: "archived", 3: "archived", 4: "staging"}
    assert killed == (step < 4)


def test_a_registration_killed_before_it_happened_is_made_again_and_one_killed_after_it_is_not(
    registry, registration, killing
):
    assert killing(0, lambda: registry.register(registration(1)))
    first = registry.register(registration(1))
    again = registry.register(registration(1, run_id="another run of the same"))
    assert (first.version, again.version) == (1, 1)
    assert len(registry.versions("parcel_delay")) == 1


def test_two_trainings_of_the_same_thing_that_register_at_once_end_as_one_version(registry, registration):
    store = registry.store
    once = iter([True])

    def somebody_is_faster(change):
        if change == "add" and next(once, False):
            rival = registration(1, run_id="rival")
            store.add(rival, {**rival.to_tags(), "stage": "candidate"})

    store.on_change = somebody_is_faster
    assert registry.register(registration(1)).run_id == "rival"
    assert [version.version for version in registry.versions("parcel_delay")] == [1]


def test_a_half_done_promotion_is_finished_before_another_one_is_judged(in_production, killing):
    registry = in_production
    assert killing(0, lambda: registry.promote("parcel_delay", 2, **PROMISE))
    assert stages(registry)[1] == "production"
    registry.stage("parcel_delay", 3)
    registry.promote("parcel_delay", 3, **PROMISE)
    assert [entry.decision.version for entry in registry.history("parcel_delay")] == [1, 2, 3]
    assert [entry.decision.replaces for entry in registry.history("parcel_delay")] == [None, 1, 2]
    assert stages(registry) == {1: "archived", 2: "archived", 3: "production"}


def test_whoever_is_slower_is_refused(in_production):
    registry = in_production
    registry.stage("parcel_delay", 3)
    registry.promote("parcel_delay", 3, **PROMISE)
    with pytest.raises(PromotionRefusedError, match="version 2 of parcel_delay is not in staging"):
        registry.promote("parcel_delay", 2, **PROMISE)


def test_a_version_deleted_under_a_promotion_is_said_and_changes_nothing(in_production, killing):
    registry = in_production
    assert killing(0, lambda: registry.promote("parcel_delay", 2, **PROMISE))
    registry.store.remove("parcel_delay", 2)
    with pytest.raises(ModelNotFoundError, match="somebody has deleted it"):
        registry.promote("parcel_delay", 3, **PROMISE)
    assert registry.production("parcel_delay").version == 1


def test_a_ledger_whose_end_was_cut_off_with_its_head_is_told_by_what_the_registry_remembers(in_production, tmp_path):
    (tmp_path / "ledger" / "parcel_delay.jsonl").write_bytes(b"")
    (tmp_path / "ledger" / "parcel_delay.head").unlink()
    with pytest.raises(LedgerBrokenError, match="lacks the entry by which version 1 was promoted"):
        in_production.history("parcel_delay")
    with pytest.raises(LedgerBrokenError):
        in_production.promote("parcel_delay", 2, **PROMISE)


def test_the_model_itself_remembers_the_last_entry_when_its_version_was_deleted(in_production, tmp_path):
    in_production.store.remove("parcel_delay", 1)
    (tmp_path / "ledger" / "parcel_delay.jsonl").write_bytes(b"")
    (tmp_path / "ledger" / "parcel_delay.head").unlink()
    with pytest.raises(LedgerBrokenError, match="lacks the entry by which the last decision was made"):
        in_production.history("parcel_delay")


@pytest.mark.parametrize("step", range(7))
def test_a_rollback_killed_at_any_step_is_finished_by_running_it_again(in_production, killing, step):
    registry = in_production
    registry.promote("parcel_delay", 2, **PROMISE)
    killed = killing(step, lambda: registry.roll_back("parcel_delay", by="Grace", reason="it is wrong"))
    production = [version for version, stage in stages(registry).items() if stage == "production"]
    assert len(production) == 1
    entry = registry.roll_back("parcel_delay", by="Grace", reason="it is wrong")
    assert (entry.sequence, entry.decision.version, entry.decision.replaces) == (3, 1, 2)
    assert stages(registry) == {1: "production", 2: "archived", 3: "candidate"}
    assert registry.version("parcel_delay", 1).promoted_by == "Grace"
    assert len(registry.history("parcel_delay")) == 3
    assert killed == (step < 4)


def test_a_rollback_of_a_half_done_promotion_leaves_nothing_of_it_in_staging(in_production, killing):
    assert killing(0, lambda: in_production.promote("parcel_delay", 2, **PROMISE))
    in_production.roll_back("parcel_delay", by="Grace", reason="it is wrong")
    assert in_production.staging("parcel_delay") is None
    assert stages(in_production) == {1: "production", 2: "archived", 3: "candidate"}
