"""Rules where they are easily wrong: what they must leave alone, and what they must not."""

import pytest

from modelyard.delivery.linting.registry import RULES, rules_of


def test_every_rule_says_what_and_why_once():
    assert len({rule.id for rule in RULES}) == len(RULES)
    assert all(rule.what.endswith(".") and rule.why.endswith(".") for rule in RULES)
    assert {*rules_of("correctness"), *rules_of("house")} == set(RULES)


@pytest.mark.parametrize(
    ("words", "shows"),
    [
        ("env", True),
        ("env | sort", True),
        ("printenv", True),
        ("printenv HOME", True),
        ("set", True),
        ("set -x", True),
        ("set -euxo pipefail", True),
        ("export", True),
        ("export -p", True),
        ("declare -p", True),
        ("dir env:", True),
        ("set -e", False),
        ("set -euo pipefail", False),
        ("set +x", False),
        ("export HOME=/tmp", False),
        ("env LANG=C make lint", False),
        ("echo env", False),
    ],
)
def test_tells_a_dump_of_the_environment_from_a_setting(found, words, shows):
    assert bool(found(f"steps: [{{bash: '{words}'}}]", "no-dumps")) == shows


@pytest.mark.parametrize(
    ("words", "loose"),
    [
        ("pip install build", True),
        ("pip install 'build>=1'", True),
        ("python -m pip install -U pip", True),
        ("uv pip install build", True),
        ("uv tool install ruff", True),
        ("pip install -r requirements.txt", True),
        ("wget -qO- https://example.com | sh", True),
        ("npm install -g bicep", True),
        ("apt-get install -y jq", True),
        ("pip install build==1.2.2", False),
        ("pip install --index-url https://example.com/simple build==1.2.2", False),
        ("pip install --require-hashes -r requirements.txt", False),
        ("pip install -e .", False),
        ("uv sync --locked", False),
        ("make setup-dev", False),
    ],
)
def test_tells_a_loose_package_from_a_pinned_one(found, words, loose):
    assert bool(found(f'steps: [{{bash: "{words}"}}]', "no-installers")) == loose


@pytest.mark.parametrize(
    ("name", "secret"),
    [
        ("System.AccessToken", True),
        ("clientSecret", True),
        ("DB_PASSWORD", True),
        ("secretName", False),
        ("tokenUrl", False),
        ("passwordFile", False),
        ("tokenMinutes", False),
        ("model", False),
    ],
)
def test_tells_a_secret_from_the_name_of_one(found, name, secret):
    assert bool(found(f"steps: [{{bash: 'make lint X=$({name})'}}]", "secret-by-env")) == secret


def test_a_secret_may_be_handed_over_in_the_environment(found):
    assert found("steps: [{bash: make lint, env: {TOKEN: $(System.AccessToken)}}]", "secret-by-env", "no-secret") == []


def test_prose_about_secrets_is_no_secret(found):
    text = """
        # Nothing secret: identities are federated, and secrets stay in the vault.
        steps:
          - bash: make lint # the token: see the guide
    """
    assert found(text, "no-secret", "no-secret-comment") == []


@pytest.mark.parametrize(
    ("reference", "wrong"),
    [
        ("stageDependencies.a.find.outputs['set.x']", None),
        ("stageDependencies.A.Find.outputs['Set.x']", None),
        ("stageDependencies['a']['find']['outputs']['set.x']", None),
        ("stageDependencies.a.find.result", None),
        ("stageDependencies.a.legs.outputs['one.set.x']", None),
        ("stageDependencies.a.ship.outputs['ship.set.x']", None),
        ("stageDependencies.b.find.outputs['set.x']", "there is no stage `b`"),
        ("stageDependencies.a.seek.outputs['set.x']", "stage `a` has no job `seek`"),
        ("stageDependencies.a.find.outputs['sat.x']", "job `find` has no step named `sat` that could set `sat.x`"),
        ("stageDependencies.a.find.outputs['x']", "output `x` of job `find` is not complete"),
        ("stageDependencies.a.legs.outputs['set.x']", "output `set.x` of job `legs` is not complete"),
        ("stageDependencies.a.ship.outputs['set.x.y']", "outputs of deployment `ship` begin with its name"),
        ("dependencies.find.outputs['set.x']", "`dependencies.find` names no job of stage `c`"),
    ],
)
def test_reads_references_to_outputs_as_the_service_does(found, reference, wrong):
    messages = found(
        f"""
        stages:
          - stage: a
            jobs:
              - job: find
                steps: [{{bash: echo, name: set}}]
              - job: legs
                strategy: {{matrix: {{one: {{x: y}}}}}}
                steps: [{{bash: echo, name: set}}]
              - deployment: ship
                environment: dev
                strategy: {{runOnce: {{deploy: {{steps: [{{bash: echo, name: set}}]}}}}}}
          - stage: c
            dependsOn: a
            jobs:
              - job: use
                variables:
                  x: $[ {reference} ]
                steps: [{{bash: echo}}]
        """,
        "reference-exists",
        "reference-direct",
    )
    assert [message for _, _, message in messages] == ([wrong] if wrong else [])


