"""The error for two deployments of one model at once."""

from __future__ import annotations

from modelyard.errors import RetryableError, ServingError


class ReleaseBusyError(ServingError, RetryableError):
    """Another deployment of this model is under way."""
