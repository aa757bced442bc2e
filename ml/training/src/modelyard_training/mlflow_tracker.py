"""Trainings as MLflow runs. A run counts when it is FINISHED, which is the last thing that is sent."""

from __future__ import annotations

import json
import math
import tempfile
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from modelyard.errors import ExternalServiceError
from modelyard.registry.mlflow_client import connect, translated_errors
from modelyard.registry.versions import EXAMPLE_FILE, SIGNATURE_FILE, Registration
from modelyard_bundle.digests import digest_of
from modelyard_training.documents import SEARCH_FILE
from modelyard_training.flavours import write_flavour
from modelyard_training.slices import slices_of
from modelyard_training.tracking import TrainingRecord

if TYPE_CHECKING:
    from mlflow import MlflowClient
    from mlflow.entities import Run

REPORT = "report.json"
FINGERPRINT = "modelyard.fingerprint"


class MlflowTracker:
    """The runs of the MLflow server at `tracking`, one experiment per model."""

    def __init__(self, tracking: str) -> None:
        self._tracking = tracking

    @cached_property
    def _client(self) -> MlflowClient:
        return connect(self._tracking)

    def finished(self, model: str, fingerprint: str) -> Registration | None:
        """What a finished run of this fingerprint left behind for the registry."""
        with translated_errors(self._tracking), tempfile.TemporaryDirectory(prefix="modelyard-") as folder:
            for run in self._runs(model, fingerprint):
                if run.info.status == "FINISHED":
                    path = self._client.download_artifacts(run.info.run_id, REPORT, dst_path=folder)
                    return Registration(**json.loads(Path(path).read_bytes())["registration"])
        return None

    def searched(self, run_id: str) -> dict[str, Any] | None:
        """The search of a run, as `search.json` has it; none where the run kept none."""
        with translated_errors(self._tracking), tempfile.TemporaryDirectory(prefix="modelyard-") as folder:
            if SEARCH_FILE not in {file.path for file in self._client.list_artifacts(run_id)}:
                return None
            found: dict[str, Any] = json.loads(
                Path(self._client.download_artifacts(run_id, SEARCH_FILE, dst_path=folder)).read_bytes()
            )
            return found

    def record(self, record: TrainingRecord) -> Registration:
        """Keep a training as a run. What an earlier attempt left unfinished is marked as killed."""
        model = record.trained.spec.name
        with translated_errors(self._tracking), _fluent(self._client, self._tracking):
            for unfinished in self._runs(model, record.fingerprint):
                if unfinished.info.status in ("RUNNING", "SCHEDULED"):
                    self._client.set_terminated(unfinished.info.run_id, status="KILLED")
            experiment = self._experiment(model)
            run_id = self._client.create_run(experiment, tags=_tags(record)).info.run_id
            registration = self._log_model(run_id, record, experiment=experiment)
            self._log(run_id, record, model_id=registration.source.rpartition("/")[2])
            report = {
                "registration": asdict(registration),
                "test_metrics": dict(record.trained.test_metrics),
                "trials": record.trials,
                "search_out_of_time": record.trained.search.out_of_time,
                "lock": record.provenance.lock,
            }
            self._client.log_text(run_id, json.dumps(report, indent=2, default=dict), REPORT)
            self._client.set_terminated(run_id, status="FINISHED")
        return registration

    def _experiment(self, model: str) -> str:
        from mlflow.exceptions import MlflowException

        if (found := self._client.get_experiment_by_name(model)) is not None:
            return str(found.experiment_id)
        try:
            return self._client.create_experiment(model)
        except MlflowException as error:
            if error.error_code != "RESOURCE_ALREADY_EXISTS":  # somebody else was faster, which is as good
                raise
        return self._experiment(model)

    def _runs(self, model: str, fingerprint: str) -> list[Run]:
        experiment = self._client.get_experiment_by_name(model)
        if experiment is None:
            return []
        return list(
            self._client.search_runs(
                [experiment.experiment_id], filter_string=f"tags.`{FINGERPRINT}` = '{fingerprint}'"
            )
        )

    def _log(self, run_id: str, record: TrainingRecord, *, model_id: str) -> None:
        from mlflow.entities import Metric, Param

        # The model belongs to its metrics from the start: MLflow would else ask for each of them again.
        metrics = [
            Metric(name, float(value), 0, 0, model_id=model_id, run_id=run_id)
            for name, value in record.metrics.items()
            if not math.isnan(value)
        ]
        parameters = [Param(name, str(value)) for name, value in record.parameters.items()]
        self._client.log_batch(run_id, metrics=metrics, params=parameters)
        self._client.log_inputs(run_id, datasets=[_dataset(*item) for item in record.data_versions.items()])
        with tempfile.TemporaryDirectory(prefix="modelyard-") as folder:
            for name, content in _files(record).items():
                (Path(folder) / name).write_bytes(content)
            self._client.log_artifacts(run_id, folder)

    def _log_model(self, run_id: str, record: TrainingRecord, *, experiment: str) -> Registration:
        from mlflow.entities import LoggedModelOutput

        trained = record.trained
        model = self._client.create_logged_model(experiment, name="model", source_run_id=run_id)
        with tempfile.TemporaryDirectory(prefix="modelyard-") as parent:
            folder = Path(parent) / "model"
            holder = write_flavour(record, folder, model_id=model.model_id, run_id=run_id)
            digest = digest_of(folder / holder)
            self._client.log_model_artifacts(model.model_id, str(folder))
        self._check_copy(f"{model.artifact_location}/{holder}", digest)
        self._client.finalize_logged_model(model.model_id, "READY")
        self._client.log_outputs(run_id, [LoggedModelOutput(model.model_id, step=0)])
        return Registration(
            model=trained.spec.name,
            run_id=run_id,
            source=f"models:/{model.model_id}",
            digest=digest,
            fingerprint=record.fingerprint,
            task=trained.spec.task,
            commit=record.provenance.commit,
            data_versions=record.data_versions,
            metrics=trained.validation_metrics,
            validation_rows=trained.parts.validation_rows.to_document(),
            test_rows=trained.test_rows.to_document(),
            learned_until=trained.learned_until,
            libraries=record.provenance.libraries,
            holder=holder,
            seed=record.seed,
            lock=record.provenance.lock,
            variant=record.variant,
            slices=slices_of(trained),
        )

    def _check_copy(self, location: str, digest: str) -> None:
        """What was audited here must be what the server has: a version with another digest could never be opened."""
        from mlflow.artifacts import download_artifacts

        with tempfile.TemporaryDirectory(prefix="modelyard-") as folder:
            found = digest_of(Path(download_artifacts(location, dst_path=folder, tracking_uri=self._tracking)))
        if found != digest:
            raise ExternalServiceError(
                f"MLflow at {self._tracking} was given a model with digest {digest[:12]} and has {found[:12]}",
                hint="look at the artifact store's disk and log, then train again",
            )


