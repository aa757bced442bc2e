"""The aliases by which a registry names what is in staging and in production."""

from __future__ import annotations

STAGING = "staging"
PRODUCTION = "production"
