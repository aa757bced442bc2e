import dataclasses
from pathlib import Path

import pytest

from modelyard.environment.access_settings import access_folder
from modelyard.environment.loading import load_environment
from modelyard.environment.release_settings import trusted_keys_in
from modelyard.environment.sections import Ports
from modelyard.errors import ConfigurationError
from modelyard_infra.blueprint.draw import draw_local
from modelyard_infra.program import prepare_files
from modelyard_serving.access.settings import read_access_settings
from modelyard_serving.settings import parse_settings


@pytest.fixture
def keyed(environment):
    """The environment on this machine, with API keys."""
    values = environment.model_dump()
    values["serving"]["access"]["mode"] = "keys"
    return type(environment).model_validate(values)


def told(environment, workspace):
    """What the model API is told on its command line."""
    _, model_api = draw_local(environment, workspace).services
    names = model_api.command[3::2]
    return dict(zip(names, model_api.command[4::2], strict=True))


def test_the_lake_has_every_folder_of_the_design(environment, workspace):
    blueprint = draw_local(environment, workspace)
    lake = workspace.state / "local" / "data" / "lake" / "lake"
    drawn = {plan.path.name for plan in blueprint.folders if plan.path.parent == lake}
    assert drawn == {"source", "RAW", "CLEAN", "CURATED", "quarantine", "batches", "ledger"}
    assert blueprint.connections.lake == lake


def test_everything_lies_in_the_state_folder_of_the_environment(environment, workspace):
    blueprint = draw_local(environment, workspace)
    home = workspace.of("local")
    places = [plan.path for plan in blueprint.folders] + [plan.log for plan in blueprint.services]
    assert all(path.is_relative_to(home) for path in [*places, blueprint.run, blueprint.logs])


def test_the_same_environment_gives_the_same_blueprint(environment, workspace):
    assert draw_local(environment, workspace) == draw_local(environment, workspace)


def test_settings_reach_the_services_that_they_are_about(environment, workspace):
    local = environment.local.model_copy(update={"ports": Ports(tracking=5001, model_api="auto")})
    tracking = environment.tracking.model_copy(update={"workers": 3, "start_seconds": 7})
    serving = environment.serving.model_copy(update={"drain_seconds": 2.5})
    changed = environment.model_copy(update={"local": local, "tracking": tracking, "serving": serving})
    mlflow, model_api = draw_local(changed, workspace).services
    assert (mlflow.port, mlflow.start_seconds, mlflow.command[-2:]) == (5001, 7, ("--workers", "3"))
    assert mlflow.port_setting == "local.ports.tracking in environments/local.yaml"
    assert (model_api.port, model_api.stop_seconds) == ("auto", 8)


def test_the_model_api_is_told_what_the_environment_says(environment, workspace):
    serving = environment.serving.model_copy(update={"workers": 3, "max_rows": 17, "max_body_bytes": 2048})
    options = told(environment.model_copy(update={"serving": serving}), workspace)
    assert (options["--workers"], options["--max-rows"], options["--max-body-bytes"]) == ("3", "17", "2048")
    assert options["--trusted-keys"] == str(trusted_keys_in(workspace.of("local")))
    assert "--access" not in options


def test_unsigned_bundles_are_served_only_where_nobody_signs(environment, workspace):
    release = environment.release.model_copy(update={"signing": "none"})
    assert "--trusted-keys" not in told(environment.model_copy(update={"release": release}), workspace)


def test_the_model_api_starts_with_the_settings_that_are_drawn(keyed, workspace):
    _, model_api = draw_local(keyed, workspace).services
    settings = parse_settings([word.replace("{port}", "0") for word in model_api.command[3:]])
    assert settings.workers == keyed.serving.workers
    assert settings.access == access_folder(workspace, "local") / "access.json"


def test_drawing_writes_nothing_and_an_update_writes_who_may_ask_where_it_is_drawn(keyed, workspace):
    access = told(keyed, workspace)["--access"]
    assert not workspace.state.exists()
    prepare_files(keyed, workspace)
    settings = read_access_settings(Path(access))
    assert (settings.file.name, len(settings.pepper.read())) == ("keys.json", 64)


def test_where_everybody_may_ask_and_in_azure_no_file_is_written(environment, workspace):
    prepare_files(environment, workspace)
    prepare_files(load_environment(workspace, "prod"), workspace)
    assert not workspace.state.exists()


def test_every_service_is_told_to_listen_on_this_machine_only(environment, workspace):
    for plan in draw_local(environment, workspace).services:
        assert plan.command[plan.command.index("--host") + 1] == "127.0.0.1"
        assert plan.command[plan.command.index("--port") + 1] == "{port}"


def test_no_telemetry_leaves_a_service(environment, workspace):
    for plan in draw_local(environment, workspace).services:
        assert plan.environment["MLFLOW_DISABLE_TELEMETRY"] == "true"
        assert plan.environment["DO_NOT_TRACK"] == "1"


def test_connections_name_services_that_are_drawn(environment, workspace):
    blueprint = draw_local(environment, workspace)
    names = {plan.name for plan in blueprint.services}
    assert {blueprint.connections.tracking, blueprint.connections.model_api} == names


def test_an_environment_in_azure_is_no_local_one(workspace):
    with pytest.raises(ConfigurationError, match="environment dev is of kind azure; only kind local"):
        draw_local(load_environment(workspace, "dev"), workspace)


def test_a_blueprint_cannot_be_changed(environment, workspace):
    with pytest.raises(dataclasses.FrozenInstanceError):
        draw_local(environment, workspace).environment = "other"
