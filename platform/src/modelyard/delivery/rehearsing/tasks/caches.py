"""Cache@2: a folder kept between runs under a key, which holds the digests of the files that it names."""

from __future__ import annotations

import hashlib
import shutil
from pathlib import Path

from modelyard.delivery.rehearsing.agent.agents import CacheWish
from modelyard.delivery.rehearsing.agent.checkouts import KEPT
from modelyard.delivery.rehearsing.agent.patterns import matching
from modelyard.delivery.rehearsing.work import DONE, Outcome, Work


def cache(work: Work) -> Outcome:
    """Restores a folder; when the job has succeeded, it is kept for the next one with this key."""
    folder = work.path(work.input("path"))
    sources, home = work.agent.folders.sources, work.rehearsal.folder.path
    if folder in [sources / kept for kept in KEPT] or home not in folder.parents:
        # Tools stay in the checkout, and what lies outside is the developer's own cache: neither is copied.
        work.say(f"{folder} is kept here")
        return _hit(work, "true" if folder.exists() else "false")
    kept = work.rehearsal.runs.caches / key_of(work.input("key"), sources)
    restored = _moved(kept, folder)
    work.agent.at_end.append(CacheWish(folder, kept, restored=restored))
    work.say(f"restored {folder}" if restored else f"nothing is kept for this key; {folder} will be")
    return _hit(work, "true" if restored else "false")


def keep(wish: CacheWish, *, succeeded: bool) -> None:
    """Keeps a folder when its job ends: what was restored in any case, what is new only if the job succeeded."""
    if succeeded or wish.restored:
        _moved(wish.source, wish.target)


def _moved(source: Path, target: Path) -> bool:
    """Moves a folder as a whole, which costs nothing; False if it is not there, or another run has it."""
    if not source.is_dir():
        return False
    target.parent.mkdir(parents=True, exist_ok=True)
    shutil.rmtree(target, ignore_errors=True)
    try:
        source.rename(target)
    except FileNotFoundError:
        return False
    return True


def key_of(text: str, sources: Path) -> str:
    """A digest of a key: parts between `|` are texts in quotes, or files whose contents count."""
    digest = hashlib.sha256()
    for part in (part.strip() for part in text.split("|")):
        found = [] if part.startswith('"') else matching(sources, part.replace(",", "\n"))
        digest.update(f"{part}\0".encode())
        for file in found:
            digest.update(hashlib.sha256(file.read_bytes()).digest())
    return digest.hexdigest()


def _hit(work: Work, value: str) -> Outcome:
    variable = work.input("cacheHitVar")
    if variable:
        work.agent.variables.set(variable, value)
    return DONE
