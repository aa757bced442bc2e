"""Cache@2: a folder kept between runs under a key, which holds the digests of the files that it names."""

from __future__ import annotations

import hashlib
import shutil
from pathlib import Path

from modelyard.delivery.rehearsing.agents import CacheWish
from modelyard.delivery.rehearsing.checkouts import KEPT
from modelyard.delivery.rehearsing.patterns import matching
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
    if kept.is_dir():
        shutil.rmtree(folder, ignore_errors=True)
        shutil.copytree(kept, folder, symlinks=True)
        work.say(f"restored {folder}")
        return _hit(work, "true")
    work.agent.at_end.append(CacheWish(folder, kept))
    work.say(f"nothing is kept for this key yet; {folder} will be")
    return _hit(work, "false")


def keep(wish: CacheWish) -> None:
    """Keeps a folder, as a whole or not at all."""
    if not wish.source.is_dir() or wish.target.exists():
        return
    torn = wish.target.with_name(f".{wish.target.name}")
    shutil.rmtree(torn, ignore_errors=True)
    shutil.copytree(wish.source, torn, symlinks=True)
    torn.replace(wish.target)


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
