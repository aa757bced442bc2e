"""Every error that Modelyard raises on purpose, in one tree.

    ModelyardError
    ├── ConfigurationError          exit 3   a file, a setting or this machine must be changed first
    │   ├── UnknownEnvironmentError
    │   ├── InvalidSettingsError
    │   ├── MissingToolError
    │   ├── NotProvisionedError
    │   └── InvalidPipelineError
    ├── DataError                   exit 4   data was refused, or is not there
    │   ├── BatchRefusedError
    │   ├── SourceNotFoundError
    │   ├── PurposeNotFoundError
    │   ├── TableNotFoundError
    │   ├── SampleRefusedError
    │   ├── DataNotReadyError
    │   └── LakeBusyError           exit 75  may be retried as it is
    ├── ModelError                  exit 5   a model or a promotion was refused, or is not there
    │   ├── ModelNotFoundError
    │   ├── InvalidModelError
    │   ├── TrainingFailedError
    │   ├── NoCandidateError
    │   ├── NoProductionModelError
    │   ├── StagingRefusedError
    │   ├── PromotionRefusedError
    │   ├── RollbackRefusedError
    │   ├── NotReproducibleError
    │   ├── LedgerBrokenError
    │   └── RegistryBusyError       exit 75
    ├── InfrastructureError         exit 6   provisioning failed
    │   ├── ProvisioningFailedError
    │   ├── RehearsalFailedError    exit code of the step that failed
    │   └── StackBusyError          exit 75
    ├── ServingError                exit 7   a bundle, a release or the model API failed
    │   ├── InvalidBundleError
    │   ├── ReleaseRefusedError
    │   ├── ReleaseBusyError         exit 75
    │   └── ModelApiUnreachableError
    └── ExternalServiceError        exit 8   somebody else's service said no
        └── ServiceUnavailableError exit 75

An error carries what, where, what was found, what is allowed, and the next command. Expected answers
(a batch judged bad, a candidate that loses) are values; only the edge of a workflow turns a "no" into an error.
"""

from __future__ import annotations

from collections.abc import Sequence


class ModelyardError(Exception):
    """The root: a sentence for people, and the next command in `hint`."""

    exit_code = 1

    def __init__(self, message: str, *, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint


class RetryableError(Exception):
    """Mixed into errors that may go away by running the same command again (exit 75)."""


class ConfigurationError(ModelyardError):
    """A file, a setting or this machine must be changed first."""

    exit_code = 3


class UnknownEnvironmentError(ConfigurationError):
    """There is no environment file of this name."""


class InvalidSettingsError(ConfigurationError):
    """An environment, contract or declaration file says something that is not allowed."""


class MissingToolError(ConfigurationError):
    """A program that this command needs is not on this machine."""


class NotProvisionedError(ConfigurationError):
    """The environment has no stack yet, so there is nothing to connect to."""


class InvalidPipelineError(ConfigurationError):
    """A pipeline cannot be read, expanded or run as it is written; the message begins with file and line."""


class DataError(ModelyardError):
    """Data was refused, or is not there."""

    exit_code = 4


class BatchRefusedError(DataError):
    """A gate refused a batch; the report says why."""


class SourceNotFoundError(DataError):
    """No source has this name."""


class PurposeNotFoundError(DataError):
    """No purpose has this name."""


class TableNotFoundError(DataError):
    """The table, or this version of it, does not exist."""


class SampleRefusedError(DataError):
    """A file says too little about a new source to draft its contract from."""


class DataNotReadyError(DataError):
    """A purpose lacks something that it joins."""


class LakeBusyError(DataError, RetryableError):
    """Another writer holds the lock of this table."""


class ModelError(ModelyardError):
    """A model or a promotion was refused, or is not there."""

    exit_code = 5


class ModelNotFoundError(ModelError):
    """No model folder, or no registered version, has this name."""


class InvalidModelError(ModelError):
    """A model's declaration does not hold together."""


class TrainingFailedError(ModelError):
    """A training job ended badly. Its exit code is the job's own, so that what may be retried stays so."""

    def __init__(self, model: str, said: Sequence[str], exit_code: int) -> None:
        reasons = [line.removeprefix("error: ") for line in said if line.startswith("error: ")]
        hints = [line.removeprefix("next: ") for line in said if line.startswith("next: ")]
        what = reasons[-1] if reasons else "\n".join(said) or f"exit code {exit_code}"
        super().__init__(f"training {model} failed: {what}", hint=hints[-1] if hints else "")
        self.exit_code = exit_code if exit_code > 0 else 1


class NoCandidateError(ModelError):
    """There is no candidate to stage."""


class NoProductionModelError(ModelError):
    """Nobody has promoted a version of this model yet."""


class StagingRefusedError(ModelError):
    """No candidate passes its thresholds."""


class PromotionRefusedError(ModelError):
    """The evidence does not support the promotion, or somebody else was faster."""


class RollbackRefusedError(ModelError):
    """There is nothing to go back to, or what was in production before is not there any more."""


class NotReproducibleError(ModelError):
    """A training cannot be made again: its code, or its data, is not there any more."""


class LedgerBrokenError(ModelError):
    """The ledger of promotions and rollbacks does not verify."""


class RegistryBusyError(ModelError, RetryableError):
    """Another promotion of this model is under way."""


class InfrastructureError(ModelyardError):
    """Provisioning failed."""

    exit_code = 6


class ProvisioningFailedError(InfrastructureError):
    """The engine stopped before everything existed."""


class RehearsalFailedError(InfrastructureError):
    """A step of a rehearsed pipeline failed; its exit code is the step's, where that is one of Modelyard's own."""


class StackBusyError(InfrastructureError, RetryableError):
    """Another update of this environment is under way."""


class ServingError(ModelyardError):
    """A bundle, a release or the model API failed."""

    exit_code = 7


class InvalidBundleError(ServingError):
    """A bundle is not what its manifest says."""


class ReleaseRefusedError(ServingError):
    """The API test suite failed, so the version takes no traffic."""


class ReleaseBusyError(ServingError, RetryableError):
    """Another deployment of this model is under way."""


class ModelApiUnreachableError(ServingError):
    """No model API answers at this address."""


class ExternalServiceError(ModelyardError):
    """Somebody else's service said no."""

    exit_code = 8


class ServiceUnavailableError(ExternalServiceError, RetryableError):
    """Somebody else's service did not answer."""


RETRY_EXIT_CODE = 75


def exit_code_of(error: ModelyardError) -> int:
    """The process exit code for an error: 75 for whatever may be retried as it is."""
    return RETRY_EXIT_CODE if isinstance(error, RetryableError) else error.exit_code
