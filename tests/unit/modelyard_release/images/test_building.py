"""From a bundle to an image and its papers."""

from __future__ import annotations

import json
import stat
from dataclasses import replace

import pytest

from modelyard.errors import ReleaseRefusedError
from modelyard.release.images.papers import IMAGE, SBOM, SIGNED_PROVENANCE, read_papers
from modelyard.release.images.provenance import read_provenance
from modelyard.release.images.runtimes import JOBS
from modelyard_bundle import BundleError, read_pointer, sha256_of, verify_bundle


def content_of(folder):
    return {path.relative_to(folder).as_posix(): path for path in folder.rglob("*") if path.is_file()}


def test_the_shared_image_holds_no_model_and_the_models_own_nothing_else(building, bundle, builder):
    report = building.release(bundle)
    shared, thin = builder.orders
    assert report.built
    assert set(content_of(shared.context)) == {
        "Dockerfile",
        "requirements.txt",
        "own.txt",
        "trusted-keys/README",
        *(f"trusted-keys/{path.name}" for path in building.sealing.trusted_keys.iterdir()),
        *(f"wheels/{name}-1.0.0-py3-none-any.whl" for name in ("numbers", "model_api")),
        *(f"own/modelyard_{name}-1.0.0-py3-none-any.whl" for name in ("bundle", "serving", "steps")),
    }
    path = bundle.pointer.bundle
    assert set(content_of(thin.context)) == {
        "Dockerfile",
        "srv/deployments/tiny.json",
        *(f"srv/bundles/{path}/{file.name}" for file in bundle.folder.iterdir()),
    }
    verify_bundle(thin.context / "srv" / "bundles" / path)
    assert read_pointer(thin.context / "srv" / "deployments", "tiny") == bundle.pointer
    assert thin.arguments["RUNTIME"] == f"registry.example/{shared.reference}"


def test_the_shared_image_is_built_once_for_many_models(building, bundle, builder, model, sealing, tmp_path):
    from modelyard.release.bundling import Bundle
    from modelyard_bundle import write_bundle

    building.release(bundle)
    for version in ("8", "9"):
        manifest = model.manifest(version)
        seal = sealing.seal(manifest.to_json())
        folder = write_bundle(tmp_path / "bundles", manifest, files=model.files, seal=seal)
        building.release(Bundle(manifest=manifest, folder=folder, changed=True))
    assert len([order for order in builder.orders if "model-api" in order.reference]) == 1
    assert len({order.arguments["RUNTIME"] for order in builder.orders if "tiny" in order.reference}) == 1


def test_nothing_private_goes_into_an_image(building, bundle, builder):
    building.release(bundle)
    for order in builder.orders:
        for path in content_of(order.context).values():
            assert b"PRIVATE KEY" not in path.read_bytes()


def test_a_second_run_changes_nothing(building, bundle, builder):
    first = building.release(bundle)
    before = {path: path.read_bytes() for path in first.papers.iterdir()}
    again = building.release(bundle)
    assert not again.built
    assert again.record == first.record
    assert len(builder.orders) == 2
    assert {path: path.read_bytes() for path in first.papers.iterdir()} == before


def test_two_runs_that_know_nothing_of_each_other_give_the_same(building, bundle, builder, tmp_path):
    first = building.release(bundle)
    builder.images.clear()
    other = replace(building, state=tmp_path / "other", releases=tmp_path / "others")
    second = other.release(bundle)
    assert second.record == first.record
    for name in (IMAGE, SBOM, SIGNED_PROVENANCE):
        assert (second.papers / name).read_bytes() == (first.papers / name).read_bytes()


@pytest.mark.parametrize("change", ["a wheel", "our own code", "the base", "a key", "the Dockerfile", "no signing"])
def test_whatever_goes_into_the_shared_image_is_in_its_name(building, programs, root, change, tmp_path):
    before = building.plan().digest
    if change == "a wheel":
        programs.uv("numbers")
    elif change == "our own code":
        script = (
            (programs.folder / "uv").read_text().replace('wheel(after("--package")', 'wheel("x" + after("--package")')
        )
        (programs.folder / "uv").write_text(script)
    elif change == "the base":
        building = replace(building, base="docker.io/library/python:3.11-slim-trixie")
    elif change == "a key":
        building.sealing.trusted_keys.mkdir(exist_ok=True)
        (building.sealing.trusted_keys / ("a" * 64 + ".pem")).write_text("a key")
    elif change == "the Dockerfile":
        (root / "ml/serving/Dockerfile").write_text("FROM scratch\n")
    else:
        building = replace(building, sealing=None)
    assert building.plan().digest != before


def test_only_where_bundles_are_not_signed_does_the_image_trust_unsigned_ones(building):
    assert "TRUSTED_KEYS" not in building.plan().order.arguments
    assert replace(building, sealing=None).plan().order.arguments["TRUSTED_KEYS"] == ""


def test_files_that_images_are_built_from_have_the_same_rights_and_times_everywhere(building, bundle, builder):
    building.release(bundle)
    thin = builder.orders[-1]
    found = list(thin.context.rglob("*"))
    assert {stat.S_IMODE(path.stat().st_mode) for path in found if path.is_file()} == {0o644}
    assert {stat.S_IMODE(path.stat().st_mode) for path in found if path.is_dir()} == {0o755}
    assert {int(path.stat().st_mtime) for path in found} == {thin.epoch}


def test_without_a_builder_everything_but_the_image_is_made(building, bundle):
    report = replace(building, builder=None).release(bundle)
    assert not report.built
    assert report.record.image is None
    assert report.record.builder == "none"
    assert {path.name for path in report.papers.iterdir()} == {IMAGE, SBOM, SIGNED_PROVENANCE}
    assert (report.context / "Dockerfile").is_file()
    assert (report.runtime_context / "wheels").is_dir()


