"""GitHub's workflows do what the pipelines do: the same commands in the same order, behind the same gates."""

import re
from pathlib import Path

import pytest
import yaml

from modelyard.delivery.expanding.loading import load
from modelyard.delivery.github.actions import ACTIONS
from modelyard.delivery.github.outputs import job_id, translated
from modelyard.delivery.github.texts import Words
from modelyard.delivery.github.workflows import ENTRIES, Entry, workflow, workflows
from modelyard.delivery.pipeline import Stage
from modelyard.delivery.places import Place
from modelyard.errors import InvalidPipelineError

ROOT = Path(__file__).resolve().parents[4]
HERE = Place("p.yml", 1)
STAGE = Stage(name="train", place=HERE)


@pytest.fixture(scope="module")
def rendered():
    return workflows(ROOT)


def documents(rendered):
    return {Path(file).stem: yaml.safe_load(text) for file, text in rendered.items()}


def test_what_is_committed_is_what_the_pipelines_say(rendered):
    committed = {f".github/workflows/{path.name}": path.read_text() for path in (ROOT / ".github/workflows").iterdir()}
    assert committed == rendered, "run: modelyard ci render"


def commands_of(step):
    """A command without the spelling of variables and folders."""
    text = re.sub(
        r"\$\((?:Pipeline\.Workspace|Build\.ArtifactStagingDirectory)\)|\$RUNNER_TEMP(?:/staging)?", "DIR", step
    )
    return re.sub(r"\$\((\w+)\)", lambda found: f"${found.group(1).upper()}", text).replace('"', "")


def asked_for(pipeline):
    found = {}
    for stage, job in pipeline.jobs:
        hooks = sorted(job.hooks, key=lambda hook: hook.name == "failure")
        steps = [*job.steps, *(step for hook in hooks for step in hook.steps)]
        scripts = [step.inputs.get("inlineScript") or (step.does if step.kind == "script" else None) for step in steps]
        found[job_id(stage.name, job.name)] = [commands_of(text.strip()) for text in scripts if text]
    return found


@pytest.mark.parametrize("entry", ENTRIES, ids=lambda entry: entry.workflow)
def test_every_job_runs_the_commands_of_its_pipeline_in_the_same_order(rendered, entry):
    pipeline = load(ROOT, entry.file)
    jobs = documents(rendered)[entry.workflow]["jobs"]
    for name, commands in asked_for(pipeline).items():
        told = [commands_of(step["run"].strip()) for step in jobs[name]["steps"] if "run" in step]
        # A deployment is one job there, so it is set up once.
        once = [line for at, line in enumerate(commands) if line != "make setup-dev" or at == 0]
        assert told == once, name
    assert set(jobs) == set(asked_for(pipeline))


@pytest.mark.parametrize("entry", ENTRIES, ids=lambda entry: entry.workflow)
def test_every_job_waits_for_all_that_its_stage_waits_for(rendered, entry):
    pipeline = load(ROOT, entry.file)
    jobs = documents(rendered)[entry.workflow]["jobs"]
    inside = {stage.name: {job_id(stage.name, job.name) for job in stage.jobs} for stage in pipeline.stages}
    for stage, job in pipeline.jobs:
        wanted = set().union(*(inside[name] for name in stage.depends_on))
        wanted |= {job_id(stage.name, name) for name in job.depends_on}
        assert wanted <= set(jobs[job_id(stage.name, job.name)].get("needs", []))


def test_deployments_ask_the_same_environments_for_approval(rendered):
    for entry in ENTRIES:
        jobs = documents(rendered)[entry.workflow]["jobs"]
        for stage, job in load(ROOT, entry.file).jobs:
            assert jobs[job_id(stage.name, job.name)].get("environment") == job.environment


def test_no_text_that_comes_from_outside_is_part_of_a_script(rendered):
    scripts = [
        step["run"]
        for text in documents(rendered).values()
        for job in text["jobs"].values()
        for step in job["steps"]
        if "run" in step
    ]
    assert scripts
    assert not [script for script in scripts if "${{" in script]


def test_every_action_is_pinned_by_its_commit(rendered):
    for text in rendered.values():
        uses = re.findall(r"uses: (\S+)@(\S+) # v\d+\.\d+\.\d+$", text, flags=re.MULTILINE)
        assert len(uses) == text.count("uses:") > 0
        assert all(re.fullmatch("[0-9a-f]{40}", commit) for _, commit in uses)
    assert len({action.name for action in ACTIONS}) == len(ACTIONS)


def test_no_job_may_do_more_than_it_needs(rendered):
    for text in documents(rendered).values():
        assert text["permissions"] == {"contents": "read"}
        for job in text["jobs"].values():
            signs_in = any("azure/login" in step.get("uses", "") for step in job["steps"])
            assert ("id-token" in job["permissions"]) == signs_in
            assert set(job["permissions"]) <= {"contents", "id-token", "pull-requests", "actions"}
            assert job["permissions"]["contents"] == "read"