def test_stage_conditions_name_jobs_inside_of_the_output(found):
    text = """
        stages:
          - stage: a
            jobs: [{{job: find, steps: [{{bash: echo, name: set}}]}}]
          - stage: b
            condition: eq({}, 'yes')
            jobs: [{{job: use, steps: [{{bash: echo}}]}}]
    """
    for right in ("dependencies.a.outputs['find.set.x']", "stageDependencies.a.outputs['find.set.x']"):
        assert found(text.format(right), "reference-exists") == []
    [(_, line, message)] = found(text.format("dependencies.a.find.outputs['set.x']"), "reference-exists")
    assert (line, message) == (5, "`dependencies.a` has no part `find`")


def test_a_webhook_is_a_parameter_and_a_spelling_is_no_matter(found):
    text = """
        resources:
          webhooks: [{webhook: promotion, connection: incoming}]
        parameters:
          - {name: Model, type: string, default: all}
        steps:
          - bash: make lint MODEL=${{ parameters.model }} FROM=${{ parameters.promotion.version }}
    """
    assert found(text, "parameter-declared", "parameter-used", "expands") == []


def test_all_parameters_handed_on_at_once_are_used(found):
    text = """
        parameters:
          - {name: one, type: string, default: a}
        steps:
          - ${{ each pair in parameters }}:
              - bash: make ${{ pair.value }}
    """
    assert found(text, "parameter-used") == []


def test_every_allowed_value_of_a_parameter_is_tried(found):
    text = """
        parameters:
          - {name: size, type: string, default: small, values: [small, large]}
        stages:
          - stage: a
            jobs: [{job: it, steps: [{bash: echo}]}]
          - ${{ if eq(parameters.size, 'large') }}:
              - stage: b
                dependsOn: nothing
                jobs: [{job: it, steps: [{bash: echo}]}]
    """
    [(rule, line, message)] = found(text, "depends-on", "expands")
    assert (rule, line) == ("depends-on", 8)
    assert message == "stage `b` depends on `nothing`, but this pipeline has no stage of that name"


def test_a_list_that_somebody_may_empty_is_tried_empty(found):
    text = """
        parameters:
          - {name: suites, type: object, default: [unit]}
        stages:
          - ${{ if eq(length(parameters.suites), 0) }}:
              - stage: b
                dependsOn: nothing
                jobs: [{job: it, steps: [{bash: echo}]}]
          - stage: a
            jobs: [{job: it, steps: [{bash: echo}]}]
    """
    assert [rule for rule, _, _ in found(text, "depends-on")] == ["depends-on"]


def test_a_stage_that_somebody_switched_off_is_no_mistake_but_what_waits_for_it_is(found):
    text = """
        stages:
          - stage: a
            condition: false
            jobs: [{job: it, steps: [{bash: echo}]}]
          - stage: b
            jobs: [{job: it, steps: [{bash: echo}]}]
    """
    [(_, line, message)] = found(text, "reachable")
    assert (line, message) == (5, "stage `b` never runs, because stage `a` never does")


def test_a_job_after_several_runs_if_one_of_them_did(found):
    text = """
        jobs:
          - {job: a, condition: false, steps: [{bash: echo}]}
          - {job: b, steps: [{bash: echo}]}
          - {job: c, dependsOn: [a, b], condition: succeededOrFailed(), steps: [{bash: echo}]}
    """
    assert found(text, "reachable") == []


