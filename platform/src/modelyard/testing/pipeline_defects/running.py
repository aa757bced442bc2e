"""Mistakes in commands, secrets, pins, limits and deployments."""

from __future__ import annotations

from modelyard.testing.pipeline_defects.defect import STAGES, STEPS, Defect

SETUP = f"{STEPS}/setup.yml"
SIGNED_IN = f"{STEPS}/signed_in.yml"
SUITE = "pipelines/azure/jobs/suite.yml"
VERIFY = f"{STAGES}/verify.yml"
DEPLOY = f"{STAGES}/deploy.yml"
PRODUCTION = f"{STAGES}/production.yml"
RELEASE = f"{STAGES}/release.yml"
SET_UP = "  - bash: make setup-dev\n"
FIND = "modelyard ci matrix --models changed"
NOTES = "modelyard release notes"


def _setup(name: str, rule: str, script: str) -> Defect:
    """A script before the setup."""
    return Defect(
        name=name, rule=rule, file=SETUP, old=SET_UP, new=f"  - bash: {script}\n{SET_UP}", at=f"- bash: {script}"
    )


def _notes(name: str, rule: str, script: str, *, at: str = "") -> Defect:
    """Another command where the notes are written."""
    return Defect(name=name, rule=rule, file=RELEASE, old=NOTES, new=script, at=at or script)