def test_once_there_is_a_builder_the_image_follows(building, bundle, builder):
    replace(building, builder=None).release(bundle)
    report = building.release(bundle)
    assert report.built
    assert (
        report.record.image
        == f"registry.example/modelyard/tiny:7-{bundle.manifest.digest[:12]}-" + (report.record.runtime_digest[:12])
    )


def test_a_builder_that_is_gone_for_a_while_does_not_make_an_image_unknown(building, bundle):
    first = building.release(bundle)
    assert replace(building, builder=None).release(bundle).record == first.record


def test_an_image_that_is_gone_or_another_one_is_built_again(building, bundle, builder):
    record = building.release(bundle).record
    builder.images.pop(record.image)
    assert building.release(bundle).built
    builder.images[record.image] = replace(builder.images[record.image], digest="sha256:" + "0" * 64)
    assert building.release(bundle).built


@pytest.mark.parametrize("name", [IMAGE, SBOM, SIGNED_PROVENANCE])
@pytest.mark.parametrize("damage", ["removed", "changed"])
def test_papers_that_are_damaged_are_written_again(building, bundle, name, damage):
    first = building.release(bundle)
    before = (first.papers / name).read_bytes()
    if damage == "removed":
        (first.papers / name).unlink()
    else:
        (first.papers / name).write_bytes(b"{}")
    assert read_papers(first.papers) is None
    building.release(bundle)
    assert (first.papers / name).read_bytes() == before


def test_a_build_that_fails_leaves_no_papers(building, bundle, root):
    (root / "ml/serving/model.Dockerfile").write_text("FROM scratch\n")

    class Failing(type(building.builder)):
        def build(self, order):
            if "tiny" in order.reference:
                raise ReleaseRefusedError("no space left")
            return super().build(order)

    with pytest.raises(ReleaseRefusedError):
        replace(building, builder=Failing()).release(bundle)
    assert not building.releases.exists()


def test_the_provenance_names_what_was_built_from_what_and_is_signed(building, bundle, root):
    report = building.release(bundle)
    statement = read_provenance(report.papers / SIGNED_PROVENANCE, building.sealing.trusted_keys)
    assert statement["_type"] == "https://in-toto.io/Statement/v1"
    assert statement["predicateType"] == "https://slsa.dev/provenance/v1"
    subjects = {subject["name"]: subject["digest"]["sha256"] for subject in statement["subject"]}
    assert subjects == {
        "manifest.json": sha256_of((bundle.folder / "manifest.json").read_bytes()),
        "sbom.cdx.json": sha256_of((report.papers / SBOM).read_bytes()),
        report.record.image: report.record.image_digest.removeprefix("sha256:"),
    }
    definition = statement["predicate"]["buildDefinition"]
    assert definition["externalParameters"] == {
        "model": "tiny",
        "version": "7",
        "environment": "local",
        "base": building.base,
    }
    dependencies = {one["name"]: one for one in definition["resolvedDependencies"]}
    assert dependencies["uv.lock"]["digest"]["sha256"] == sha256_of((root / "uv.lock").read_bytes())
    assert dependencies["bundle"]["digest"]["sha256"] == report.record.bundle
    assert dependencies["checkout"]["annotations"] == {"commit": "unknown"}
    assert statement["predicate"]["runDetails"]["builder"]["id"] == "modelyard/fake"


def test_a_pinned_base_is_in_the_provenance_with_its_digest(building, bundle):
    pinned = replace(building, base=f"docker.io/library/python:3.11-slim-bookworm@sha256:{'b' * 64}")
    report = pinned.release(bundle)
    statement = read_provenance(report.papers / SIGNED_PROVENANCE, building.sealing.trusted_keys)
    base = statement["predicate"]["buildDefinition"]["resolvedDependencies"][-1]
    assert base == {
        "name": "base",
        "uri": "docker://docker.io/library/python:3.11-slim-bookworm",
        "digest": {"sha256": "b" * 64},
    }
    assert report.record.base_digest == f"sha256:{'b' * 64}"


def test_a_provenance_that_was_changed_is_not_believed(building, bundle):
    report = building.release(bundle)
    file = report.papers / SIGNED_PROVENANCE
    file.write_bytes(file.read_bytes().replace(b'"payload": "ew', b'"payload": "eg'))
    with pytest.raises(BundleError):
        read_provenance(file, building.sealing.trusted_keys)


def test_a_seal_does_not_pass_for_a_provenance(building, bundle):
    building.sealing.seal(b"{}")
    with pytest.raises(BundleError, match="needed is application/vnd"):
        read_provenance(bundle.folder / "manifest.sig", building.sealing.trusted_keys)


def test_where_nobody_signs_the_provenance_is_bare(building, bundle):
    report = replace(building, sealing=None).release(bundle)
    assert json.loads((report.papers / "provenance.json").read_bytes())["predicateType"].startswith("https://slsa.dev")
    assert not (report.papers / SIGNED_PROVENANCE).exists()


def test_the_image_of_the_jobs_holds_the_project_and_no_cache_of_it(building, root):
    for name in ("environments/base.yaml", "ml/models/tiny/model.py", "ml/models/tiny/__pycache__/x.pyc"):
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text("x")
    plan = building.plan(JOBS)
    project = {name for name in content_of(plan.order.context) if name.startswith("project/")}
    assert project == {"project/environments/base.yaml", "project/ml/models/tiny/model.py"}
