"""The deployment pointer."""

from __future__ import annotations

import threading

import pytest

from modelyard_bundle import BundleError, Pointer, read_pointer, remove_pointer, replace_pointer


def pointer(version: str) -> Pointer:
    return Pointer.to("tiny", version, digest="ab" * 32)


def test_nothing_is_deployed_at_first(tmp_path):
    assert read_pointer(tmp_path / "missing", "tiny") is None


def test_reads_the_pointer_that_was_put(tmp_path):
    replace_pointer(tmp_path, pointer("1"))
    replace_pointer(tmp_path, pointer("2"))
    assert read_pointer(tmp_path, "tiny") == pointer("2")
    assert [path.name for path in tmp_path.iterdir()] == ["tiny.json"]


def test_removes_a_pointer_and_may_do_so_twice(tmp_path):
    replace_pointer(tmp_path, pointer("1"))
    remove_pointer(tmp_path, "tiny")
    remove_pointer(tmp_path, "tiny")
    assert read_pointer(tmp_path, "tiny") is None


def test_a_reader_never_sees_half_a_pointer(tmp_path):
    replace_pointer(tmp_path, pointer("0"))
    done = threading.Event()

    def write() -> None:
        for version in range(200):
            replace_pointer(tmp_path, pointer(str(version)))
        done.set()

    writer = threading.Thread(target=write)
    writer.start()
    while not done.is_set():
        assert read_pointer(tmp_path, "tiny") is not None
    writer.join()


@pytest.mark.parametrize("content", [b"", b"{", b"{}", b"x" * 20_000])
def test_refuses_a_file_that_is_no_pointer(tmp_path, content):
    (tmp_path / "tiny.json").write_bytes(content)
    with pytest.raises(BundleError):
        read_pointer(tmp_path, "tiny")


def test_refuses_the_pointer_of_another_model(tmp_path):
    replace_pointer(tmp_path, pointer("1"))
    (tmp_path / "tiny.json").rename(tmp_path / "other.json")
    with pytest.raises(BundleError, match="other"):
        read_pointer(tmp_path, "other")


@pytest.mark.parametrize("model", ["../tiny", "a/b", "", "Tiny"])
def test_a_model_name_is_not_a_path(tmp_path, model):
    with pytest.raises(BundleError):
        read_pointer(tmp_path, model)
