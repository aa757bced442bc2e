"""Azure's way to say no."""

from __future__ import annotations


class AzureError(Exception):
    """An answer of Azure's that is not a success.

    Args:
        status: the HTTP status.
        code: the error code that Azure's documentation lists.
        message: Azure's sentence.
        retry_after: seconds after which Azure asks to try again.
    """

    def __init__(self, status: int, code: str, message: str, retry_after: float | None = None) -> None:
        super().__init__(f'Status={status} Code="{code}" Message="{message}"')
        self.status = status
        self.code = code
        self.message = message
        self.retry_after = retry_after


class PartlyDoneError(Exception):
    """Azure took the request and began, and then the operation failed: the resource exists."""

    def __init__(self, cause: AzureError) -> None:
        super().__init__(str(cause))
        self.cause = cause


class AlreadyExistsError(Exception):
    """The provider's own refusal: it never turns a creation into a change of what somebody else made."""

    def __init__(self, identity: str) -> None:
        super().__init__(f"cannot create already existing resource '{identity}'")
