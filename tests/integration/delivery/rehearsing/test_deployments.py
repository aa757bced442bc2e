import pytest

from modelyard.delivery.rehearsing.playing.approvals import Decision, GivenApproval
from modelyard.delivery.rehearsing.wishes import Company

PIPELINE = """
    stages:
      - stage: build
        jobs:
          - job: build
            steps:
              - script: echo bundle > bundle.txt; echo built >> @said/marks
              - publish: bundle.txt
                artifact: release
      - stage: prod
        jobs:
          - deployment: prod
            environment: prod
            strategy:
              runOnce:
                preDeploy:
                  steps: [{script: echo pre >> @said/marks; touch junk, name: pre}]
                deploy:
                  steps:
                    - script: echo deploy >> @said/marks; test ! -e junk; cat $(Pipeline.Workspace)/release/bundle.txt
                      name: canary
                routeTraffic:
                  steps: [{script: echo route >> @said/marks, name: route}]
                postRouteTraffic:
                  steps:
                    - script: |
                        echo verify >> @said/marks
                        echo "##vso[task.setvariable variable=ok;isOutput=true]yes"
                      name: verify
                on:
                  success:
                    steps: [{script: echo success >> @said/marks, name: good}]
                  failure:
                    steps: [{script: echo back >> @said/marks, name: back}]
      - stage: after
        variables: {ok: "$[ stageDependencies.prod.prod.outputs['prod.verify.ok'] ]"}
        jobs: [{job: j, steps: [{script: 'test "$OK" = yes'}]}]
    """
GATES = {"prod": ("lead@example.com",)}


class Says:
    """An approver with one answer; remembers what it was asked."""

    def __init__(self, decision):
        self.decision = decision
        self.asked = []

    def ask(self, request):
        self.asked.append(request)
        return self.decision


def company(approver, **more):
    return Company(person="Ada", approver=approver, gates=GATES, **more)


def test_an_approved_deployment_runs_its_hooks_in_order_each_on_an_agent_of_its_own(project):
    project.commit(PIPELINE)
    finished = project.rehearse(company(GivenApproval("Grace", "figures are better")))
    assert finished.failure is None, finished.failure
    assert project.marks() == ["built", "pre", "deploy", "route", "verify", "success"]
    approval = finished.record.approvals[0]
    assert (approval["by"], approval["reason"], approval["environment"]) == ("Grace", "figures are better", "prod")
    assert "approved: prod before prod, by Grace: figures are better" in project.texts(finished)["summary.md"]


def test_whoever_is_asked_sees_the_environment_and_who_approves_in_the_service(project):
    project.commit(PIPELINE)
    says = Says(Decision(approved=True, by="Grace", reason="yes", how="asked"))
    project.rehearse(company(says))
    assert [(one.stage, one.environment, one.approvers) for one in says.asked] == [
        ("prod", "prod", ("lead@example.com",))
    ]


@pytest.mark.parametrize("hook", ["preDeploy/pre", "deploy/canary", "routeTraffic/route", "postRouteTraffic/verify"])
def test_a_failure_in_any_hook_skips_the_rest_and_rolls_back_but_never_turns_green(project, hook):
    project.commit(PIPELINE)
    finished = project.rehearse(company(GivenApproval("Grace", "ok")), fail=f"prod/prod/{hook}")
    order = ["pre", "deploy", "route", "verify"]
    reached = {"preDeploy": 0, "deploy": 1, "routeTraffic": 2, "postRouteTraffic": 3}[hook.split("/")[0]]
    assert project.marks() == ["built", *order[:reached], "back"]
    assert finished.record.stage("prod").result == "Failed"
    assert f"on {hook.split('/')[0]}" in finished.failure.message


