"""One way to speak with an MLflow server: quiet, without telemetry, and with errors of our own."""

from __future__ import annotations

import logging
import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from modelyard.errors import ExternalServiceError, ServiceUnavailableError

if TYPE_CHECKING:
    from mlflow import MlflowClient

_SURROUNDINGS = {
    "MLFLOW_DISABLE_TELEMETRY": "true",
    "DO_NOT_TRACK": "true",
    "MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR": "false",
    # A server that restarts is back within seconds; the default waits for minutes before it says a word.
    "MLFLOW_HTTP_REQUEST_MAX_RETRIES": "3",
    "MLFLOW_HTTP_REQUEST_BACKOFF_FACTOR": "1",
    "MLFLOW_SUPPRESS_PRINTING_URL_TO_STDOUT": "true",
    # Asking git for the commit is our own business: MLflow would warn where there is no git.
    "GIT_PYTHON_REFRESH": "quiet",
}


_REFUSED = re.compile(r"API request to .* failed with error code (?P<code>\d{3})")


def connect(tracking: str) -> MlflowClient:
    """A client of the server at `tracking`. Nothing is sent yet."""
    for name, value in _SURROUNDINGS.items():
        os.environ.setdefault(name, value)
    from mlflow import MlflowClient

    logging.getLogger("mlflow").setLevel(logging.ERROR)
    return MlflowClient(tracking_uri=tracking, registry_uri=tracking)


@contextmanager
def translated_errors(tracking: str) -> Iterator[None]:
    """Turn what MLflow raises into errors of our own.

    Raises:
        ServiceUnavailableError: the server does not answer.
        ExternalServiceError: the server answers no.
    """
    from mlflow.exceptions import MlflowException, RestException

    try:
        yield
    except RestException as error:
        raise ExternalServiceError(f"MLflow at {tracking} refused: {error}", hint="read the log of MLflow") from error
    except MlflowException as error:
        if not _unanswered(error):
            raise ExternalServiceError(f"MLflow at {tracking} failed: {_first_line(error)}") from error
        raise ServiceUnavailableError(
            f"MLflow at {tracking} does not answer: {_first_line(error)}",
            hint="modelyard infra refresh, then modelyard infra up; then run the same again",
        ) from error


def _unanswered(error: Exception) -> bool:
    """MLflow wraps what the network raised, in one of two ways. A server that says no has answered."""
    from requests import RequestException

    if isinstance(error.__cause__ or error.__context__, RequestException):
        return True
    refused = _REFUSED.search(str(error))
    if refused:
        return refused["code"].startswith("5") or refused["code"] == "429"
    return "API request to" in str(error)


def _first_line(error: Exception) -> str:
    return next(iter(str(error).splitlines()), type(error).__name__)
