"""The concern `access`: which identity and which group of people has which role where."""

from __future__ import annotations

from modelyard_infra.azure.concern import Concern


class Access(Concern):
    """Who may do what."""
