"""What goes into an image is what the lock names, fetched once."""

from __future__ import annotations

import pytest

from modelyard.errors import MissingToolError, ServiceUnavailableError, ServingError
from modelyard.release.images.lock import read_lock, written
from modelyard.release.images.locked import Locked, digests_in

EXPORTED = """\
numpy==2.4.6 ; python_full_version < '3.12' \\
    --hash=sha256:{a} \\
    --hash=sha256:{b}
numpy==2.5.5 ; python_full_version >= '3.12' \\
    --hash=sha256:{c}
Typing_Extensions==4.16.0 \\
    --hash=sha256:{d}
"""


@pytest.fixture
def locked(programs, root, tmp_path):
    return Locked(root, tmp_path / "state")


def commands(programs, word):
    return [words for words in programs.asked if words[:2] == ["uv", word]]


def test_the_wheels_are_those_of_the_lock_and_of_the_checkout(locked):
    wheels = locked.wheels(["modelyard-serving"])
    assert [(wheel.name, wheel.version) for wheel in wheels.locked] == [("model-api", "1.0.0"), ("numbers", "1.0.0")]
    assert [wheel.name for wheel in wheels.own] == ["modelyard-serving"]
    own = wheels.own[0]
    assert wheels.own_requirements == f"modelyard-serving==1.0.0 --hash=sha256:{own.sha256}\n"


def test_the_second_time_nothing_is_fetched(locked, programs):
    first = locked.wheels(["modelyard-serving"])
    assert locked.wheels(["modelyard-serving"]) == first
    assert len(commands(programs, "run")) == 1


def test_a_new_lock_is_fetched_anew(locked, programs):
    locked.wheels(["modelyard-serving"])
    programs.uv("numbers")
    assert [wheel.name for wheel in locked.wheels(["modelyard-serving"]).locked] == ["numbers"]
    assert len(commands(programs, "run")) == 2


def test_only_wheels_with_digests_are_asked_for_and_nothing_is_resolved(locked, programs):
    locked.wheels(["modelyard-serving", "modelyard-bundle"], extras=["onnx"])
    export, *_ = commands(programs, "export")
    assert "--frozen" in export
    assert [export[i + 1] for i, word in enumerate(export) if word == "--package"] == [
        "modelyard-serving",
        "modelyard-bundle",
    ]
    assert export[export.index("--extra") + 1] == "onnx"
    download, *_ = commands(programs, "run")
    for words in (["--require-hashes"], ["--no-deps"], ["--only-binary", ":all:"], ["--python-version", "3.11"]):
        place = download.index(words[0])
        assert download[place : place + len(words)] == words
    assert all("x86_64" in download[i + 1] for i, word in enumerate(download) if word == "--platform")


def test_a_wheel_in_the_cache_that_was_changed_is_refused(locked):
    wheel = locked.wheels(["modelyard-serving"]).locked[0]
    wheel.file.write_text("evil")
    with pytest.raises(ServingError, match="is not what") as refused:
        locked.wheels(["modelyard-serving"])
    assert str(wheel.file.parent) in refused.value.hint


def test_a_wheel_that_was_put_into_the_cache_is_refused(locked):
    wheel = locked.wheels(["modelyard-serving"]).locked[0]
    (wheel.file.parent / "evil-1.0-py3-none-any.whl").write_text("evil")
    with pytest.raises(ServingError, match=r"evil-1\.0"):
        locked.wheels(["modelyard-serving"])


def test_says_that_the_index_does_not_answer(locked, programs, tmp_path):
    class Unreachable:
        """uv exports, and pip fails."""

    script = (
        (programs.folder / "uv").read_text().replace("for name in locked:\n        wheel(", "sys.exit('no route'); (")
    )
    (programs.folder / "uv").write_text(script)
    with pytest.raises(ServiceUnavailableError, match="no route") as refused:
        locked.wheels(["modelyard-serving"])
    assert "--no-image" in refused.value.hint
    assert not list((tmp_path / "state" / "cache" / "wheels").iterdir())


def test_says_that_the_lock_cannot_be_read(locked, programs):
    programs.broken("uv", says="error: Unable to find lockfile at `uv.lock`")
    with pytest.raises(ServingError, match="Unable to find lockfile"):
        locked.wheels(["modelyard-serving"])


def test_says_that_there_is_no_uv(root, tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr("sys.executable", str(tmp_path / "python"))
    with pytest.raises(MissingToolError, match="uv is not on this machine"):
        Locked(root, tmp_path / "state").wheels(["modelyard-serving"])


def test_uses_the_uv_that_the_set_up_installed(root, tmp_path, monkeypatch, programs):
    monkeypatch.setenv("PATH", "/usr/bin:/bin")
    monkeypatch.setattr("sys.executable", str(tmp_path / "python"))
    home = tmp_path / "state" / "tools" / "uv-0.13.8" / "bin"
    home.mkdir(parents=True)
    for name in ("uv", "locked.json"):
        (programs.folder / name).rename(home / name)
    assert Locked(root, tmp_path / "state").wheels(["modelyard-serving"]).locked


def test_knows_every_digest_of_every_version():
    a, b, c, d = (letter * 64 for letter in "abcd")
    found = digests_in(EXPORTED.format(a=a, b=b, c=c, d=d))
    assert found == {"numpy": {a, b, c}, "typing-extensions": {d}}


def test_the_time_of_an_image_is_that_of_the_newest_file_in_it(locked, root):
    lock = read_lock(root)
    assert written(lock.epoch(locked.wheels(["modelyard-serving"]).locked)) == "2026-03-02T00:00:00Z"
    assert lock.epoch([]) == 0


def test_says_that_there_is_no_lock(tmp_path):
    with pytest.raises(ServingError, match=r"no uv\.lock"):
        read_lock(tmp_path)
