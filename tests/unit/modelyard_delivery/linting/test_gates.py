"""Every gate accepts what came through it, refuses what went around it, and a weakened copy of it is caught."""

import textwrap

import pytest

from modelyard.delivery.expanding.loading import load
from modelyard.delivery.linting.gates import GATES, Gate, examine, holes_of
from modelyard.delivery.linting.works import WORKS

NAMES = [f"{gate.before} needs {gate.needs}" for gate in GATES]
every_gate = pytest.mark.parametrize("gate", GATES, ids=NAMES)


def command(name):
    """A step that does this work."""
    doings = WORKS[name].doings
    if not doings:
        return "echo asked"
    words = " ".join(doings[0].words)
    environment = sorted(WORKS[name].environments)
    about = "dev" if words == "modelyard infra up" and name == "provision" else ""
    if doings[0].having:
        about = " ".join([*environment[:1], doings[0].having])
    return f"{words} {about}".strip()


def stage(name, work, *, depends_on="", stage="", job="", step=""):
    """A stage that does this work in one job."""
    inner = f"- bash: {command(work)}\n{textwrap.indent(step, '  ')}"
    head = f"- stage: {name}\n  dependsOn: [{depends_on}]\n{textwrap.indent(stage, '  ')}  jobs:\n"
    environments = sorted(WORKS[work].environments)
    if environments and work != "provision":
        body = f"- deployment: it\n  environment: {environments[0]}\n{textwrap.indent(job, '  ')}"
        body += "  strategy:\n    runOnce:\n      deploy:\n        steps:\n" + textwrap.indent(inner, " " * 10)
    else:
        body = f"- job: it\n{textwrap.indent(job, '  ')}  steps:\n" + textwrap.indent(inner, " " * 4)
    return head + textwrap.indent(body, "    ") + "\n"


def holes(tmp_path, gate, *stages):
    (tmp_path / "p.yml").write_text("stages:\n" + textwrap.indent("".join(stages), "  "), encoding="utf-8")
    # Only promotions make a pipeline one that promotes, so that the gate asks for what it needs and not for the ledger.
    examined = examine(load(tmp_path, "p.yml"))
    plain = Gate(before=gate.before, needs=gate.needs)
    return [hole.why for _, hole in holes_of(plain, examined)]


@every_gate
def test_accepts_what_came_through_the_gate(tmp_path, gate):
    assert holes(tmp_path, gate, stage("gate", gate.needs), stage("after", gate.before, depends_on="gate")) == []


@every_gate
def test_accepts_it_through_a_stage_between(tmp_path, gate):
    between = stage("between", "style", depends_on="gate")
    after = stage("after", gate.before, depends_on="between")
    assert holes(tmp_path, gate, stage("gate", gate.needs), between, after) == []


@every_gate
def test_refuses_what_does_not_wait_for_it(tmp_path, gate):
    [why] = holes(tmp_path, gate, stage("gate", gate.needs), stage("after", gate.before))
    assert why == "stage after does not wait for stage gate"


@every_gate
def test_refuses_a_pipeline_without_it(tmp_path, gate):
    [why] = holes(tmp_path, gate, stage("after", gate.before))
    assert why.startswith("nothing in this pipeline does")


STAGE_CONDITIONS = [
    "always()",
    "succeededOrFailed()",
    "failed()",
    "not(canceled())",
    "not(failed())",
    "in(dependencies.gate.result, 'Succeeded', 'Skipped')",
    "or(succeeded(), eq(variables['hotfix'], 'true'))",
    "eq(variables['Build.SourceBranch'], 'refs/heads/main')",
]


@every_gate
@pytest.mark.parametrize("condition", STAGE_CONDITIONS)
def test_catches_a_condition_that_opens_it(tmp_path, gate, condition):
    after = stage("after", gate.before, depends_on="gate", stage=f"condition: {condition}\n")
    [why] = holes(tmp_path, gate, stage("gate", gate.needs), after)
    assert why.startswith("the condition of stage after lets it run")


@pytest.mark.parametrize("condition", STAGE_CONDITIONS)
def test_catches_a_condition_that_opens_it_in_between(tmp_path, condition):
    between = stage("between", "style", depends_on="gate", stage=f"condition: {condition}\n")
    after = stage("after", "deploy-prod", depends_on="between")
    gate = Gate(before="deploy-prod", needs="scan")
    [why] = holes(tmp_path, gate, stage("gate", gate.needs), between, after)
    assert why.startswith("the condition of stage between lets it run")


@every_gate
def test_accepts_a_condition_that_asks_for_success_and_more(tmp_path, gate):
    condition = "condition: and(succeeded(), eq(variables['Build.SourceBranch'], 'refs/heads/main'))\n"
    after = stage("after", gate.before, depends_on="gate", stage=condition)
    assert holes(tmp_path, gate, stage("gate", gate.needs, stage=condition), after) == []


