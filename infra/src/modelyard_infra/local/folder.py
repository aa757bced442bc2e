"""`modelyard:local:Folder`: a folder that must exist. Deleting the resource keeps the folder: it holds data."""

from __future__ import annotations

from pathlib import Path

from modelyard_infra.local.kinds import Call, Difference, Found, LocalResourceError, changed_keys
from modelyard_infra.plugin.wire import Properties


class FolderKind:
    """Folders. Another path is another folder, so a changed path replaces."""

    def check(self, inputs: Properties) -> list[tuple[str, str]]:
        """The path must be absolute."""
        path = str(inputs.get("path", ""))
        return [] if Path(path).is_absolute() else [("path", f"must be an absolute path, found {path!r}")]

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
        """Makes the folder and those above it; one that is there already is taken as it is."""
        del call
        path = Path(inputs["path"])
        try:
            path.mkdir(parents=True, exist_ok=True)
        except FileExistsError as error:
            raise LocalResourceError(
                f"cannot make the folder {path}: a file is in its place; move it away and run again"
            ) from error
        except OSError as error:
            raise LocalResourceError(f"cannot make the folder {path}: {error.strerror}") from error
        return Found(str(path), inputs, dict(inputs))

    def read(self, identity: str, inputs: Properties, outputs: Properties) -> Found | None:
        """The folder, or None if it was removed."""
        del inputs, outputs
        properties: Properties = {"path": identity}
        return Found(identity, properties, dict(properties)) if Path(identity).is_dir() else None

    def update(self, inputs: Properties, old_outputs: Properties, call: Call) -> Properties:
        """Repairs nothing but a missing folder: everything else replaces."""
        del old_outputs
        return self.create(inputs, call).outputs

    def delete(self, outputs: Properties, call: Call) -> None:
        """Keeps the folder: `modelyard infra down --with-data` is what removes data."""
        del outputs, call
