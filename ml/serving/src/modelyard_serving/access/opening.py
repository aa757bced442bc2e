"""From what the access document says to what checks requests."""

from __future__ import annotations

from modelyard_serving.access.caller import Access, OpenAccess, Tell
from modelyard_serving.access.settings import AccessSettings, EntraSettings, KeySettings


def open_access(settings: AccessSettings | None, *, tell: Tell) -> Access:
    """What checks requests. Made once, when the process starts; begins no thread.

    Args:
        settings: What the access document says; nothing where none was given, which lets everybody in.
        tell: The log.

    Raises:
        AccessSettingsError: Something that the settings name is not there or not right.
    """
    if isinstance(settings, KeySettings):
        from modelyard_serving.access.keys import KeyAccess

        return KeyAccess(settings, tell=tell)
    if isinstance(settings, EntraSettings):
        from modelyard_serving.access.entra import open_entra

        return open_entra(settings, tell=tell)
    return OpenAccess()
