"""Versions in MLflow's model registry: tags on model versions, and aliases on the model."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from modelyard.registry.mlflow_client import connect, translated_errors
from modelyard.registry.store import StoredModel, StoredVersion
from modelyard.registry.versions import EXAMPLE_FILE, SIGNATURE_FILE, Registration

if TYPE_CHECKING:
    from mlflow import MlflowClient
    from mlflow.entities.model_registry import ModelVersion as MlflowVersion

_LOGGED = "models:/"
"""A source of this form names a logged model by its identifier."""
CANDIDATE_TAG = "candidate"
"""On a run whose version waits for staging, for people who look at runs."""


class MlflowStore:
    """The model registry of the MLflow server at `tracking`."""

    def __init__(self, tracking: str) -> None:
        self._tracking = tracking

    @cached_property
    def _client(self) -> MlflowClient:
        return connect(self._tracking)

    def read(self, model: str) -> StoredModel:
        """All versions and aliases of a model; empty if it is unknown."""
        client = self._client
        with translated_errors(self._tracking):
            found = client.search_registered_models(filter_string=f"name = '{model}'", max_results=1)
            if not found:
                return StoredModel()
            versions = self._versions(client, model)
        aliases = {alias: int(version) for alias, version in found[0].aliases.items()}
        return StoredModel(
            versions=tuple(sorted(versions, key=lambda each: each.version)), aliases=aliases, tags=dict(found[0].tags)
        )

    def add(self, registration: Registration, tags: Mapping[str, str]) -> int:
        """A new version with these tags, in one request; its number."""
        client = self._client
        with translated_errors(self._tracking):
            self._create_model(client, registration.model)
            created = client.create_model_version(
                registration.model,
                source=registration.source,
                run_id=registration.run_id,
                tags=dict(tags),
                model_id=registration.source.removeprefix(_LOGGED) if registration.source.startswith(_LOGGED) else None,
            )
        return int(created.version)

    def remove(self, model: str, version: int) -> None:
        """Forget a version."""
        with translated_errors(self._tracking):
            self._client.delete_model_version(model, str(version))

    def tag(self, model: str, version: int, tags: Mapping[str, str]) -> None:
        """Set these tags of a version; others stay. A run whose version is no candidate any more says so as well."""
        with translated_errors(self._tracking):
            if tags.get("stage", CANDIDATE_TAG) != CANDIDATE_TAG:
                self._clear_candidate(model, version)
            for name, value in tags.items():
                self._client.set_model_version_tag(model, str(version), name, value)

    def mark(self, model: str, tags: Mapping[str, str]) -> None:
        """Set these tags of the model itself; others stay."""
        with translated_errors(self._tracking):
            for name, value in tags.items():
                self._client.set_registered_model_tag(model, name, value)

    def point(self, model: str, alias: str, version: int | None) -> None:
        """Let an alias name a version, or no version."""
        with translated_errors(self._tracking):
            if version is None:
                self._client.delete_registered_model_alias(model, alias)
            else:
                self._client.set_registered_model_alias(model, alias, str(version))

    def fetch(self, model: str, version: int, name: str, to: Path) -> Path:
        """Write one of the version's files into `to`: the pipeline from the registry, the rest from the run."""
        from mlflow.artifacts import download_artifacts

        client = self._client
        with translated_errors(self._tracking):
            of_run = name in (SIGNATURE_FILE, EXAMPLE_FILE)
            root = (
                f"runs:/{client.get_model_version(model, str(version)).run_id}"
                if of_run
                else client.get_model_version_download_uri(model, str(version))
            )
            return Path(
                download_artifacts(artifact_uri=f"{root}/{name}", dst_path=str(to), tracking_uri=self._tracking)
            )

    def _clear_candidate(self, model: str, version: int) -> None:
        run_id = self._client.get_model_version(model, str(version)).run_id
        if run_id and CANDIDATE_TAG in self._client.get_run(run_id).data.tags:
            self._client.delete_tag(run_id, CANDIDATE_TAG)

    def _create_model(self, client: MlflowClient, model: str) -> None:
        from mlflow.exceptions import MlflowException

        if client.search_registered_models(filter_string=f"name = '{model}'", max_results=1):
            return
        try:
            client.create_registered_model(model)
        except MlflowException as error:
            if error.error_code != "RESOURCE_ALREADY_EXISTS":  # somebody else was faster, which is as good
                raise

    def _versions(self, client: MlflowClient, model: str) -> list[StoredVersion]:
        token: str | None = None
        found: list[StoredVersion] = []
        while True:
            page = client.search_model_versions(f"name = '{model}'", max_results=1000, page_token=token)
            found.extend(_stored(version) for version in page)
            token = page.token
            if not token:
                return found


def _stored(version: MlflowVersion) -> StoredVersion:
    created = datetime.fromtimestamp(version.creation_timestamp / 1000, tz=UTC)
    return StoredVersion(
        version=int(version.version), tags=dict(version.tags), created_at=created.isoformat(timespec="milliseconds")
    )