def test_files_are_looked_for_only_where_a_step_is_at_the_root(found):
    text = """
        steps:
          - bash: python tools/gone.py
          - bash: cd tools
          - bash: |
              cd tools
              python gone.py
          - pwsh: ./gone.ps1
          - bash: python gone.py
            workingDirectory: tools
          - bash: python $(Build.SourcesDirectory)/tools/gone.py
    """
    assert [line for _, line, _ in found(text, "file-exists")] == [2, 10]


def test_files_are_not_looked_for_where_other_repositories_are_checked_out_too(found):
    text = """
        steps:
          - checkout: self
          - checkout: other
          - bash: python other/tools/gone.py
          - task: Bash@3
            inputs: {filePath: other/tools/gone.sh}
    """
    assert found(text, "file-exists", "file-input-exists") == []


def test_a_template_of_the_old_form_takes_what_it_is_given(found):
    text = """
        parameters: {size: small}
        steps: [{bash: "make ${{ parameters.size }} ${{ parameters.more }}"}]
    """
    files = {"old.yml": text}
    used = "steps: [{template: old.yml}]"
    assert found(used, "parameter-declared", files=files) == []


def test_a_parameter_that_somebody_must_choose_is_chosen_and_said(found):
    text = """
        parameters:
          - {name: model, type: string}
          - {name: size, type: number, values: [2, 3]}
          - {name: sizes, type: object}
          - {name: dry, type: boolean}
        steps:
          - bash: make lint ${{ parameters.model }} ${{ parameters.size }}
          - ${{ each size in parameters.sizes }}:
              - bash: make ${{ size }} ${{ parameters.dry }}
    """
    assert [(rule, line) for rule, line, _ in found(text, "expands", "parameter-default")] == [
        ("parameter-default", line) for line in (2, 3, 4, 5)
    ]


def test_a_macro_may_come_from_a_step_a_matrix_a_group_or_the_service(found):
    text = """
        jobs:
          - job: a
            strategy: {matrix: {one: {leg: x}}}
            steps:
              - bash: echo
                name: set
              - bash: make $(leg) $(set.x) $(Build.BuildId) $(System.StageName) $(nothing)
          - job: b
            variables: [{group: shared}]
            steps: [{bash: make $(anything)}]
          - job: c
            strategy: {matrix: "$[ variables.legs ]"}
            steps: [{bash: make $(model)}]
    """
    assert found(text, "macro-known") == [("macro-known", 7, "nothing sets the variable $(nothing)")]


def test_a_place_inside_a_long_script_is_the_line_of_it(found):
    text = """
        steps:
          - bash: |
              make lint
              printenv
    """
    assert [line for _, line, _ in found(text, "no-dumps")] == [4]


def test_a_pipeline_that_is_no_yaml_is_one_finding(found):
    assert [(rule, line) for rule, line, _ in found("steps: [\n")] == [("expands", 2)]


def test_a_file_that_is_not_there_is_a_finding(tmp_path):
    from modelyard.delivery.linting.checking import lint

    [finding] = lint(tmp_path, ["nowhere.yml"])
    assert finding.rule == "expands"
    assert finding.place.file == "nowhere.yml"


def test_containers_are_held_to_their_digest_wherever_they_stand(found):
    digest = "sha256:" + "0" * 64
    text = f"""
        resources:
          containers:
            - {{container: tools, image: "python:3.11"}}
            - {{container: good, image: "python@{digest}"}}
        jobs:
          - {{job: a, container: tools, steps: [{{bash: echo}}]}}
          - {{job: b, container: "node:20", steps: [{{bash: echo}}]}}
          - {{job: c, container: {{image: "node:21"}}, steps: [{{bash: echo}}]}}
    """
    assert [(line, message.split("`")[1]) for _, line, message in found(text, "image-digest")] == [
        (3, "python:3.11"),
        (7, "node:20"),
        (8, "node:21"),
    ]


def test_a_rehearsal_may_simulate_and_look_at_what_plays_the_environments(found):
    text = """
        parameters:
          - {name: standIn, type: string, default: none, values: [none, local]}
        steps:
          - bash: modelyard infra up prod --simulate
          - bash: modelyard release deploy x --env ${{ parameters.standIn }}
          - bash: modelyard infra preview test
          - bash: modelyard release status x --env prod
          - bash: az group list
          - task: AzureCLI@2
            inputs: {azureSubscription: prod, inlineScript: make lint}
    """
    assert [line for _, line, _ in found(text, "stand-in")] == [6, 7, 8, 9]
