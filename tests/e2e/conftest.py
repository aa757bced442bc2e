"""A checkout of its own, with an empty home: what a newcomer has. Downloads are shared, nothing else is."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
CACHES = {"UV_CACHE_DIR": "uv", "GOCACHE": "go-build", "GOMODCACHE": "go-mod", "XDG_CACHE_HOME": "."}
KEPT = ("PATH", "TERM", "LANG", "USER", "CI")


class Checkout:
    """A copy of this project, and commands typed in it."""

    def __init__(self, root, home, caches):
        self.root = root
        self.state = root / ".modelyard"
        self.home = home
        self._caches = caches

    def run(self, *command, expect=0, timeout=1500):
        done = subprocess.run(
            command,
            cwd=self.root,
            env=self.environment(),
            capture_output=True,
            text=True,
            timeout=timeout,
            check=False,
        )
        sys.stderr.write(done.stderr)
        assert done.returncode == expect, f"{command} ended with {done.returncode}:\n{done.stdout}\n{done.stderr}"
        return done

    def modelyard(self, *words, expect=0):
        done = self.run(str(self.root / ".venv" / "bin" / "modelyard"), *words, "--format", "json", expect=expect)
        return json.loads(done.stdout) if done.stdout.strip() else None

    def environment(self):
        kept = {name: value for name, value in os.environ.items() if name in KEPT or _reaches_registries(name)}
        return {**kept, "HOME": str(self.home), **self._caches}

    def processes(self):
        """Every process that runs out of this checkout."""
        found = []
        for folder in Path("/proc").glob("[0-9]*"):
            try:
                if str(self.root).encode() in (folder / "cmdline").read_bytes():
                    found.append(int(folder.name))
            except OSError:
                continue
        return found


def _commit(root):
    """What a clone would have: trainings name the commit, and are made again from it."""
    ada = ["-c", "user.name=Ada", "-c", "user.email=ada@example.org"]
    for words in (["init", "-q"], ["add", "--all"], [*ada, "commit", "-q", "--no-verify", "-m", "as it is"]):
        subprocess.run(["git", "-C", str(root), *words], check=True)


def _reaches_registries(name):
    return any(word in name.upper() for word in ("PROXY", "INDEX", "SSL_", "CA_BUNDLE", "GOSUMDB", "PIP_", "UV_"))


@pytest.fixture(scope="session")
def checkout(tmp_path_factory):
    place = tmp_path_factory.mktemp("newcomer")
    root, home = place / "modelyard", place / "home"
    home.mkdir()
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    for name in filter(None, listed.split("\0")):
        if (ROOT / name).is_file():
            (root / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, root / name)
    _commit(root)
    cache = Path(os.environ.get("XDG_CACHE_HOME", Path.home() / ".cache"))
    caches = {name: os.environ.get(name, str(cache / folder)) for name, folder in CACHES.items()}
    found = Checkout(root, home, caches)
    yield found
    subprocess.run(["make", "down"], cwd=root, env=found.environment(), capture_output=True, check=False)
