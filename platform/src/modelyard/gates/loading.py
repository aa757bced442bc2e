"""From a contract file to a contract: read by the standard, then understood."""

from __future__ import annotations

from pathlib import Path

from modelyard.gates.contract import Contract
from modelyard.gates.interpretation import interpret
from modelyard.gates.odcs import read_document


def load_contract(path: Path) -> Contract:
    """Read and check the contract in `path`.

    Raises:
        InvalidSettingsError: the file is missing, is not YAML, or says something that is not allowed; the message
            names the file, the key, what was found and what is allowed.
    """
    return interpret(read_document(path), path)
