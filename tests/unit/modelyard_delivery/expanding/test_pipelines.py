"""The typed pipeline: every short form of the service, read as what it stands for."""

from __future__ import annotations

import pytest

from modelyard.delivery.pipeline import HOOKS
from modelyard.errors import InvalidPipelineError


def only_job(pipeline):
    ((_, job),) = pipeline.jobs
    return job


def test_a_pipeline_of_steps_is_one_job_in_one_stage(pipeline):
    found = pipeline("pool: linux\nstrategy: {parallel: 3}\nworkspace: {clean: all}\nsteps:\n- script: make test\n")
    (stage,) = found.stages
    assert (stage.name, stage.depends_on) == ("__default", ())
    job = only_job(found)
    assert (job.name, job.kind, job.clean, job.strategy.parallel) == ("Job", "job", "all", 3)
    assert found.pool == {"name": "linux"}
    assert job.steps[0].does == "make test"
    assert job.steps[0].label == "make test"


def test_a_pipeline_of_jobs_is_one_stage_and_jobs_without_a_name_are_counted(pipeline):
    found = pipeline("jobs:\n- job:\n  steps: []\n- job: b\n  dependsOn: Job\n  steps: []\n- job:\n  steps: []\n")
    assert [(job.name, job.depends_on) for _, job in found.jobs] == [("Job", ()), ("b", ("Job",)), ("Job3", ())]


def test_a_stage_waits_for_the_one_before_it_unless_it_says_otherwise(pipeline):
    entry = """
        lockBehavior: sequential
        stages:
        - stage: a
          jobs: [{job: x, steps: []}]
        - stage: b
          displayName: The second
          condition: succeeded()
          lockBehavior: runLatest
          pool: {vmImage: ubuntu-24.04}
          jobs: [{job: x, steps: []}]
        - stage: c
          dependsOn: []
          trigger: manual
          jobs: [{job: x, steps: []}]
        - stage: d
          dependsOn: [a, c]
          jobs: [{job: x, steps: []}]
        - stage: e
          dependsOn: a
          jobs: [{job: x, steps: []}]
    """
    found = pipeline(entry)
    waits = {stage.name: stage.depends_on for stage in found.stages}
    assert waits == {"a": (), "b": ("a",), "c": (), "d": ("a", "c"), "e": ("a",)}
    second = found.stages[1]
    assert (second.title, second.condition, second.lock_behavior) == ("The second", "succeeded()", "runLatest")
    assert second.pool == {"vmImage": "ubuntu-24.04"}
    assert [stage.manual for stage in found.stages] == [False, False, True, False, False]
    assert found.lock_behavior == "sequential"
    assert second.place.line == 6


def test_every_kind_of_step_is_read(pipeline):
    entry = """
        steps:
        - checkout: self
          fetchDepth: 1
          persistCredentials: false
        - script: make
          workingDirectory: src
          failOnStderr: true
        - bash: make
        - pwsh: Get-Item
          errorActionPreference: stop
        - powershell: Get-Item
          ignoreLASTEXITCODE: true
        - task: Cache@2
          inputs: {key: uv.lock, path: .cache}
        - download: current
          artifact: release
          patterns: "*.json"
        - publish: dist
          artifact: release
        - upload: dist
          artifact: again
        - downloadBuild: other
          artifact: drop
        - getPackage: feed
          path: here
        - reviewApp: pull
    """
    steps = only_job(pipeline(entry)).steps
    assert [(step.kind, step.does, step.shell) for step in steps] == [
        ("checkout", "self", "default"),
        ("script", "make", "default"),
        ("script", "make", "bash"),
        ("script", "Get-Item", "pwsh"),
        ("script", "Get-Item", "powershell"),
        ("task", "Cache@2", "default"),
        ("download", "current", "default"),
        ("publish", "dist", "default"),
        ("publish", "dist", "default"),
        ("task", "DownloadBuildArtifacts@0", "default"),
        ("task", "DownloadPackage@1", "default"),
        ("task", "ReviewApp@0", "default"),
    ]
    assert steps[0].inputs == {"fetchDepth": "1", "persistCredentials": "false"}
    assert (steps[1].inputs, steps[1].working_directory) == ({"failOnStderr": "true"}, "src")
    assert steps[5].inputs == {"key": "uv.lock", "path": ".cache"}
    assert steps[6].inputs == {"artifact": "release", "patterns": "*.json"}
    assert steps[7].inputs == {"artifact": "release"}


@pytest.mark.parametrize("late", ["$(later)", "$[ variables.later ]"])
@pytest.mark.parametrize("key", ["enabled", "continueOnError", "timeoutInMinutes", "retryCountOnTaskFailure"])
def test_a_run_works_none_of_these_out_for_a_step(pipeline, key, late):
    with pytest.raises(InvalidPipelineError, match=f"azure-pipelines.yml:3: `{key}` is"):
        pipeline(f"steps:\n- script: x\n  {key}: {late}\n")


@pytest.mark.parametrize("late", ["$(later)", "$[ variables.later ]"])
def test_a_run_may_work_them_out_for_a_job(pipeline, late):
    job = only_job(pipeline(f"jobs:\n- job: a\n  continueOnError: {late}\n  timeoutInMinutes: {late}\n  steps: []\n"))
    assert (job.continue_on_error, job.timeout_minutes) == (late, None)


