"""A registry that forgets one of its checks is caught: the same damage goes through it."""

from contextlib import nullcontext

import pytest

from modelyard.errors import InvalidModelError, LedgerBrokenError, PromotionRefusedError, RegistryBusyError
from modelyard.registry.ledger import Ledger
from modelyard.registry.production import Production
from modelyard.testing.registry_fakes import InMemoryRegistry

NAME = "parcel_delay"
PROMISE = {"by": "Ada", "reason": "better", "evidence": "e" * 64}
BACK = {"by": "Grace", "reason": "complaints"}


class WithoutDownloads(InMemoryRegistry):
    """Goes back without looking at the files."""

    def _check(self, model, version):
        del model, version


class Weak(InMemoryRegistry):
    """Decides by a weaker `Production`."""

    kind = Production

    def _decisions(self, model):
        return self.kind(
            model, self._store, folder=self._ledgers, clock=self._clock, patience=self._patience, check=self._check
        )


class WithoutTheLedgersDigest(Production):
    def _check_digest(self, found, then):
        del found, then


class WithoutMemory(Production):
    def _verified(self, stored):
        del stored
        return self._ledger.entries()


class WithoutStaging(Production):
    def _staged(self, version):
        return self._stored(version)


class WithoutLock(Production):
    def __init__(self, *arguments, **named):
        super().__init__(*arguments, **named)
        self._ledger.locked = nullcontext


def weak(kind):
    return type("Weak", (Weak,), {"kind": kind})


@pytest.fixture
def promoted(tmp_path, registration):
    """Two versions that came to production in a registry of some kind."""

    def made(kind):
        registry = kind(tmp_path / "ledger", patience=0.1)
        for number in (1, 2):
            registry.register(registration(number))
            registry.stage(NAME, number)
            registry.promote(NAME, number, **PROMISE)
        return registry

    return made


def other_files(registry, tmp_path):
    (tmp_path / "source-1" / "model.skops").write_bytes(b"other bytes")


def other_files_and_digest(registry, tmp_path):
    from modelyard_bundle.documents import sha256_of

    other_files(registry, tmp_path)
    registry.store.tag(NAME, 1, {"digest": sha256_of(b"other bytes")})


def forgotten_end(registry, tmp_path):
    for name in (f"{NAME}.jsonl", f"{NAME}.head"):
        (tmp_path / "ledger" / name).unlink()


CASES = [
    (other_files, lambda found: found.roll_back(NAME, **BACK), InvalidModelError, WithoutDownloads),
    (
        other_files_and_digest,
        lambda found: found.roll_back(NAME, **BACK),
        InvalidModelError,
        weak(WithoutTheLedgersDigest),
    ),
    (forgotten_end, lambda found: found.history(NAME), LedgerBrokenError, weak(WithoutMemory)),
    (
        lambda registry, _: registry.register(registry.made(3)),
        lambda found: found.promote(NAME, 3, **PROMISE),
        PromotionRefusedError,
        weak(WithoutStaging),
    ),
]


@pytest.mark.parametrize(("damage", "action", "error", "weakened"), CASES)
def test_a_check_that_is_left_out_is_missed(promoted, tmp_path, registration, damage, action, error, weakened):
    for kind in (InMemoryRegistry, weakened):
        registry = promoted(kind)
        registry.made = registration
        damage(registry, tmp_path)
        if kind is weakened:
            action(registry)
        else:
            with pytest.raises(error):
                action(registry)
        for file in (tmp_path / "ledger").iterdir():
            file.unlink()


def test_a_registry_without_its_lock_lets_two_decide_at_once(promoted, tmp_path, registration):
    for kind, refused in ((InMemoryRegistry, True), (weak(WithoutLock), False)):
        registry = promoted(kind)
        registry.register(registration(3))
        with Ledger(tmp_path / "ledger" / f"{NAME}.jsonl").locked():
            if refused:
                with pytest.raises(RegistryBusyError):
                    registry.roll_back(NAME, **BACK)
            else:
                registry.roll_back(NAME, **BACK)
        for file in (tmp_path / "ledger").iterdir():
            file.unlink()
