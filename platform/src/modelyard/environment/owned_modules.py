"""Python files in folders that belong to people: run as they stand, with nothing left beside them."""

from __future__ import annotations

import importlib.util
import sys
from importlib.machinery import SourceFileLoader
from pathlib import Path
from types import CodeType, ModuleType


class _Fresh(SourceFileLoader):
    """Reads a file as it stands now. Bytecode beside it could be that of an earlier text, and is not its owner's."""

    def get_code(self, fullname: str) -> CodeType:
        """The code of the file; a cache is neither read nor written."""
        path = self.get_filename(fullname)
        return self.source_to_code(self.get_data(path), path)


def run_module(file: Path, name: str) -> ModuleType:
    """The module in a file; whatever goes wrong in it is raised as it is.

    Args:
        file: Python source.
        name: what the module is called while it runs; it is not kept among the imported ones.
    """
    specification = importlib.util.spec_from_loader(name, _Fresh(name, str(file)))
    assert specification is not None, "a loader was given"
    module = importlib.util.module_from_spec(specification)
    sys.modules[name] = module
    try:
        _Fresh(name, str(file)).exec_module(module)
    finally:
        del sys.modules[name]
    return module
