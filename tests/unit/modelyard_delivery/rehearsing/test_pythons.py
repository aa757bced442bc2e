import pytest

from modelyard.delivery.rehearsing.tasks.pythons import suits


@pytest.mark.parametrize(
    "wanted", ["3.11", "3.x", "3", "3.11.x", "3.11.4", ">=3.10", ">=3.11 <3.14", ">=3.11,<3.12", "3.*"]
)
def test_a_version_suits_what_asks_for_it(wanted):
    assert suits((3, 11, 4), wanted)


@pytest.mark.parametrize(
    "wanted", ["3.1", "3.12", "2.x", "3.11.5", ">3.11", "<3.11", ">=3.12", "<=3.10", "pypy3.9", ""]
)
def test_other_versions_do_not(wanted):
    assert not suits((3, 11, 4), wanted)
