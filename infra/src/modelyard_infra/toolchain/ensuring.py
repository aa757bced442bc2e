"""Makes sure that there is a Pulumi CLI.

In this order: the one that MODELYARD_PULUMI names, one on PATH that is new enough, the cache, the official download,
a build from the Go module proxy.
"""

from __future__ import annotations

import os
import shutil
from dataclasses import dataclass
from pathlib import Path

from modelyard.environment.workspace import Workspace
from modelyard.errors import MissingToolError
from modelyard_infra.toolchain import build, cache, download
from modelyard_infra.toolchain.running import Say
from modelyard_infra.toolchain.versions import PINNED, is_good_enough, minimum, remembered_version, version_of

VARIABLE = "MODELYARD_PULUMI"
CLI = Path("bin/pulumi")


@dataclass(frozen=True, slots=True)
class PulumiCli:
    """A Pulumi CLI that works."""

    path: Path
    version: str
    origin: str
    """Where it comes from, for people."""

    @property
    def has_language_host(self) -> bool:
        """Whether the official Python language host is beside it."""
        return (self.path.resolve().parent / "pulumi-language-python").exists()


def ensure_pulumi(workspace: Workspace, *, say: Say) -> PulumiCli:
    """A working Pulumi CLI, installed if there is none. Also linked as `<state>/tools/pulumi/bin/pulumi`.

    Raises:
        MissingToolError: there is none, and it can be neither downloaded nor built.
    """
    cli = _named(workspace) or _on_path(workspace) or _cached(workspace) or _installed(workspace, say=say)
    _link(workspace, cli.path)
    return cli


def tools_root(workspace: Workspace) -> Path:
    """The folder with `bin/pulumi`, a link to the CLI that is used."""
    return workspace.state / "tools" / "pulumi"


def _named(workspace: Workspace) -> PulumiCli | None:
    given = os.environ.get(VARIABLE)
    if not given:
        return None
    version = remembered_version(Path(given), _memory(workspace))
    if version is None:
        raise MissingToolError(
            f"{VARIABLE} is {given}, which is no working Pulumi CLI", hint=f"correct or unset {VARIABLE}"
        )
    if not is_good_enough(version):
        raise MissingToolError(
            f"{VARIABLE} is {given}, which is Pulumi {version}; {minimum()} or a later version 3 is needed",
            hint=f"update that Pulumi, or unset {VARIABLE}",
        )
    return PulumiCli(Path(given).absolute(), version, VARIABLE)


def _on_path(workspace: Workspace) -> PulumiCli | None:
    ours = workspace.state / "bin"
    for folder in os.get_exec_path():
        found = shutil.which("pulumi", path=folder)
        # Our own wrapper is no CLI: it calls one.
        if found and Path(folder).resolve() != ours.resolve():
            version = remembered_version(Path(found), _memory(workspace))
            if version is not None and is_good_enough(version):
                return PulumiCli(Path(found).absolute(), version, "PATH")
    return None


def _cached(workspace: Workspace) -> PulumiCli | None:
    path = cache.cached_root(PINNED) / CLI
    if not path.is_file() or remembered_version(path, _memory(workspace)) != PINNED:
        return None
    return PulumiCli(path, PINNED, "cache")


def _installed(workspace: Workspace, *, say: Say) -> PulumiCli:
    root = cache.cached_root(PINNED)
    with cache.only_one(root, say=say):
        if found := _cached(workspace):
            return found
        with cache.draft_of(root) as draft:
            origin = _fill(draft, workspace.root / "tools" / "pulumi", say=say)
            if version_of(draft / CLI) != PINNED:
                raise MissingToolError(
                    f"the Pulumi CLI from the {origin} does not say that it is version {PINNED}", hint=_advice()
                )
            cache.put_in_place(draft, root)
    return PulumiCli(root / CLI, PINNED, origin)


def _fill(draft: Path, module: Path, *, say: Say) -> str:
    say(f"there is no Pulumi CLI {minimum()} or later on PATH: getting {PINNED}")
    downloaded = download.download(draft, PINNED, say=say)
    if downloaded.ok:
        return "official download"
    if not build.has_go():
        raise MissingToolError(
            f"there is no Pulumi CLI on this machine: the download failed ({downloaded.words}), and there is no Go "
            "compiler to build it with",
            hint=_advice(),
        )
    say(f"the download is not possible ({downloaded.words}); building instead")
    built = build.build(draft, PINNED, module=module, say=say)
    if not built.ok:
        raise MissingToolError(
            f"there is no Pulumi CLI on this machine: the download failed ({downloaded.words}), and so did the build "
            f"({built.words})",
            hint=_advice(),
        )
    return "Go module proxy"


def _memory(workspace: Workspace) -> Path:
    return tools_root(workspace) / "versions.json"


def _advice() -> str:
    return f"install Pulumi {minimum()} or later (https://www.pulumi.com/docs/install/), or set {VARIABLE} to one"


def _link(workspace: Workspace, target: Path) -> None:
    link = tools_root(workspace) / CLI
    if link.is_symlink() and link.readlink() == target:
        return
    link.parent.mkdir(parents=True, exist_ok=True)
    draft = link.with_name(f".pulumi-{os.getpid()}")
    draft.unlink(missing_ok=True)
    draft.symlink_to(target)
    draft.replace(link)
