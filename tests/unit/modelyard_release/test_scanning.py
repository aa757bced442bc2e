"""What is asked about, what stops a release, and what a scanner's silence is worth."""

from __future__ import annotations

import json
from datetime import date

import pytest

from modelyard.environment.release_settings import AcceptedVulnerability
from modelyard.errors import ExternalServiceError, InvalidBundleError, ServiceUnavailableError
from modelyard.release.programs import Said
from modelyard.release.scanning import auditing
from modelyard.release.scanning.auditing import Vulnerability
from modelyard.release.scanning.contents import Package, packages_in
from modelyard.release.scanning.judging import judge

TODAY = date(2026, 11, 22)
FOUND = Vulnerability(Package("urllib3", "1.26.0"), "CVE-2024-1", ("GHSA-aaaa-bbbb-cccc",), ("1.26.19", "2.2.2"))
UNFIXED = Vulnerability(Package("numpy", "2.0.0"), "PYSEC-2024-9", (), ())


def sbom(*components, **changes):
    return json.dumps({"bomFormat": "CycloneDX", "components": list(components), **changes}).encode()


def accepted(name, until="2026-12-31"):
    return AcceptedVulnerability(id=name, reason="the part that has it is never called", until=until)


NUMPY = {"type": "library", "name": "numpy", "version": "2.0.0", "purl": "pkg:pypi/numpy@2.0.0"}
OWN = {"type": "library", "name": "modelyard-serving", "version": "0.1.0"}


class TestContents:
    def test_packages_of_the_index_are_asked_about_and_the_rest_is_named(self):
        found = packages_in(sbom(OWN, NUMPY, {"type": "container", "name": "base", "version": "1"}))
        assert found.packages == (Package("numpy", "2.0.0"),)
        assert found.left_out == ("modelyard-serving 0.1.0", "base 1")

    @pytest.mark.parametrize(
        "content",
        [
            b"{",
            b"[]",
            sbom(OWN),
            sbom(),
            sbom(NUMPY, bomFormat="SPDX"),
            sbom(NUMPY, components=None),
            sbom({**NUMPY, "purl": "pkg:pypi/numpy"}),
        ],
    )
    def test_refuses_what_lists_nothing_that_could_be_asked_about(self, content):
        with pytest.raises(InvalidBundleError, match="cannot be scanned"):
            packages_in(content)


class TestJudging:
    def test_whatever_nobody_accepted_stops_a_release(self):
        (first, second) = judge([FOUND, UNFIXED], [], today=TODAY)
        assert (first.accepted, second.accepted) == (None, None)
        assert first.sentence == "numpy 2.0.0 has PYSEC-2024-9, not fixed in any version yet"
        assert second.sentence == "urllib3 1.26.0 has CVE-2024-1, fixed in 1.26.19, 2.2.2"

    @pytest.mark.parametrize("name", ["CVE-2024-1", "GHSA-aaaa-bbbb-cccc"])
    def test_one_is_accepted_by_any_of_its_names_through_its_last_day(self, name):
        (found,) = judge([FOUND], [accepted(name, TODAY.isoformat())], today=TODAY)
        assert found.accepted.id == name
        assert found.to_document()["accepted"]["until"] == "2026-11-22"

    def test_a_day_later_it_stops_the_release_and_says_why(self):
        (found,) = judge([FOUND], [accepted("CVE-2024-1", "2026-11-21")], today=TODAY)
        assert found.accepted is None
        assert found.sentence.endswith("; it was accepted until 2026-11-21")

    def test_accepting_one_accepts_no_other(self):
        first, second = judge([FOUND, UNFIXED], [accepted("CVE-2024-1")], today=TODAY)
        assert (first.vulnerability, first.accepted) == (UNFIXED, None)
        assert second.accepted is not None


def dependency(name="numpy", version="2.0.0", **more):
    return {"name": name, "version": version, "vulns": [], **more}


def said(*dependencies, code=0, error=""):
    return Said(code, json.dumps({"dependencies": list(dependencies), "fixes": []}), error)


class TestReading:
    ASKED = (Package("numpy", "2.0.0"), Package("Ruamel.yaml_x", "1"))

    def read(self, answer):
        return auditing._read(answer, self.ASKED, "http://osv")

    def test_names_are_compared_as_the_index_compares_them(self):
        assert self.read(said(dependency(), dependency("ruamel-yaml-x", "1"))) == ()

    def test_a_package_that_was_skipped_is_not_taken_for_a_clean_one(self):
        """The program ends with 0 there and says that nothing was found."""
        skipped = {"name": "ruamel-yaml-x", "skip_reason": "not found"}
        with pytest.raises(ExternalServiceError, match="did not look at 1 of 2 packages: ruamel"):
            self.read(said(dependency(), skipped))

    def test_the_weakened_reading_takes_it_for_clean(self, monkeypatch):
        monkeypatch.setattr(auditing, "_normal", lambda package: None)
        assert self.read(said(dependency())) == ()

    @pytest.mark.parametrize(
        "error", ["requests.exceptions.ConnectionError: refused", "pip_audit._service.interface.ServiceError"]
    )
    def test_a_service_that_does_not_answer_may_be_asked_again(self, error):
        with pytest.raises(ServiceUnavailableError, match="http://osv cannot be asked"):
            self.read(Said(1, "", error))

    def test_a_program_that_breaks_is_no_good_scan(self):
        with pytest.raises(ExternalServiceError, match="pip-audit broke") as broken:
            self.read(Said(1, "", "Traceback\nKeyError: 'x'"))
        assert not isinstance(broken.value, ServiceUnavailableError)
