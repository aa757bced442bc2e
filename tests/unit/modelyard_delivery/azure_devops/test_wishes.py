"""What our own files ask of the service; and that two rooms that may not know each other use the same names."""

from dataclasses import replace
from pathlib import Path

import pytest

from modelyard.delivery.azure_devops.bootstrapping.resources import SIGNATURE_HEADER
from modelyard.delivery.azure_devops.bootstrapping.uses import Entry, entry_of
from modelyard.delivery.azure_devops.bootstrapping.wishes import (
    IDENTITY,
    TEMPLATE,
    Approval,
    Wishes,
    checked_home,
    target_of,
)
from modelyard.delivery.entries import entry_files, template_files
from modelyard.delivery.pipeline import Hook, Job, Pipeline, Stage, Step, Variable
from modelyard.delivery.places import Place
from modelyard.environment.loading import load_environment
from modelyard.environment.workspace import Workspace
from modelyard.errors import ConfigurationError
from modelyard.notify import pipeline
from modelyard_infra.blueprint.azure.identities import PIPELINES
from modelyard_infra.bootstrap.plan import infra_connection

ROOT = Path(__file__).resolve().parents[4]
HERE = Place("azure-pipelines.yml", 1)


@pytest.fixture
def environment(tmp_path):
    def load(name):
        return load_environment(Workspace(root=ROOT, state=tmp_path), name)

    return load


@pytest.fixture
def wishes(environment):
    targets = tuple(target_of(environment(name)) for name in ("dev", "test", "prod"))
    names = ("dev", "dev-infra", "test", "test-infra", "prod", "prod-infra", "promotion")
    return Wishes(
        organisation="example-org",
        organisation_id="id",
        project="modelyard",
        repository="modelyard",
        branch="refs/heads/main",
        reviewers=1,
        template=TEMPLATE,
        targets=targets,
        entries=(Entry(file="azure-pipelines.yml", environments=names),),
    )


def test_an_environment_on_this_machine_needs_nothing(environment):
    assert target_of(environment("local")) is None


def test_a_webhooks_signature_is_looked_for_where_the_notifier_puts_it():
    assert SIGNATURE_HEADER == pipeline.SIGNATURE_HEADER


@pytest.mark.parametrize("name", ["dev", "test", "prod"])
def test_names_are_those_that_infrastructure_uses(environment, name):
    found, azure = target_of(environment(name)), environment(name).azure
    assert found.provisioning == infra_connection(azure)
    assert IDENTITY == PIPELINES
    assert (found.connection, found.pool) == (azure.pipelines.service_connection, azure.pipelines.agent_pool)


def test_approvals_follow_the_environments_files(wishes):
    two = Approval(approvers=("ml-platform-lead@example.com", "risk-officer@example.com"), minimum=2)
    one = Approval(approvers=("ml-platform-lead@example.com",), minimum=1)
    assert {name: wishes.approval_of(name) for name in wishes.environments} == {
        "dev": None,
        "dev-infra": None,
        "test": None,
        "test-infra": one,
        "prod": two,
        "prod-infra": two,
        "promotion": two,
    }


def test_a_promotion_asks_as_many_as_the_strictest_environment(wishes):
    dev, test, prod = wishes.targets
    extra = Approval(approvers=("auditor@example.com",), minimum=3)
    found = replace(wishes, targets=(dev, replace(test, approvals={"promotion": extra}), prod)).approval_of("promotion")
    assert found.minimum == 3
    assert set(found.approvers) == {"auditor@example.com", "ml-platform-lead@example.com", "risk-officer@example.com"}


def test_the_template_that_is_asked_for_exists():
    assert (ROOT / TEMPLATE).is_file()


def test_another_organisation_than_the_files_say_is_refused(environment):
    every = [environment(name) for name in ("local", "dev", "prod")]
    assert checked_home(every, organisation="Example-Org", project="modelyard").endswith("21")
    assert checked_home(every, organisation="https://dev.azure.com/example-org/", project="modelyard")
    with pytest.raises(ConfigurationError, match="organisation is example-org, not other"):
        checked_home(every, organisation="other", project="modelyard")
    with pytest.raises(ConfigurationError, match="project is modelyard, not x"):
        checked_home(every, organisation="example-org", project="x")


def test_entry_files_are_those_that_extend_a_template():
    found = entry_files(ROOT)
    assert found[0] == "azure-pipelines.yml"
    assert "pipelines/azure/pull-request.yml" in found
    assert TEMPLATE not in found


def test_an_entry_file_may_end_in_yaml_too(tmp_path):
    folder = tmp_path / "pipelines" / "azure"
    folder.mkdir(parents=True)
    (folder / "one.yaml").write_text("extends :\n  template: governed.yml\n")
    (folder / "governed.yml").write_text("steps: []\n")
    assert entry_files(tmp_path) == ["pipelines/azure/one.yaml"]
    assert template_files(tmp_path) == ["pipelines/azure/governed.yml"]


def test_pipelines_are_named_after_their_files():
    assert [Entry(file=file).name for file in ("azure-pipelines.yml", "pipelines/azure/nightly.yml")] == [
        "modelyard-main",
        "modelyard-nightly",
    ]


def step(**inputs):
    return Step(kind="task", does="AzureCLI@2", place=HERE, inputs=inputs)


def test_finds_everything_that_a_pipeline_uses():
    deploy = Job(
        name="deploy",
        place=HERE,
        kind="deployment",
        environment="prod",
        pool={"name": "modelyard-private"},
        hooks=(
            Hook(name="deploy", steps=(step(azureSubscription="modelyard-prod"),), place=HERE),
            Hook(name="failure", steps=(step(azureSubscription="modelyard-prod-infra"),), place=HERE),
        ),
        variables=(Variable(name="modelyard-prod", value="", place=HERE, group=True),),
    )
    build = Job(name="build", place=HERE, pool={"vmImage": "ubuntu-24.04"}, steps=(step(connectedServiceName="old"),))
    drawn = Pipeline(
        file="azure-pipelines.yml",
        place=HERE,
        pr="none",
        resources={"webhooks": [{"webhook": "promotion", "connection": "modelyard-promotions"}]},
        stages=(Stage(name="a", place=HERE, jobs=(build,)), Stage(name="b", place=HERE, jobs=(deploy,))),
    )
    assert entry_of(drawn) == Entry(
        file="azure-pipelines.yml",
        environments=("prod",),
        connections=("modelyard-prod", "modelyard-prod-infra", "modelyard-promotions", "old"),
        groups=("modelyard-prod",),
        pools=("Azure Pipelines", "modelyard-private"),
        webhooks=(("modelyard-promotions", "promotion"),),
    )


def test_a_pipeline_that_pull_requests_start_is_known_as_one():
    told = {"branches": {"include": ["main"]}}
    assert entry_of(Pipeline(file="x.yml", place=HERE, pr=told)).for_pull_requests
    assert not entry_of(Pipeline(file="x.yml", place=HERE, pr="none")).for_pull_requests
    assert not entry_of(Pipeline(file="x.yml", place=HERE)).for_pull_requests
