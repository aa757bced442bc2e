"""Commands in words that a gate could overlook, and conditions and forks that hide what they do."""

from __future__ import annotations

from modelyard.testing.pipeline_defects.defect import STAGES, STEPS, Defect

SETUP = f"{STEPS}/setup.yml"
SIGNED_IN = f"{STEPS}/signed_in.yml"
SUITE = "pipelines/azure/jobs/suite.yml"
VARIABLES = "pipelines/azure/variables.yml"
CANDIDATES = f"{STAGES}/candidates.yml"
DECIDE = f"{STAGES}/decide.yml"
RELEASE = f"{STAGES}/release.yml"
PRODUCTION = f"{STAGES}/production.yml"
SET_UP = "  - bash: make setup-dev\n"
NOTES = "modelyard release notes"
MAKE = "      - bash: make ${{ parameters.suite }}\n"
WAITS = "    dependsOn: [deploy_test]\n"
FORK = "    ${{{{ if {} }}}}:\n      dependsOn: []\n    ${{{{ else }}}}:\n      dependsOn: [deploy_test]\n"
"""A stage that waits for nothing where something holds."""


def _notes(name: str, rule: str, script: str) -> Defect:
    """Another command where the notes are written, in a job that asks nobody."""
    return Defect(name=name, rule=rule, file=RELEASE, old=NOTES, new=script, at=script)


def _signed_in(name: str, file: str, old: str, new: str) -> Defect:
    """Another command that signs in: its words stand in the template."""
    return Defect(
        name=name, rule="plain-command", file=file, old=old, new=new, at="inlineScript: ${{", found_in=SIGNED_IN
    )


def _task(name: str, rule: str, task: str, inputs: str, at: str) -> Defect:
    """A task before the setup."""
    written = f"  - task: {task}\n    inputs:\n      {inputs}\n"
    return Defect(name=name, rule=rule, file=SETUP, old=SET_UP, new=written + SET_UP, at=at)


def _sometimes(name: str, condition: str) -> Defect:
    """A deploy to production that runs after a failure, for some value of a variable."""
    added = f"    condition: or(succeeded(), {condition})\n"
    return Defect(name=name, rule="gates", file=PRODUCTION, old=WAITS, new=WAITS + added, at="condition: or(")


DEFECTS = (
    _notes("a value that is part of its option", "plain-command", "modelyard infra up prod --releases=releases"),
    _notes("an environment behind the options", "plain-command", "modelyard infra up --releases releases prod"),
    _notes("two environments, of which one counts", "plain-command", "modelyard release deploy --env dev --env prod"),
    _notes("an environment that a variable names", "plain-command", "modelyard release deploy --env $(target)"),
    _notes("an experiment outside of a deployment", "changes-in-deployments", "modelyard release ab m --env prod"),
    _notes("a target that deploys", "plain-make", "make hotfix"),
    _notes("a module of Python", "own-command", "python -m modelyard.cli infra up prod"),
    _signed_in("a gate that only says how it is called", RELEASE, "release test $(model)", "release test --help"),
    _signed_in("a promotion against the comparison", DECIDE, '--by "$DECIDEDBY"', '--by "$DECIDEDBY" --override'),
    Defect(
        name="a comparison that nothing stops at",
        rule="gates",
        file=CANDIDATES,
        old="compare $(model) --gate",
        new="compare $(model)",
        at="- stage: promote",
        found_in=DECIDE,
    ),
    Defect(
        name="tests that are only counted",
        rule="plain-make",
        file=SUITE,
        old=MAKE,
        new=MAKE.replace(" }}\n", " }} --dry-run\n"),
        at="--dry-run",
    ),
    Defect(
        name="tests that may fail by a variable",
        rule="told-in-words",
        file=VARIABLES,
        old="  - name: agents\n    value: private\n",
        new="  - name: agents\n    value: private\n  - name: MAKEFLAGS\n    value: --ignore-errors\n",
        at="- name: MAKEFLAGS",
    ),
    Defect(
        name="an environment that a variable changes",
        rule="told-in-words",
        file=DECIDE,
        old="SYSTEM_ACCESSTOKEN: $(System.AccessToken)",
        new="MODELYARD_ENV: prod",
        at="MODELYARD_ENV: prod",
    ),
    _task(
        "a task that deploys",
        "task-known",
        "AzureContainerApps@1",
        "azureSubscription: modelyard-prod",
        "- task: AzureC",
    ),
    _task("a script from a file", "script-inline", "Bash@3", "filePath: tools/prepare.py", "filePath:"),
    Defect(
        name="a branch that waits for nothing",
        rule="decided-by-parameters",
        file=PRODUCTION,
        old=WAITS,
        new=FORK.format("eq(variables['Build.SourceBranchName'], 'hotfix')"),
        at="${{ if eq(variables",
    ),
    Defect(
        name="a number that waits for nothing",
        rule="gates",
        file=PRODUCTION,
        old=WAITS,
        new=FORK.format("and(eq(parameters.canaryPercent, 50), eq(parameters.standIn, 'none'))"),
        at="dependsOn: []",
    ),
    _sometimes(
        "a branch that needs no test",
        "and(startsWith(variables['Build.SourceBranch'], 'refs'), endsWith(variables['Build.SourceBranch'], 'x'))",
    ),
    _sometimes("a failure that is asked for", "containsValue(dependencies.*.result, 'Failed')"),
    _sometimes("a number in between", "and(ge(variables['n'], 5), le(variables['n'], 10))"),
    _sometimes("a long name", "gt(length(variables['Build.SourceVersion']), 20)"),
)