DEFECTS = (
    _notes("a pipe", "one-command", "make lint | tee log"),
    _notes("two commands in one line", "one-command", "make lint && make type"),
    _notes("a redirect", "one-command", "make lint > log"),
    _notes("a command inside a command", "one-command", "make lint REVISION=$(git rev-parse HEAD)"),
    _notes(
        "two commands in two lines", "one-command", "|\n              make lint\n              make type", at="bash: |"
    ),
    _notes("code on the command line", "one-command", "python -c 'print(1)'"),
    _setup("the environment in the log", "no-dumps", "env | sort"),
    _setup("an installer from the network", "no-installers", "curl -LsSf https://example.com/install.sh | sh"),
    _setup("a package of any version", "no-installers", "pip install build"),
    _notes("a program of nobody", "own-command", "az acr login --name registry"),
    _notes("a target that the Makefile does not have", "make-target", "make notes"),
    _notes("a script that is not there", "file-exists", "python tools/notes.py"),
    Defect(
        name="a verb that modelyard does not have",
        rule="modelyard-command",
        file=VERIFY,
        old=FIND,
        new="modelyard ci models --models changed",
        at="modelyard ci models",
    ),
    Defect(
        name="an option that modelyard does not have",
        rule="modelyard-command",
        file=VERIFY,
        old=FIND,
        new="modelyard ci matrix --only changed",
        at="modelyard ci matrix --only",
    ),
    Defect(
        name="a task that runs a file that is not there",
        rule="file-input-exists",
        file=SETUP,
        old=SET_UP,
        new="  - task: PythonScript@0\n    inputs:\n      scriptPath: tools/missing.py\n" + SET_UP,
        at="scriptPath:",
    ),
    Defect(
        name="a variable that nothing sets",
        rule="macro-known",
        file=SETUP,
        old="versionSpec: $(python)",
        new="versionSpec: 3.11\n      architecture: $(bits)",
        at="architecture: $(bits)",
    ),
    Defect(
        name="an artifact that nobody publishes",
        rule="artifact-published",
        file=DEPLOY,
        old="artifact: notes",
        new="artifact: letters",
        at="artifact: letters",
    ),
    Defect(
        name="a password in a variable",
        rule="no-secret",
        file="pipelines/azure/variables.yml",
        old="  - name: agents\n    value: private\n",
        new="  - name: agents\n    value: private\n  - name: store\n    value: AccountKey=Zm9vYmFyZm9vYmFy\n",
        at="AccountKey=",
    ),
    Defect(
        name="a token in the environment of a step",
        rule="no-secret",
        file=f"{STAGES}/decide.yml",
        old="SYSTEM_ACCESSTOKEN: $(System.AccessToken)",
        new="API_TOKEN: c3VwZXItc2VjcmV0",
        at="API_TOKEN:",
    ),
    Defect(
        name="a password in a comment",
        rule="no-secret-comment",
        file=VERIFY,
        old="    isSkippable: false\n",
        new="    isSkippable: false # password: hunter2hunter2\n",
        at="password:",
    ),
    Defect(
        name="a secret on a command line",
        rule="secret-by-env",
        file=f"{STAGES}/decide.yml",
        old="modelyard ci approval promotion",
        new="modelyard ci approval $(System.AccessToken)",
        at="$(System.AccessToken)",
    ),
    Defect(
        name="an agent that changes by itself",
        rule="agent-image",
        file=VERIFY,
        old="pool: { vmImage: ubuntu-24.04 }",
        new="pool: { vmImage: ubuntu-latest }",
        at="vmImage: ubuntu-latest",
    ),
    Defect(
        name="any Python",
        rule="tool-version",
        file="pipelines/azure/variables.yml",
        old='value: "3.11"',
        new='value: "3.x"',
        at="versionSpec:",
        found_in=SETUP,
    ),
    Defect(
        name="a container by its tag",
        rule="image-digest",
        file=VERIFY,
        old="        timeoutInMinutes: 30\n",
        new="        timeoutInMinutes: 30\n        container: python:3.11\n",
        at="container: python:3.11",
    ),
    Defect(
        name="a cache by branch",
        rule="cache-key",
        file=SETUP,
        old='"$(Agent.OS)" | uv.lock',
        new='"$(Build.SourceBranch)" | uv.lock',
        at="key: ",
    ),
    Defect(
        name="a cache without a lock",
        rule="cache-key",
        file=SETUP,
        old='"$(Agent.OS)" | uv.lock',
        new='"$(Agent.OS)"',
        at="key: ",
    ),
    Defect(
        name="a job that nothing ends",
        rule="timeout",
        file=f"{STAGES}/decide.yml",
        old="        pool: { vmImage: ubuntu-24.04 }\n        timeoutInMinutes: 30\n",
        new="        pool: { vmImage: ubuntu-24.04 }\n",
        at="- deployment: decision",
    ),
    Defect(
        name="a deploy that a newer run cancels",
        rule="lock-sequential",
        file=PRODUCTION,
        old="    lockBehavior: sequential\n",
        new="    lockBehavior: runLatest\n",
        at="lockBehavior: runLatest",
    ),
    Defect(
        name="results that are lost when a test fails",
        rule="results-published",
        file=SUITE,
        old="            displayName: Results\n            condition: succeededOrFailed()\n",
        new="            displayName: Results\n",
        at="- task: PublishTestResults@2",
    ),
    Defect(
        name="tests without results",
        rule="results-published",
        file=SUITE,
        old="in(parameters.suite, 'unit', 'e2e')",
        new="eq(parameters.suite, 'unit')",
        at="- bash: make ",
    ),
    Defect(
        name="coverage that nobody sees",
        rule="coverage-published",
        file=SUITE,
        old="task: PublishCodeCoverageResults@2",
        new="task: PublishHtmlReport@1",
        at="- bash: make ",
    ),
    Defect(
        name="a deployment without a checkout",
        rule="prepared",
        file=f"{STAGES}/decide.yml",
        old="              steps:\n                - template: ../steps/setup.yml\n",
        new="              steps:\n",
        at="steps:",
    ),
    Defect(
        name="a checkout that keeps the run's token",
        rule="no-credentials-kept",
        file=SETUP,
        old="persistCredentials: false",
        new="persistCredentials: true",
        at="persistCredentials: true",
    ),
    Defect(
        name="an environment that is changed by a plain job",
        rule="changes-in-deployments",
        file=f"{STAGES}/candidates.yml",
        old="command: modelyard model train $(model)",
        new="command: modelyard release deploy $(model)",
        at="inlineScript:",
        found_in=SIGNED_IN,
    ),
    Defect(
        name="an environment in a variable",
        rule="environment-named",
        file=PRODUCTION,
        old="        environment: prod\n        pool",
        new="        environment: $(target)\n        pool",
        at="environment: $(target)",
    ),
    Defect(
        name="a deploy to prod that asks the checks of test",
        rule="environment-agrees",
        file=PRODUCTION,
        old="        environment: prod\n        pool",
        new="        environment: test\n        pool",
        at="- bash: modelyard infra up prod",
    ),
    Defect(
        name="a deploy after a failure",
        rule="no-deploy-after-failure",
        file=DEPLOY,
        old="    lockBehavior: sequential\n",
        new="    lockBehavior: sequential\n    condition: always()\n",
        at="condition: always()",
    ),
    Defect(
        name="a client secret",
        rule="no-client-secret",
        file=SIGNED_IN,
        old="          SYSTEM_ACCESSTOKEN: $(System.AccessToken)\n",
        new="          ARM_CLIENT_SECRET: $(armClientSecret)\n",
        at="ARM_CLIENT_SECRET",
    ),
    Defect(
        name="a sign-in without a service connection",
        rule="service-connection",
        file=SIGNED_IN,
        old="          azureSubscription: modelyard-${{ parameters.environment }}\n",
        new="",
        at="- task: AzureCLI@2",
    ),
    Defect(
        name="a secret that the connection hands over",
        rule="federation-said",
        file=SIGNED_IN,
        old="addSpnToEnvironment: true # the federated token; the connection holds no secret",
        new="addSpnToEnvironment: true",
        at="addSpnToEnvironment",
    ),
    Defect(
        name="a rehearsal that reaches Azure",
        rule="stand-in",
        file=PRODUCTION,
        old="bash: modelyard infra up prod --releases releases --percent ${{ parameters.canaryPercent }} --simulate",
        new="bash: modelyard infra up prod --releases releases --percent 20",
        at="--percent 20",
    ),
    Defect(
        name="a rehearsal that signs in",
        rule="stand-in",
        file=SIGNED_IN,
        old="  - ${{ if eq(parameters.standIn, 'none') }}:",
        new="  - ${{ if ne(parameters.title, 'none') }}:",
        at="- task: AzureCLI@2",
    ),
)
