"""Which signer an environment has, and which keys its model API trusts."""

from __future__ import annotations

from pathlib import Path

from modelyard.environment.models import Environment
from modelyard.environment.release_settings import signing_key_file, trusted_keys_folder
from modelyard.environment.workspace import Workspace
from modelyard.release.sealing import LocalSigner, Sealing, Signer
from modelyard.release.vault_key import AzVaultKey, KeyVaultSigner


def signer_of(environment: Environment, workspace: Workspace) -> Signer | None:
    """Who signs in this environment; none where its settings say so."""
    release = environment.release
    if release.signing == "none":
        return None
    if release.signing == "local" or release.signing_key is None:
        return LocalSigner(signing_key_file(workspace, environment.name))
    return KeyVaultSigner(AzVaultKey(environment.azure_name("key vault"), release.signing_key))


def sealing_of(environment: Environment, workspace: Workspace) -> Sealing | None:
    """How bundles of this environment are sealed; none where its settings say so."""
    signer = signer_of(environment, workspace)
    if signer is None:
        return None
    folder = trusted_keys_folder(workspace, environment.name, kind=environment.kind)
    return Sealing(signer=signer, trusted_keys=folder)


def trusted_keys_of(environment: Environment, workspace: Workspace) -> Path | None:
    """The folder of keys that this environment's model API trusts; none only where signing is off."""
    if environment.release.signing == "none":
        return None
    return trusted_keys_folder(workspace, environment.name, kind=environment.kind)
