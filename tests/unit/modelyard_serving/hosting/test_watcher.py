"""The catalog follows the deployment pointers."""

from __future__ import annotations

import io
import shutil
from functools import partial

import pytest

from modelyard_bundle import Pointer, remove_pointer, replace_pointer
from modelyard_serving.answering.catalog import NO_MODEL, Catalog
from modelyard_serving.hosting import watcher as watching
from modelyard_serving.hosting.watcher import Watcher
from modelyard_serving.loading.gate import pass_gate
from modelyard_serving.observing.records import LogWriter


class World:
    """Folders, a catalog, and a watcher that looks when it is told to."""

    def __init__(self, root):
        self.bundles, self.deployments = root / "bundles", root / "deployments"
        self.catalog = Catalog()
        self.loads = []
        self.log = LogWriter(io.BytesIO())
        self.watcher = Watcher(self.deployments, self.bundles, catalog=self.catalog, log=self.log, load=self.load)

    def load(self, pointer):
        self.loads.append(pointer.version)
        return pass_gate(pointer, self.bundles)

    def look(self):
        self.watcher.look()
        return {name: model.version for name, model in self.catalog.served.items()}


@pytest.fixture
def world(tmp_path):
    made = World(tmp_path)
    yield made
    made.log.close()


def test_nothing_is_served_before_anything_is_deployed(world):
    assert world.look() == {}
    assert world.catalog.readiness() == NO_MODEL


def test_a_first_pointer_is_served(world, tiny):
    world.look()
    tiny.deploy(world.bundles, world.deployments, version="1")
    assert world.look() == {"tiny": "1"}
    assert world.catalog.readiness() is None


def test_a_pointer_that_did_not_change_is_not_loaded_again(world, tiny):
    tiny.deploy(world.bundles, world.deployments, version="1")
    for _ in range(3):
        world.look()
    assert world.loads == ["1"]


def test_writing_the_same_pointer_again_loads_nothing(world, tiny):
    pointer = tiny.deploy(world.bundles, world.deployments, version="1")
    world.look()
    replace_pointer(world.deployments, pointer)
    world.look()
    assert world.loads == ["1"]


def test_a_replaced_pointer_replaces_the_model(world, train):
    train().deploy(world.bundles, world.deployments, version="1")
    world.look()
    train(seed=2).deploy(world.bundles, world.deployments, version="2")
    assert world.look() == {"tiny": "2"}


def test_a_removed_pointer_unloads_the_model(world, tiny):
    tiny.deploy(world.bundles, world.deployments, version="1")
    world.look()
    remove_pointer(world.deployments, "tiny")
    assert world.look() == {}
    assert world.catalog.readiness() == NO_MODEL


def test_a_refused_bundle_leaves_the_old_version_serving_and_is_reported(world, train):
    train().deploy(world.bundles, world.deployments, version="1")
    world.look()
    pointer = train(seed=2).deploy(world.bundles, world.deployments, version="2")
    (world.bundles / pointer.bundle / "model.skops").write_bytes(b"spoilt")
    assert world.look() == {"tiny": "1"}
    assert world.catalog.readiness() is None
    refusal = world.catalog.refusal("tiny")
    assert (refusal.version, refusal.digest) == ("2", pointer.digest)
    assert "digest" in refusal.reason


def test_a_refused_first_bundle_is_the_reason_for_not_being_ready(world, tiny):
    pointer = tiny.deploy(world.bundles, world.deployments, version="1")
    (world.bundles / pointer.bundle / "model.skops").write_bytes(b"spoilt")
    assert world.look() == {}
    assert "tiny" in world.catalog.readiness()
    assert "digest" in world.catalog.readiness()


def test_a_refused_bundle_is_not_loaded_over_and_over(world, tiny):
    pointer = tiny.deploy(world.bundles, world.deployments, version="1")
    (world.bundles / pointer.bundle / "example.json").write_bytes(b"{}")
    for _ in range(3):
        world.look()
    assert world.loads == ["1"]


def test_a_refused_bundle_is_tried_again_after_a_while(world, tiny, monkeypatch):
    monkeypatch.setattr(watching, "RETRY_SECONDS", 0.0)
    pointer = tiny.deploy(world.bundles, world.deployments, version="1")
    sound = (world.bundles / pointer.bundle / "example.json").read_bytes()
    (world.bundles / pointer.bundle / "example.json").write_bytes(b"{}")
    assert world.look() == {}
    (world.bundles / pointer.bundle / "example.json").write_bytes(sound)
    assert world.look() == {"tiny": "1"}


def test_a_bundle_that_comes_after_its_pointer_is_served(world, tiny):
    replace_pointer(world.deployments, Pointer.to("tiny", "1", digest=tiny.digest))
    assert world.look() == {}
    tiny.bundle(world.bundles, "1")
    assert world.look() == {"tiny": "1"}


def test_a_bundle_that_is_built_anew_is_looked_at_again(world, tiny):
    pointer = tiny.deploy(world.bundles, world.deployments, version="1")
    (world.bundles / pointer.bundle / "model.skops").write_bytes(b"spoilt")
    world.look()
    shutil.rmtree(world.bundles / pointer.bundle)
    tiny.bundle(world.bundles, "1")
    assert world.look() == {"tiny": "1"}


def test_going_back_to_the_served_version_clears_the_refusal_without_loading(world, train):
    first = train().deploy(world.bundles, world.deployments, version="1")
    world.look()
    second = train(seed=2).deploy(world.bundles, world.deployments, version="2")
    (world.bundles / second.bundle / "model.skops").write_bytes(b"spoilt")
    world.look()
    replace_pointer(world.deployments, first)
    assert world.look() == {"tiny": "1"}
    assert world.catalog.refusal("tiny") is None
    assert world.loads == ["1", "2"]


@pytest.mark.parametrize("content", [b"", b"{", b'{"model": "other"}', b"\xff" * 100_000])
def test_a_broken_pointer_leaves_the_old_version_serving(world, tiny, content):
    tiny.deploy(world.bundles, world.deployments, version="1")
    world.look()
    (world.deployments / "tiny.json").write_bytes(content)
    assert world.look() == {"tiny": "1"}
    assert world.catalog.refusal("tiny").version is None


def test_other_files_beside_the_pointers_mean_nothing(world, tiny):
    tiny.deploy(world.bundles, world.deployments, version="1")
    for name in (".tiny.json.12ab", ".tiny.unconfirmed", "README.md", "Not A Model.json", ".lock"):
        (world.deployments / name).write_bytes(b"{}")
    assert world.look() == {"tiny": "1"}


def test_two_models_do_not_disturb_each_other(world, train):
    train().deploy(world.bundles, world.deployments, version="1")
    broken = train(name="other").deploy(world.bundles, world.deployments, version="1")
    (world.bundles / broken.bundle / "model.skops").write_bytes(b"spoilt")
    assert world.look() == {"tiny": "1"}
    assert world.catalog.readiness() is None


def test_a_loader_that_fails_in_an_unforeseen_way_is_a_refusal(world, tiny, monkeypatch):
    monkeypatch.setattr(world.watcher, "_load", partial(pass_gate, bundles=world.bundles, gate=(lambda _: 1 / 0,)))
    tiny.deploy(world.bundles, world.deployments, version="1")
    assert world.look() == {}
    assert "ZeroDivisionError" in world.catalog.refusal("tiny").reason