@contextmanager
def _fluent(client: MlflowClient, tracking: str) -> Iterator[None]:
    """MLflow's flavours speak through a global address: set for as long as needed, and no longer."""
    import mlflow

    assert client is not None  # connecting silences MLflow before anything else of it runs
    before = mlflow.get_tracking_uri()
    mlflow.set_tracking_uri(tracking)
    try:
        with warnings.catch_warnings():
            # MLflow's own, about type hints of its own modules. Whatever it says of our calls is heard.
            warnings.filterwarnings("ignore", message=".*type hint is inferred as AnyType", category=UserWarning)
            yield
    finally:
        mlflow.set_tracking_uri(before)


def _tags(record: TrainingRecord) -> dict[str, str]:
    provenance, spec = record.provenance, record.trained.spec
    return {
        FINGERPRINT: record.fingerprint,
        "candidate": "true",
        "owner": spec.owner,
        "risk": spec.risk,
        "mlflow.source.git.commit": provenance.commit,
        "commit": provenance.commit,
        "lock": provenance.lock,
        **{f"data_version.{table}": str(version) for table, version in record.data_versions.items()},
        **{f"library.{name}": version for name, version in provenance.libraries.items()},
    }


def _files(record: TrainingRecord) -> dict[str, bytes]:
    return {
        SIGNATURE_FILE: record.trained.signature.to_json(),
        EXAMPLE_FILE: record.example.to_json(),
        **record.plots,
        **record.documents,
    }


def _dataset(table: str, version: int) -> Any:  # noqa: ANN401 - an MLflow entity
    """The table as an input of the run, at its Delta version."""
    from mlflow.entities import Dataset, DatasetInput, InputTag

    source = json.dumps({"delta_table_name": table, "delta_table_version": version})
    dataset = Dataset(name=table, digest=f"delta-{version}", source_type="delta_table", source=source)
    return DatasetInput(dataset=dataset, tags=[InputTag("mlflow.data.context", "training")])
