"""From an entry file to its typed pipeline."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from modelyard.delivery.expanding.expansion import expand
from modelyard.delivery.expanding.files import Reader
from modelyard.delivery.expanding.typed.pipelines import read_pipeline
from modelyard.delivery.pipeline import Pipeline


def load(
    root: Path,
    file: str,
    *,
    parameters: Mapping[str, Any] | None = None,
    variables: Mapping[str, str] | None = None,
    read: Reader | None = None,
) -> Pipeline:
    """Expands an entry file and reads what comes out; the arguments are those of `expand`.

    Raises:
        InvalidPipelineError: the pipeline is not valid; the message begins with file and line.
    """
    return read_pipeline(expand(root, file, parameters=parameters, variables=variables, read=read))