def test_what_follows_a_failure_runs_only_then_and_comes_last(rendered):
    steps = documents(rendered)["main"]["jobs"]["deploy_prod_release"]["steps"]
    only_then = [str(step.get("if", "")).find("failure()") >= 0 for step in steps]
    assert any("--back" in step.get("run", "") for step, then in zip(steps, only_then, strict=True) if then)
    assert only_then == sorted(only_then)


@pytest.mark.parametrize(
    ("condition", "told"),
    [
        ("succeeded()", "success()"),
        ("succeededOrFailed()", "!cancelled()"),
        (
            "and(succeeded(), ne(dependencies.verify.outputs['models.matrix.count'], '0'))",
            "needs.verify_models.outputs.matrix_count != '0'",
        ),
        (
            "and(succeeded(), eq(stageDependencies.verify.models.outputs['matrix.count'], '0'))",
            "needs.verify_models.outputs.matrix_count == '0'",
        ),
        ("or(failed(), always())", "failure() || always()"),
        ("and(always(), succeeded())", "always() && success()"),
        (
            "and(or(failed(), eq(dependencies.fit.outputs['made.version'], '1')), succeeded())",
            "(failure() || needs.train_fit.outputs.made_version == '1') && success()",
        ),
        ("eq(dependencies.fit.outputs['made.by'], 'it''s')", "needs.train_fit.outputs.made_by == 'it''s'"),
        (
            "eq(stageDependencies.decide.decision.outputs['decision.approved.by'], 'Ada')",
            "needs.decide_decision.outputs.approved_by == 'Ada'",
        ),
        ("eq(dependencies.fit.outputs['made.version'], '1')", "needs.train_fit.outputs.made_version == '1'"),
    ],
)
def test_conditions_mean_the_same(condition, told):
    assert translated(condition, STAGE, HERE) == told


@pytest.mark.parametrize("condition", ["succeeded('a')", "startsWith(variables['a'], 'b')", "eq(variables['a'], 'b')"])
def test_a_condition_without_a_counterpart_is_refused_where_it_stands(condition):
    with pytest.raises(InvalidPipelineError, match=r"p\.yml:1: .*GitHub Actions"):
        translated(condition, STAGE, HERE)


def test_macros_are_variables_of_the_environment_in_scripts_and_expressions_elsewhere():
    words = Words({"python": "3.11"}, matrix=True)
    assert words.script("train $(model) --out $(Pipeline.Workspace)/x") == 'train "$MODEL" --out "$RUNNER_TEMP/x"'
    assert words.value("$(Pipeline.Workspace)/$(model)-$(python)") == "${{ runner.temp }}/${{ matrix.model }}-3.11"
    assert words.matrix_names("$(model) $(python) $(Build.SourceVersion)") == {"model"}


def test_a_task_without_a_counterpart_is_refused_with_what_to_do(tmp_path):
    (tmp_path / "p.yml").write_text(
        "pr: none\ntrigger: none\npool: {vmImage: ubuntu-24.04}\n"
        "stages: [{stage: s, jobs: [{job: j, pool: {vmImage: u}, steps: [{task: DotNetCoreCLI@2}]}]}]\n"
    )
    entry = Entry(file="p.yml", workflow="p", title="P", inputs={})
    with pytest.raises(InvalidPipelineError, match=r"p\.yml:4: DotNetCoreCLI@2 has no counterpart"):
        workflow(tmp_path, entry)


def written(tmp_path, job):
    """A workflow whose second stage has this job."""
    (tmp_path / "p.yml").write_text(
        "pr: none\ntrigger: none\npool: {vmImage: ubuntu-24.04}\nstages:\n"
        "- {stage: s, jobs: [{job: j, steps: [{bash: make lint}]}]}\n"
        f"- {{stage: t, dependsOn: [s], jobs: [{job}]}}\n"
    )
    return workflow(tmp_path, Entry(file="p.yml", workflow="p", title="P", inputs={}))


@pytest.mark.parametrize(
    ("step", "lost"),
    [
        ("enabled: false", "enabled"),
        ("continueOnError: true", "continueOnError"),
        ("retryCountOnTaskFailure: 2", "retryCountOnTaskFailure"),
        ("workingDirectory: x", "workingDirectory"),
    ],
)
def test_what_a_step_says_is_written_or_refused(tmp_path, step, lost):
    with pytest.raises(InvalidPipelineError, match=rf"p\.yml:6: `{lost}` of 'make lint' is not written"):
        written(tmp_path, f"{{job: k, steps: [{{bash: make lint, {step}}}]}}")


def test_a_job_that_looks_back_may_not_overlook_the_stages_before_it(tmp_path):
    with pytest.raises(InvalidPipelineError, match=r"p\.yml:6: job k asks how jobs before it ended"):
        written(tmp_path, "{job: k, condition: succeededOrFailed(), steps: [{bash: make lint}]}")


def test_promotions_of_two_models_do_not_cancel_each_other(rendered):
    assert "client_payload.model" in documents(rendered)["promoted"]["concurrency"]["group"]