WEAK_JOBS = {"continueOnError: true\n": "may fail", "continueOnError: $(lenient)\n": "may fail"}
WEAK_JOBS |= {"condition: eq(variables['x'], 'y')\n": "can be skipped"}
WEAK_STEPS = {
    "continueOnError: true\n": "may fail",
    "enabled: false\n": "switched off",
    "condition: eq(variables['x'], 'y')\n": "can be skipped",
    "condition: failed()\n": "can be skipped",
}


@every_gate
@pytest.mark.parametrize("key", WEAK_JOBS)
def test_catches_a_job_that_is_no_gate(tmp_path, gate, key):
    [why] = holes(tmp_path, gate, stage("gate", gate.needs, job=key), stage("after", gate.before, depends_on="gate"))
    assert WEAK_JOBS[key] in why


@pytest.mark.parametrize("gate", [gate for gate in GATES if WORKS[gate.needs].doings], ids=str)
@pytest.mark.parametrize("key", WEAK_STEPS)
def test_catches_a_step_that_is_no_gate(tmp_path, gate, key):
    [why] = holes(tmp_path, gate, stage("gate", gate.needs, step=key), stage("after", gate.before, depends_on="gate"))
    assert WEAK_STEPS[key] in why


def in_one_job(tmp_path, *steps, gate=None):
    text = "steps:\n" + "".join(f"  - bash: {step}\n" for step in steps)
    (tmp_path / "p.yml").write_text(text, encoding="utf-8")
    gate = gate or Gate(before="promotion", needs="comparison")
    return [hole.why for _, hole in holes_of(gate, examine(load(tmp_path, "p.yml")))]


def test_within_a_job_the_order_of_steps_is_the_gate(tmp_path):
    compare, promote = "modelyard model compare x --gate", "modelyard model promote x"
    assert in_one_job(tmp_path, compare, promote) == []
    assert in_one_job(tmp_path, promote, compare) == [f"it runs before `{compare}`"]
    assert in_one_job(tmp_path, f"{compare}\n    continueOnError: true", promote) == [
        f"step `{compare}` may fail and its job goes on"
    ]
    [why] = in_one_job(tmp_path, compare, f"{promote}\n    condition: always()")
    assert why == "its condition lets it run when the job is Failed"


def test_jobs_of_one_stage_wait_for_each_other_too(tmp_path, written):
    text = """
        jobs:
          - job: compare
            steps: [{bash: modelyard model compare x --gate}]
          - job: promote
            dependsOn: [%s]
            condition: %s
            steps: [{bash: modelyard model promote x}]
    """
    gate = Gate(before="promotion", needs="comparison")

    def why(depends_on, condition):
        return [hole.why for _, hole in holes_of(gate, examine(written(text % (depends_on, condition))))]

    assert why("compare", "succeeded()") == []
    assert why("", "succeeded()") == ["job promote does not wait for job compare"]
    assert why("compare", "always()") == ["the condition of job promote lets it run when job compare is Failed"]


def test_a_gate_on_the_way_back_is_none(tmp_path, written):
    pipeline = written("""
        stages:
          - stage: gate
            jobs:
              - deployment: it
                environment: dev
                strategy:
                  runOnce:
                    deploy: {steps: [{bash: make lint}]}
                    on: {failure: {steps: [{bash: modelyard model compare x --gate}]}}
          - stage: after
            jobs: [{job: it, steps: [{bash: modelyard model promote x}]}]
    """)
    gate = Gate(before="promotion", needs="comparison")
    assert [hole.why for _, hole in holes_of(gate, examine(pipeline))] == [
        "step `modelyard model compare x --gate` runs only after a failure"
    ]


def test_going_back_is_no_deploy(tmp_path, written):
    pipeline = written("steps: [{bash: modelyard infra up prod --releases x --back}]")
    assert examine(pipeline).works["deploy-prod"] == []
    assert len(examine(pipeline).works["provision"]) == 1


def test_a_pipeline_that_does_not_promote_may_show_the_ledger_instead(tmp_path, written):
    text = """
        stages:
          - stage: decided
            jobs: [{job: it, steps: [{bash: modelyard model verify x}]}]
          - stage: deploy
            jobs:
              - deployment: it
                environment: prod
                strategy: {runOnce: {deploy: {steps: [{bash: modelyard release deploy x}]}}}
    """
    gate = Gate(before="deploy-prod", needs="approval", instead="ledger")
    assert list(holes_of(gate, examine(written(text)))) == []
    promotes = text.replace("modelyard model verify x", "modelyard model promote x")
    [(_, hole)] = holes_of(gate, examine(written(promotes)))
    assert "nothing in this pipeline does the approval" in hole.why


def test_a_deploy_is_known_by_its_command_wherever_it_is_put(tmp_path, written):
    pipeline = written("""
        jobs:
          - deployment: it
            environment: prod-infra
            strategy: {runOnce: {deploy: {steps: [{bash: modelyard infra up prod --releases x}]}}}
          - job: hidden
            steps: [{bash: modelyard release deploy x --env prod}]
    """)
    assert [site.job.name for site in examine(pipeline).works["deploy-prod"]] == ["it", "hidden"]
