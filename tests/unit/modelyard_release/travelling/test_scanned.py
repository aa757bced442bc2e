"""Nothing goes anywhere that nobody looked through, where the environment has something looked for."""

from __future__ import annotations

import pytest

from modelyard.errors import ReleaseRefusedError
from modelyard.release.scanning import requiring
from modelyard.release.scanning.requiring import NOBODY, require_scans
from modelyard.release.travelling.opening import open_release
from modelyard.testing.travelling_fakes import keep_scan

REFUSED = {
    "nothing": (None, "no scan.json came along"),
    "another list of contents": ({"sbom": "0" * 64}, "of another list of contents"),
    "no scanner": ({"scanner": "none", "passed": None}, "the scanner was none"),
    "something found": ({"passed": False}, "nobody accepted"),
    "no verdict": ({"passed": None}, "nobody accepted"),
    "a word for a verdict": ({"passed": "true"}, "nobody accepted"),
    "no JSON": ("{", "cannot be read"),
    "a list": ("[]", "cannot be read"),
}


@pytest.fixture
def scanned(packed):
    """The release with a scan beside it; without one for None, or with a text instead."""

    def keep(found):
        if isinstance(found, str):
            (packed.folder / "scan.json").write_text(found)
        elif found is not None:
            keep_scan(packed.folder, **found)
        return [open_release(packed.folder, None)]

    return keep


def test_a_release_that_passed_its_scan_goes_on(scanned):
    require_scans(scanned({}), scanner="pip-audit")


@pytest.mark.parametrize("case", REFUSED)
def test_any_other_is_refused_with_the_command_that_scans_it(scanned, packed, case):
    found, why = REFUSED[case]
    with pytest.raises(ReleaseRefusedError) as refused:
        require_scans(scanned(found), scanner="pip-audit")
    assert "the release of tiny version 7" in refused.value.message
    assert why in refused.value.message
    assert f"modelyard release scan tiny --from {packed.folder}" in refused.value.hint


@pytest.mark.parametrize("case", REFUSED)
def test_where_nothing_is_looked_for_nothing_is_asked(scanned, case):
    require_scans(scanned(REFUSED[case][0]), scanner=NOBODY)


def _refuses(release):
    try:
        require_scans(release, scanner="pip-audit")
    except ReleaseRefusedError:
        return True
    return False


WEAKENED = {
    "looks for the file only": lambda release: "" if (release.folder / "scan.json").is_file() else "was not scanned",
    "looks at the verdict only": lambda release: "" if b'"passed": true' in _kept(release) else "did not pass",
    "takes whatever is no failure": lambda release: "did not pass" if b'"passed": false' in _kept(release) else "",
}


def _kept(release):
    file = release.folder / "scan.json"
    return file.read_bytes() if file.is_file() else b""


@pytest.mark.parametrize("weak", WEAKENED)
def test_a_weaker_look_lets_one_of_them_through(scanned, monkeypatch, weak):
    cases = [found for found, _ in REFUSED.values()]
    assert all(_refuses(scanned(found)) for found in cases)
    monkeypatch.setattr(requiring, "_missing", WEAKENED[weak])
    assert not all(_refuses(scanned(found)) for found in cases)
