"""The one error of this package. The platform turns it into its own tree; the model API into a refusal."""

from __future__ import annotations


class BundleError(ValueError):
    """A bundle, or one of its documents, is not what it has to be.

    Args:
        message: What is wrong, with what was found and what is allowed.
        where: The file it was found in, if it is one file's fault.
    """

    def __init__(self, message: str, *, where: str = "") -> None:
        super().__init__(f"{where}: {message}" if where else message)
        self.where = where
