"""The MLflow tracking server: one process that migrates its database, then serves.

`python -m modelyard_infra.local.tracking --database FILE --artifacts FOLDER --host HOST --port PORT`

`mlflow server` does the same in two processes that both import all of MLflow, and would start seven job runners that
nothing here uses. This starts in half the time, and leaves no child behind when it is killed. It serves the same
application (`mlflow.server.fastapi_app:app`) and configures it as `mlflow server` does, through the variables named in
`mlflow.server.constants`. The schema is migrated before any worker exists, so it happens exactly once.
"""

from __future__ import annotations

import argparse
import os
import sqlite3
from pathlib import Path

APPLICATION = "mlflow.server.fastapi_app:app"
ALLOWED_HOSTS = ("localhost", "127.0.0.1")


def main() -> None:
    """Parses the command line, migrates, serves until it is stopped."""
    parser = argparse.ArgumentParser(description="MLflow tracking server on SQLite, with proxied artifacts")
    parser.add_argument("--database", type=Path, required=True)
    parser.add_argument("--artifacts", type=Path, required=True)
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--workers", type=int, default=1)
    options = parser.parse_args()
    address = f"sqlite:///{options.database}"
    configure(address, options.artifacts, port=options.port)
    migrate(address, options.database)
    serve(options.host, options.port, workers=options.workers)


def configure(database: str, artifacts: Path, *, port: int) -> None:
    """Sets what MLflow reads from its surroundings. Must run before anything of MLflow is imported."""
    hosts = ",".join(f"{host}{suffix}" for host in ALLOWED_HOSTS for suffix in ("", f":{port}"))
    os.environ.update(
        MLFLOW_DISABLE_TELEMETRY="true",
        DO_NOT_TRACK="1",
        MLFLOW_SERVER_ENABLE_JOB_EXECUTION="false",
        # Hosts that a browser may name: MLflow's protection against DNS rebinding.
        MLFLOW_SERVER_ALLOWED_HOSTS=hosts,
    )
    from mlflow.server import constants

    os.environ.update(
        {
            constants.BACKEND_STORE_URI_ENV_VAR: database,
            constants.REGISTRY_STORE_URI_ENV_VAR: database,
            constants.ARTIFACT_ROOT_ENV_VAR: "mlflow-artifacts:/",
            constants.ARTIFACTS_DESTINATION_ENV_VAR: str(artifacts),
            constants.SERVE_ARTIFACTS_ENV_VAR: "true",
        }
    )


def migrate(address: str, database: Path) -> None:
    """Brings the schema to the installed MLflow's; a database of an older one is copied beside itself first."""
    from alembic.migration import MigrationContext
    from mlflow.db import upgrade
    from mlflow.store.db.utils import create_sqlalchemy_engine_with_retry

    database.parent.mkdir(parents=True, exist_ok=True)
    engine = create_sqlalchemy_engine_with_retry(address)  # type: ignore[no-untyped-call]  # MLflow's
    with engine.connect() as connection:
        before = MigrationContext.configure(connection).get_current_revision()
    engine.dispose()
    if before is not None:
        if before == _newest_revision():
            return
        _copy(database, database.with_suffix(f".before-{before}.db"))
    if upgrade.callback is not None:
        upgrade.callback(address)


def serve(host: str, port: int, *, workers: int) -> None:
    """Serves until it is told to stop."""
    import mlflow.server
    import uvicorn

    settings = Path(mlflow.server.__file__).parent / "uvicorn_log_config.yaml"
    uvicorn.run(APPLICATION, host=host, port=port, workers=workers, log_config=str(settings))


def _newest_revision() -> str | None:
    from importlib.resources import files

    from alembic.script import ScriptDirectory

    return ScriptDirectory(str(files("mlflow.store.db_migrations"))).get_current_head()


def _copy(source: Path, target: Path) -> None:
    with sqlite3.connect(source) as old, sqlite3.connect(target) as new:
        old.backup(new)


if __name__ == "__main__":
    main()
