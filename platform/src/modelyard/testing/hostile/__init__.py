"""Hostile bundles: each is made by code, wants something of its own, and has to be refused for its own reason.

`CORPUS` lists them. Those of `payloads` would leave a file behind, the canary, if any of their code ever ran.
"""

from modelyard.testing.hostile.corpus import CORPUS, Hostile
from modelyard.testing.hostile.place import Place, prepare

__all__ = ["CORPUS", "Hostile", "Place", "prepare"]
