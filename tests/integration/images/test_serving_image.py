"""The image of a model: built from the real Dockerfiles without a network, and started from its own file system."""

from __future__ import annotations

import os
import shutil
import stat
import time
from dataclasses import replace

import pytest

from modelyard.errors import ReleaseRefusedError
from modelyard.release.bundling import Bundle
from modelyard.release.expectation import Expectation
from modelyard.release.images.builder import BuildOrder
from modelyard.release.sealing import LocalSigner, Sealing
from modelyard.release.suite import run_suite
from modelyard_bundle import read_bundle

pytestmark = pytest.mark.slow
INSTALLERS = ("pip", "setuptools", "wheel", "pkg_resources", "ensurepip")


@pytest.fixture(scope="module")
def model(make_bundle):
    return make_bundle("1")


@pytest.fixture(scope="module")
def report(building, model):
    return building.release(model[1])


@pytest.fixture(scope="module")
def root(buildah, report):
    return buildah.root_of(report.record.image)


def test_the_whole_api_suite_passes_on_it_with_a_read_only_file_system(report, start, model):
    container = start(report.record.image)
    container.ready()
    suite = run_suite(container.url, Expectation.of(read_bundle(model[1].folder)), budget_ms=1000)
    assert suite.passed, suite.sentence()
    assert container.end() == 0


def test_its_health_check_says_whether_it_is_alive(report, start, buildah):
    container = start(report.record.image)
    container.ready()
    port = container.url.rpartition(":")[2]
    python = buildah.config_of(report.record.image)["config"]["Entrypoint"][0]

    def health(port):
        line = ("/usr/bin/env", f"MODELYARD_PORT={port}", python, "-m", "modelyard_serving.health")
        return start(report.record.image, command=line).process.wait(30)

    assert health(port) == 0
    assert container.end() == 0
    assert health(port) == 1


def test_what_it_runs_as_and_on(report, buildah):
    config = buildah.config_of(report.record.image)["config"]
    assert config["User"] == "10001:10001"
    assert config["ExposedPorts"] == {"8080/tcp": {}}
    assert config["StopSignal"] == "SIGTERM"
    labels = config["Labels"]
    assert labels["org.opencontainers.image.title"] == "tiny"
    assert labels["org.opencontainers.image.version"] == "1"
    assert labels["org.opencontainers.image.created"] == "2013-06-01T00:00:00Z"
    assert labels["org.opencontainers.image.revision"] == report.record.commit
    assert labels["modelyard.model.digest"] == report.record.digest
    assert labels["modelyard.bundle"] == report.record.bundle
    assert labels["modelyard.sbom"] == report.record.sbom
    assert labels["modelyard.lock"] == report.record.lock


def test_nothing_in_it_installs_software(root):
    found = [path for name in INSTALLERS for path in root.glob(f"**/python3*/**/{name}/__init__.py")]
    assert found == []
    assert not [
        path for name in ("usr/bin", "usr/local/bin", "opt/modelyard/bin") for path in (root / name).glob("pip*")
    ]


def test_what_it_holds_belongs_to_root_and_nobody_else_can_write_it(root):
    for top in ("opt/modelyard", "srv/modelyard"):
        for folder, _, files in os.walk(root / top):
            for state in (os.lstat(os.path.join(folder, name)) for name in (*files, ".")):  # noqa: PTH118 - thousands
                assert (state.st_uid, state.st_gid) == (0, 0)
                assert stat.S_ISLNK(state.st_mode) or not state.st_mode & (stat.S_IWGRP | stat.S_IWOTH)


def test_a_process_in_it_cannot_write_anywhere_but_to_tmp(report, start):
    script = "id -u; for f in /tmp / /srv /opt/modelyard /etc /var/tmp; do touch $f/x && echo $f; done"
    container = start(report.record.image, command=("/bin/sh", "-c", script))
    container.process.wait(30)
    said = container.log.read_text().splitlines()
    assert [line for line in said if not line.startswith("touch:")] == ["10001", "/tmp"]


def test_a_further_model_is_one_small_layer_and_costs_a_moment(building, buildah, report, make_bundle):
    _, other = make_bundle("2", name="other")
    begun = time.monotonic()
    second = building.release(other)
    seconds = time.monotonic() - begun
    layers = [buildah.config_of(one.record.image)["rootfs"]["diff_ids"] for one in (report, second)]
    shared = buildah.config_of(report.record.runtime)["rootfs"]["diff_ids"]
    assert [one[:-1] for one in layers] == [shared, shared]
    assert layers[0][-1] != layers[1][-1]
    assert sum(path.stat().st_size for path in second.context.rglob("*") if path.is_file()) < 1 << 20
    assert seconds < 20


def test_two_builds_are_the_same_image(building, buildah, report):
    runtime = building.plan()
    shared = building.builder.find(runtime.order.reference)
    assert building.builder.build(runtime.order) == shared
    again = replace(building, releases=building.releases.with_name("again"))
    buildah.say("rmi", "--force", report.record.image)
    folder = building.state.parent / "bundles" / f"{report.record.model}/1-{report.record.digest[:12]}"
    bundle = Bundle(manifest=read_bundle(folder).manifest, folder=folder, changed=False)
    assert again.release(bundle).record.image_digest == report.record.image_digest


@pytest.mark.parametrize(
    ("spoil", "reason"),
    [("a flipped byte", "digest"), ("no signature", "not signed"), ("another key", "trusted here")],
)
def test_a_container_with_a_bundle_that_was_changed_is_never_ready(
    building, report, start, tmp_path, model, spoil, reason
):
    context = tmp_path / "context"
    shutil.copytree(report.context, context)
    (folder,) = (context / "srv" / "bundles" / "tiny").iterdir()
    if spoil == "a flipped byte":
        content = bytearray((folder / "model.skops").read_bytes())
        content[len(content) // 2] ^= 1
        (folder / "model.skops").write_bytes(content)
    elif spoil == "no signature":
        (folder / "manifest.sig").unlink()
    else:
        evil = Sealing(signer=LocalSigner(tmp_path / "evil.pem"), trusted_keys=tmp_path / "evil")
        (folder / "manifest.sig").write_bytes(evil.seal((folder / "manifest.json").read_bytes()))
        shutil.copytree(tmp_path / "evil", context / "srv" / "deployments" / "trusted-keys")
    order = BuildOrder(
        context=context,
        dockerfile="Dockerfile",
        reference=f"modelyard/spoilt:{spoil.replace(' ', '-')}",
        arguments={"RUNTIME": f"localhost/{report.record.runtime}"},
    )
    container = start(building.builder.build(order).reference)
    refused = container.until(lambda: container.events("bundle_refused"))
    assert reason in refused[0]["reason"]
    assert container.api.get("/v2/health/ready").status == 503


def test_only_wheels_that_the_lock_names_are_installed(building, tmp_path):
    order = building.plan().order
    context = tmp_path / "context"
    shutil.copytree(order.context, context)
    wheel = next((context / "wheels").glob("uvicorn-*.whl"))
    with wheel.open("ab") as file:
        file.write(b"evil")
    with pytest.raises(ReleaseRefusedError, match="could not be built"):
        building.builder.build(replace(order, context=context, reference="modelyard/evil:1"))
