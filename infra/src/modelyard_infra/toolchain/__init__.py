"""The Pulumi CLI: found, downloaded or built, whichever works first on this machine."""

from modelyard_infra.toolchain.ensuring import PulumiCli, ensure_pulumi

__all__ = ["PulumiCli", "ensure_pulumi"]
