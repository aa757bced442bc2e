"""What the kind `modelyard:azure:LakeFolder` does for Pulumi's engine. A preview calls nothing."""

from __future__ import annotations

import os
import re
from collections.abc import Callable
from functools import cached_property

from modelyard.environment.azure_names import why_refused
from modelyard_infra.lakefolders.folders import Folders, Place
from modelyard_infra.local.kinds import Call, Difference, Found, changed_keys
from modelyard_infra.plugin.wire import UNKNOWN, Properties

SIMULATED_AZURE_VARIABLE = "MODELYARD_SIMULATED_AZURE"
"""Names the file of the simulated Azure; in a rehearsal folders are made there."""
PATH = re.compile(r"[^/\\]+(/[^/\\]+)*")
NAMES = {"account": "storage account", "fileSystem": "file system"}


def chosen_folders() -> Folders:
    """The simulated lake in a rehearsal, else the real one."""
    file = os.environ.get(SIMULATED_AZURE_VARIABLE)
    if file:
        from modelyard_infra.lakefolders.rehearsed import RehearsedFolders

        return RehearsedFolders(file)
    from modelyard_infra.lakefolders.dfs import DfsFolders
    from modelyard_infra.lakefolders.tokens import chosen_tokens

    return DfsFolders(chosen_tokens(os.environ))


class LakeFolderKind:
    """Folders in a lake. Another path is another folder, so every change replaces; nothing is ever deleted."""

    def __init__(self, choose: Callable[[], Folders] = chosen_folders) -> None:
        self._choose = choose

    @cached_property
    def _folders(self) -> Folders:
        """Chosen when they are first needed, which is never in a preview."""
        return self._choose()

    def check(self, inputs: Properties) -> list[tuple[str, str]]:
        """Names that Azure takes, and a path inside the file system. What is not known yet is fine."""
        problems = [
            (key, f"{inputs.get(key)!r} is refused; allowed: {allowed}")
            for key, kind in NAMES.items()
            if inputs.get(key) != UNKNOWN and (allowed := why_refused(kind, str(inputs.get(key) or "")))
        ]
        path = str(inputs.get("path") or "")
        if path != UNKNOWN and (not PATH.fullmatch(path) or set(path.split("/")) & {".", ".."}):
            problems.append(("path", f"{path!r} is refused; allowed: a path like a/b, without . and .."))
        return problems

    def diff(self, old_inputs: Properties, old_outputs: Properties, inputs: Properties) -> Difference:
        """Every change is a replacement."""
        del old_outputs
        changed = changed_keys(old_inputs, inputs)
        return Difference(changed, replaces=changed)

    def foresee(self, inputs: Properties, old_outputs: Properties) -> Properties:
        """All is known beforehand."""
        del old_outputs
        return dict(inputs)

    def create(self, inputs: Properties, call: Call) -> Found:
        """Make the folder; one that is there already is taken as it is."""
        place = _place(inputs)
        self._folders.make(place, call)
        return Found(place.id, inputs, dict(inputs))

    def read(self, identity: str, inputs: Properties, outputs: Properties) -> Found | None:
        """The folder, or None if it is gone. The id alone is enough, as `pulumi import` has no more."""
        del inputs, outputs
        place = Place.of(identity)
        if not self._folders.exists(place):
            return None
        properties: Properties = {"account": place.account, "fileSystem": place.file_system, "path": place.path}
        return Found(identity, properties, dict(properties))

    def update(self, inputs: Properties, old_outputs: Properties, call: Call) -> Properties:
        """Repairs nothing but a missing folder: everything else replaces."""
        del old_outputs
        return self.create(inputs, call).outputs

    def delete(self, outputs: Properties, call: Call) -> None:
        """Forgets the folder. What is in it goes when a person deletes the account, and not before."""
        del outputs, call


def _place(inputs: Properties) -> Place:
    return Place(str(inputs["account"]), str(inputs["fileSystem"]), str(inputs["path"]))
