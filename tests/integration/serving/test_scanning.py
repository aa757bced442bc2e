"""A release is looked through by the real pip-audit, which asks a stand-in for the service on this machine."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from modelyard.environment.loading import load_environment
from modelyard.environment.workspace import Workspace
from modelyard.errors import InvalidBundleError, MissingToolError, ServiceUnavailableError, exit_code_of
from modelyard.release.trusting import trust_keys
from modelyard.testing.osv_fakes import FakeOsv, Known
from modelyard.testing.platforms import bare_platform
from modelyard.testing.travelling_fakes import BuildPlace
from modelyard_pipelines.release.scanning import scan_from

REPOSITORY = Path(__file__).resolve().parents[3]
BAD = Known(id="GHSA-aaaa-bbbb-cccc", aliases=("CVE-2024-1",), fixed_in="1.26.19")


@pytest.fixture
def root(tmp_path):
    """A project with this checkout's tools."""
    root = tmp_path / "project"
    shutil.copytree(REPOSITORY / "environments", root / "environments")
    (root / "tools").symlink_to(REPOSITORY / "tools")
    return root


@pytest.fixture
def rewrite(root):
    """Changes what local.yaml says of releases."""
    local = root / "environments" / "local.yaml"

    def changed(old, new):
        content = local.read_text()
        assert old in content
        local.write_text(content.replace(old, new))

    changed("scanner: none", "scanner: pip-audit")
    return changed


@pytest.fixture
def folder(root, train, tmp_path):
    """A release that was built elsewhere, by a key that is trusted here."""
    place = BuildPlace(home=tmp_path / "dev")
    place.pack(train(), "1", out=tmp_path / "release")
    workspace = Workspace(root=root, state=tmp_path / "state")
    trust_keys(place.home / "trusted", load_environment(workspace, "local"), workspace)
    return tmp_path / "release"


@pytest.fixture
def scan(root, folder, tmp_path):
    def done(service):
        (found,) = scan_from(bare_platform(root, tmp_path / "state"), folder, None, service=service)
        return found

    return done


def kept(folder):
    file = folder / "tiny" / "scan.json"
    return json.loads(file.read_bytes()) if file.exists() else None


def test_where_nothing_looks_it_says_so_and_is_no_pass(scan, folder):
    done = scan("http://127.0.0.1:9")
    assert (done.passed, done.scanner, kept(folder)["passed"]) == (None, "none", None)


def test_what_is_known_stops_the_release_with_package_version_id_and_fix(scan, rewrite, folder):
    with FakeOsv({"urllib3": [BAD]}) as osv:
        done = scan(osv.url)
    asked = {(query["package"]["name"], query["version"]) for query in osv.queries}
    assert asked == {("numpy", "2.0.0"), ("urllib3", "1.26.0")}
    assert done.passed is False
    (finding,) = done.against
    assert finding.sentence == "urllib3 1.26.0 has CVE-2024-1, fixed in 1.26.19"
    document = kept(folder)
    assert (document["passed"], document["packages"]) == (False, 2)
    assert document["findings"][0]["aliases"] == ["GHSA-aaaa-bbbb-cccc"]
    assert document["left_out"] == ["base 1", "modelyard-serving 0.1.0"]


@pytest.mark.parametrize(("until", "passed"), [("2999-12-31", True), ("2013-06-01", False)])
def test_what_is_accepted_does_not_until_its_last_day(scan, rewrite, until, passed):
    accepted = f"{{id: {BAD.id}, reason: nothing here opens a connection with it, until: {until}}}"
    rewrite("  scanner: pip-audit", f"  accepted_vulnerabilities: [{accepted}]\n  scanner: pip-audit")
    with FakeOsv({"urllib3": [BAD]}) as osv:
        done = scan(osv.url)
    assert done.passed is passed
    assert len(done.findings) == 1


def test_where_nothing_is_known_it_passes(scan, rewrite, folder):
    with FakeOsv() as osv:
        assert scan(osv.url).passed
    assert kept(folder)["findings"] == []


def test_a_service_in_trouble_is_never_green_and_leaves_no_older_result(scan, rewrite, folder):
    with FakeOsv() as osv:
        assert scan(osv.url).passed
        osv.status = 503
        with pytest.raises(ServiceUnavailableError, match="cannot be asked for known vulnerabilities") as refused:
            scan(osv.url)
    assert exit_code_of(refused.value) == 75
    assert kept(folder) is None
    with pytest.raises(ServiceUnavailableError):
        scan("http://127.0.0.1:9/v1/query")


def test_a_list_of_contents_that_was_changed_is_not_what_is_looked_through(scan, rewrite, folder):
    file = folder / "tiny" / "sbom.cdx.json"
    file.write_bytes(file.read_bytes().replace(b"urllib3", b"urllib4"))
    with FakeOsv({"urllib3": [BAD]}) as osv, pytest.raises(InvalidBundleError, match=r"sbom\.cdx\.json"):
        scan(osv.url)


def test_without_the_scanner_it_says_how_to_install_it(scan, rewrite, root):
    (root / "tools").unlink()
    with pytest.raises(MissingToolError) as refused:
        scan("http://127.0.0.1:9")
    assert refused.value.hint == "uv sync --project tools/pip-audit --locked"