def test_a_roll_back_that_fails_is_reported_too(project):
    project.commit(
        PIPELINE.replace("echo back >> @said/marks", "exit 4").replace("echo verify >> @said/marks", "exit 7")
    )
    finished = project.rehearse(company(GivenApproval("Grace", "ok")))
    assert "on postRouteTraffic" in finished.failure.message
    assert finished.failure.exit_code == 7
    assert "prod / prod / failure / " in project.texts(finished)["summary.md"]


def test_a_refusal_stops_the_run_before_anything_is_deployed(project, results_of):
    project.commit(PIPELINE)
    finished = project.rehearse(company(Says(Decision(approved=False, by="Grace", reason="not today", how="asked"))))
    assert project.marks() == ["built"]
    assert finished.failure.exit_code == 5
    assert "Grace did not approve: not today" in finished.failure.message
    assert finished.record.approvals[0]["decision"] == "rejected"
    assert results_of(finished.record)["after"] == "Pending"


def test_where_nobody_can_be_asked_the_run_waits_and_a_rerun_with_an_approval_goes_on(project):
    project.commit(PIPELINE)
    finished = project.rehearse(company(Says(None)))
    assert finished.record.result == "Waiting"
    assert finished.failure.exit_code == 5
    assert finished.failure.hint == "modelyard ci rehearse pipeline.yml --rerun 1 --approve-as NAME --reason WHY"
    again = project.rehearse(company(GivenApproval("Grace", "ok")), rerun=1)
    assert again.failure is None, again.failure
    assert project.marks() == ["built", "pre", "deploy", "route", "verify", "success"]


def test_an_environment_without_a_gate_asks_nobody(project):
    project.commit(PIPELINE)
    says = Says(None)
    finished = project.rehearse(Company(person="Ada", approver=says))
    assert finished.failure is None
    assert says.asked == []


def test_a_deployment_has_no_sources_unless_it_checks_them_out(project):
    project.commit(
        """
        jobs:
          - deployment: d
            environment: dev
            strategy:
              runOnce:
                preDeploy: {steps: [{script: 'test -z "$(ls)"'}]}
                deploy: {steps: [{checkout: self}, {script: test -e pipeline.yml}]}
        """
    )
    assert project.rehearse().failure is None


def test_download_none_keeps_artifacts_away_from_a_deployment(project):
    project.commit(
        """
        stages:
          - stage: a
            jobs: [{job: j, steps: [{publish: pipeline.yml, artifact: x}]}]
          - stage: b
            jobs:
              - deployment: d
                environment: dev
                strategy:
                  runOnce: {deploy: {steps: [{download: none}, {script: 'test -z "$(ls $(Pipeline.Workspace))"'}]}}
        """
    )
    assert project.rehearse().failure is None


def test_a_manual_validation_asks_as_an_approval_does(project):
    project.commit(
        """
        jobs:
          - job: wait
            pool: server
            steps: [{task: ManualValidation@1, inputs: {instructions: look at the report, notifyUsers: ''}}]
        """
    )
    says = Says(Decision(approved=False, by="Grace", reason="no", how="asked"))
    finished = project.rehearse(company(says))
    assert says.asked[0].instructions == "look at the report"
    assert finished.failure.exit_code == 5


@pytest.mark.parametrize("answer", [Decision(approved=False, by="Grace", reason="no", how="asked"), None])
def test_no_continue_on_error_overlooks_that_somebody_refused(project, answer):
    project.commit(
        """
        stages:
          - stage: a
            jobs:
              - job: wait
                continueOnError: true
                steps:
                  - {task: ManualValidation@1, continueOnError: true, inputs: {notifyUsers: ''}}
                  - script: echo went on > $(Agent.TempDirectory)/mark
          - stage: b
            jobs: [{job: after, steps: [{script: echo}]}]
        """
    )
    finished = project.rehearse(company(Says(answer)))
    assert finished.failure.exit_code == 5
    assert [one.result for one in finished.record.stages] == ["Failed", "Pending"]
    assert [one.result for one in finished.record.stages[0].jobs[0].steps] == ["Failed", "Skipped"]