def test_what_every_step_can_say_is_read(pipeline):
    entry = """
        steps:
        - script: |
            make a
            make b
          name: both
          displayName: Make both
          condition: succeededOrFailed()
          enabled: no
          continueOnError: true
          timeoutInMinutes: 5
          retryCountOnTaskFailure: 2
          env:
            TOKEN: $(System.AccessToken)
    """
    (step,) = only_job(pipeline(entry)).steps
    assert (step.name, step.title, step.label) == ("both", "Make both", "Make both")
    assert step.does == "make a\nmake b\n"
    assert (step.condition, step.enabled, step.continue_on_error) == ("succeededOrFailed()", "false", "true")
    assert (step.timeout_minutes, step.retries) == (5.0, 2)
    assert step.env == {"TOKEN": "$(System.AccessToken)"}
    assert str(step.place) == "azure-pipelines.yml:3"


def test_what_every_job_can_say_is_read(pipeline):
    entry = """
        jobs:
        - job: a
          displayName: First
          condition: always()
          continueOnError: true
          timeoutInMinutes: 30
          cancelTimeoutInMinutes: 2
          pool: {vmImage: ubuntu-24.04, demands: [git]}
          container: image
          services: {db: postgres}
          uses: {repositories: [other]}
          workspace: {clean: outputs}
          strategy:
            maxParallel: 2
            matrix:
              one: {NAME: first}
              two: {NAME: second, LEVEL: 2}
          steps: []
        - job: b
          strategy: {matrix: "$[ dependencies.a.outputs['m.models'] ]"}
          steps: []
    """
    first, second = (job for _, job in pipeline(entry).jobs)
    assert (first.title, first.condition, first.continue_on_error) == ("First", "always()", "true")
    assert (first.timeout_minutes, first.cancel_timeout_minutes, first.clean) == (30.0, 2.0, "outputs")
    assert first.pool == {"vmImage": "ubuntu-24.04", "demands": ["git"]}
    assert first.strategy.matrix == {"one": {"NAME": "first"}, "two": {"NAME": "second", "LEVEL": "2"}}
    assert first.strategy.max_parallel == 2
    assert second.strategy.matrix == "$[ dependencies.a.outputs['m.models'] ]"


@pytest.mark.parametrize(
    ("written", "found"),
    [
        ("prod", "prod"),
        ("prod.cluster", "prod"),
        ("{name: prod, resourceType: Kubernetes}", "prod"),
        ("$(env)", "$(env)"),
    ],
)
def test_an_environment_is_a_name_or_a_mapping(pipeline, written, found):
    entry = f"""
        jobs:
        - deployment: d
          environment: {written}
          strategy: {{runOnce: {{deploy: {{steps: []}}}}}}
    """
    job = only_job(pipeline(entry))
    assert (job.kind, job.environment, job.rollout) == ("deployment", found, "runOnce")


def test_the_hooks_of_a_deployment_come_in_the_order_they_run_in(pipeline):
    entry = """
        jobs:
        - deployment: d
          environment: prod
          strategy:
            canary:
              increments: [10, 20]
              on:
                success: {steps: [script: yes]}
                failure: {steps: [script: back]}
              postRouteTraffic: {steps: [script: verify]}
              routeTraffic: {steps: [script: watch]}
              deploy:
                pool: linux
                steps: [script: canary]
              preDeploy: {steps: [script: look]}
    """
    job = only_job(pipeline(entry))
    assert [hook.name for hook in job.hooks] == list(HOOKS)
    assert [step.does for step in job.all_steps] == ["look", "canary", "watch", "verify", "back", "yes"]
    assert job.steps == ()
    assert job.rollout == "canary"


def test_what_starts_a_run_is_kept_as_it_is_written(pipeline):
    entry = """
        name: $(Date:yyyyMMdd)$(Rev:.r)
        trigger:
          batch: true
          branches: {include: [main, release/*]}
          paths: {exclude: [docs]}
        pr: none
        schedules:
        - cron: "0 3 * * *"
          displayName: nightly
          branches: {include: [main]}
          always: true
        resources:
          repositories:
          - repository: tools
            type: git
            name: Project/tools
            ref: ${{ 'refs/heads/main' }}
          pipelines:
          - pipeline: upstream
            source: Other
            trigger: {branches: [main], stages: [deploy]}
          containers:
          - container: image
            image: registry/image:${{ 'tag' }}
          webhooks:
          - webhook: promotion
            connection: registry
            filters: [{path: kind, value: promoted}]
        steps: []
    """
    found = pipeline(entry)
    assert found.name == "$(Date:yyyyMMdd)$(Rev:.r)"
    assert found.trigger["branches"] == {"include": ["main", "release/*"]}
    assert found.pr == "none"
    assert found.schedules[0]["cron"] == "0 3 * * *"
    assert found.resources["webhooks"][0]["filters"] == [{"path": "kind", "value": "promoted"}]
    assert found.resources["repositories"][0]["ref"] == "refs/heads/main"
    assert found.resources["containers"][0]["image"] == "registry/image:tag"
    assert pipeline("trigger: [main, dev]\nsteps: []\n").trigger == ["main", "dev"]
    assert pipeline("steps: []\n").trigger is None


def test_the_document_is_the_final_yaml_and_the_file_is_named_from_the_root(pipeline):
    found = pipeline(
        "parameters:\n- name: a\n  default: b\nsteps:\n- script: ${{ parameters.a }}\n", file="pipelines/x.yml"
    )
    assert found.document == {"steps": [{"script": "b"}]}
    assert (found.file, str(found.place)) == ("pipelines/x.yml", "pipelines/x.yml:1")
