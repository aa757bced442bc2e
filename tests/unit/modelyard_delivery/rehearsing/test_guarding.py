import pytest

from modelyard.delivery.rehearsing.agent.guarding import reason_to_refuse


@pytest.mark.parametrize(
    "script",
    [
        "modelyard infra up local",
        "modelyard infra up dev --simulate",
        "modelyard infra --help",
        ".venv/bin/modelyard infra preview --simulate prod --format json",
        "modelyard infra terraform prod",
        "modelyard model promote credit_risk --env local",
        "make lint && modelyard infra up --replace lake local",
        "modelyard infra up --releases here --percent 10 local",
        "az --version",
        "echo 'az login'",
        "grep az notes.txt",
        "modelyard model train x --env=local",
        "modelyard release deploy x --env prod --simulate",
        "bash -c 'make lint'",
        "if true; then make lint; fi",
    ],
)
def test_what_cannot_reach_azure_may_run(script):
    assert reason_to_refuse(script) == ""


@pytest.mark.parametrize(
    "script",
    [
        "modelyard infra up prod",
        "modelyard infra up --format json test",
        ".venv/bin/modelyard infra outputs dev",
        "python -m modelyard infra down dev",
        "MODELYARD_STATE=/x modelyard infra up dev",
        "make lint && modelyard infra up dev",
        "modelyard infra up \\\n  prod",
        'modelyard infra up "$ENVIRONMENT"',
        "modelyard infra up dev; modelyard infra up test --simulate",
        "modelyard infra bootstrap dev --run",
        "modelyard infra up --releases local prod",
        "az login --service-principal",
        "FOO=1 az account show",
        "echo x | /usr/bin/az rest",
        "pulumi up --yes",
        "modelyard release deploy x --env prod",
        "modelyard model promote x --by me --env=prod",
        'modelyard model train x --env "$TARGET"',
        "if az group delete -n x; then true; fi",
        "bash -c 'az login'",
        "env az login",
        "echo `az login`",
    ],
)
def test_what_could_reach_azure_is_refused(script):
    assert "could reach Azure" in reason_to_refuse(script) or "changes Azure" in reason_to_refuse(script)


def test_a_script_with_an_open_quote_is_looked_at_all_the_same():
    assert reason_to_refuse("modelyard infra up prod 'open")
