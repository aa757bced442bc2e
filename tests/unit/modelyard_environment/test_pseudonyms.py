import stat
from concurrent.futures import ThreadPoolExecutor

from modelyard.environment.pseudonyms import KEY_VARIABLE, pseudonym_key


def test_a_key_is_drawn_once_and_kept_for_its_owner_alone(tmp_path, monkeypatch):
    monkeypatch.delenv(KEY_VARIABLE, raising=False)
    first = pseudonym_key(tmp_path)
    assert len(first) == 64
    assert pseudonym_key(tmp_path) == first
    (only,) = tmp_path.iterdir()
    assert stat.S_IMODE(only.stat().st_mode) == 0o600


def test_two_environments_have_two_keys(tmp_path, monkeypatch):
    monkeypatch.delenv(KEY_VARIABLE, raising=False)
    folders = [tmp_path / "one", tmp_path / "two"]
    for folder in folders:
        folder.mkdir()
    assert len({pseudonym_key(folder) for folder in folders}) == 2


def test_processes_that_start_together_agree_on_one_key(tmp_path, monkeypatch):
    monkeypatch.delenv(KEY_VARIABLE, raising=False)
    with ThreadPoolExecutor(8) as pool:
        assert len(set(pool.map(lambda _: pseudonym_key(tmp_path), range(8)))) == 1


def test_a_key_from_the_surroundings_is_used_and_never_written_down(tmp_path, monkeypatch):
    monkeypatch.setenv(KEY_VARIABLE, "from the vault")
    assert pseudonym_key(tmp_path) == "from the vault"
    assert list(tmp_path.iterdir()) == []
