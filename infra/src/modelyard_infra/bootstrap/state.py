"""Where Pulumi keeps the state of an environment in Azure, and which key encrypts the secrets in it."""

from __future__ import annotations

from dataclasses import dataclass

from modelyard.environment.models import Environment
from modelyard.errors import ConfigurationError

PURPOSE = "state"
CONTAINER = "state"
KEY = "pulumi"


@dataclass(frozen=True, slots=True)
class StateHome:
    """The names of one environment's state. It lives in a resource group of its own: `down` must not take it along."""

    environment: str
    """The environment's name."""
    subscription_id: str
    """Its subscription."""
    location: str
    """Its region."""
    resource_group: str
    """The group of account, vault and identity."""
    account: str
    """The storage account."""
    vault: str
    """The key vault."""
    identity: str
    """The identity that the pipeline provisions with."""
    container: str = CONTAINER
    """The blob container in the account."""
    key: str = KEY
    """The key in the vault."""

    @property
    def backend_url(self) -> str:
        """What `pulumi login` takes."""
        return f"azblob://{self.container}?storage_account={self.account}"

    @property
    def secrets_provider(self) -> str:
        """What `pulumi stack init --secrets-provider` takes."""
        return f"azurekeyvault://{self.vault}.vault.azure.net/keys/{self.key}"

    @property
    def group_id(self) -> str:
        """Resource id of the group."""
        return f"/subscriptions/{self.subscription_id}/resourceGroups/{self.resource_group}"

    @property
    def account_id(self) -> str:
        """Resource id of the storage account."""
        return f"{self.group_id}/providers/Microsoft.Storage/storageAccounts/{self.account}"

    @property
    def container_id(self) -> str:
        """Resource id of the blob container."""
        return f"{self.account_id}/blobServices/default/containers/{self.container}"

    @property
    def vault_id(self) -> str:
        """Resource id of the key vault."""
        return f"{self.group_id}/providers/Microsoft.KeyVault/vaults/{self.vault}"

    @property
    def key_id(self) -> str:
        """Resource id of the key."""
        return f"{self.vault_id}/keys/{self.key}"

    @property
    def identity_id(self) -> str:
        """Resource id of the pipeline's identity."""
        return f"{self.group_id}/providers/Microsoft.ManagedIdentity/userAssignedIdentities/{self.identity}"


def state_home(environment: Environment) -> StateHome:
    """Where the state of an environment in Azure lives.

    Raises:
        ConfigurationError: the environment is on this machine, where state is kept in files.
    """
    if environment.azure is None:
        raise ConfigurationError(
            f"environment {environment.name} is on this machine: its state is kept in files and needs no bootstrap",
            hint=f"modelyard infra up {environment.name}",
        )
    return StateHome(
        environment=environment.name,
        subscription_id=environment.azure.subscription_id,
        location=environment.azure.location,
        resource_group=environment.azure_name("resource group", PURPOSE),
        account=environment.azure_name("state account"),
        vault=environment.azure_name("state vault"),
        identity=environment.azure_name("identity", "infra"),
    )
