"""What `modelyard ci bootstrap` makes, changes, leaves alone and finds out."""

from collections import Counter
from dataclasses import replace

import pytest

from modelyard.delivery.azure_devops.bootstrapping.permissions import GIT, GIT_COMMENT
from modelyard.delivery.azure_devops.bootstrapping.showing import plan_text
from modelyard.errors import ExternalServiceError
from modelyard.testing.azure_devops_fakes import COLLECTION_ID, PROJECT_ID, REPOSITORY_ID

IDENTITY = f"Microsoft.TeamFoundation.ServiceIdentity;{COLLECTION_ID}:Build:{PROJECT_ID}"


def shelves(service):
    return [
        service.queues,
        service.definitions,
        service.environments,
        service.endpoints,
        service.groups,
        service.checks,
        service.policies,
    ]


def marks(plan):
    return Counter(change.mark for change in plan.changes)


def check_of(service, kind, name, *, resource="environment"):
    shelf = service.environments if resource == "environment" else service.endpoints
    ids = {one["name"]: str(one["id"]) for one in shelf.things.values()}
    return [
        one
        for one in service.checks.things.values()
        if one["type"]["id"] == kind and one["resource"] == {"type": resource, "id": ids[name], "name": name}
    ]


def test_a_plan_changes_nothing(run, service):
    plan = run()
    assert service.writes == []
    assert marks(plan)["+"] > 30
    assert not plan.applied


def test_applied_twice_it_makes_nothing_twice(run, service, settled):
    made = [len(shelf.made) for shelf in shelves(service)]
    service.asked.clear()
    plan = run(apply=True, wishes=settled)
    assert [change for change in plan.changes if change.mark != "="] == []
    assert service.writes == []
    assert [len(shelf.made) for shelf in shelves(service)] == made


def test_each_entry_file_gets_one_pipeline(service, settled):
    files = {one["name"]: one["process"]["yamlFilename"] for one in service.definitions.things.values()}
    assert files == {
        "modelyard-main": "/azure-pipelines.yml",
        "modelyard-promoted": "/pipelines/azure/promoted.yml",
        "modelyard-pull-request": "/pipelines/azure/pull-request.yml",
    }
    triggers = [one["triggers"] for one in service.definitions.things.values()]
    assert triggers == [[{"triggerType": "continuousIntegration", "settingsSourceType": 2}]] * len(files)
    assert {one["jobAuthorizationScope"] for one in service.definitions.things.values()} == {"project"}


def test_production_waits_for_people_who_did_not_queue_the_run(service, settled):
    for name in ("prod", "prod-infra", "promotion"):
        (approval,) = check_of(service, "8c6f20a7-a545-4486-9777-f762fafe0d4d", name)
        assert approval["settings"]["minRequiredApprovers"] == 2
        assert approval["settings"]["requesterCannotBeApprover"] is True
        assert len(approval["settings"]["approvers"]) == 2
    for name in ("dev", "dev-infra"):
        assert check_of(service, "8c6f20a7-a545-4486-9777-f762fafe0d4d", name) == []


@pytest.mark.parametrize("name", ["dev", "dev-infra", "prod", "prod-infra", "promotion"])
def test_every_environment_takes_one_run_at_a_time_from_our_template_and_branch(service, settled, name):
    assert len(check_of(service, "2ef31ad6-baa0-403a-8b45-2cbc9b4e5563", name)) == 1
    (template,) = check_of(service, "4020e66e-b0f3-47e1-bc88-48f3cc59b5f3", name)
    assert template["settings"]["extendsChecks"] == [
        {
            "repositoryType": "git",
            "repositoryName": "modelyard",
            "repositoryRef": "refs/heads/main",
            "templatePath": "pipelines/azure/governed.yml",
        }
    ]
    (branch,) = check_of(service, "fe1de3ee-a436-41b4-bb20-f6eb4cb879a7", name)
    assert branch["settings"]["inputs"]["allowedBranches"] == "refs/heads/main"


@pytest.mark.parametrize("name", ["modelyard-dev-infra", "modelyard-prod-infra"])
def test_what_changes_a_stack_waits_for_whoever_is_at_it_whatever_its_environment_is_called(service, settled, name):
    assert len(check_of(service, "2ef31ad6-baa0-403a-8b45-2cbc9b4e5563", name, resource="endpoint")) == 1


def test_a_merge_is_one_commit_so_that_a_run_sees_what_it_changed(service, settled):
    policies = {one["type"]["id"]: one["settings"] for one in service.policies.things.values()}
    merges = policies["fa4e907d-c16b-4a4c-9dfa-4916e5d171ab"]
    assert (merges["allowSquash"], merges["allowNoFastForward"]) == (True, True)
    assert (merges["allowRebase"], merges["allowRebaseMerge"]) == (False, False)


def test_pull_requests_are_built_and_reviewed_before_they_reach_main(service, settled):
    policies = {one["type"]["id"]: one for one in service.policies.things.values()}
    pipeline = next(one["id"] for one in service.definitions.things.values() if "pull-request" in one["name"])
    assert policies["0609b952-1397-4640-95ec-e00a01b2c241"]["settings"]["buildDefinitionId"] == pipeline
    votes = policies["fa4e907d-c16b-4a4c-9dfa-4906e5d171dd"]["settings"]
    assert (votes["creatorVoteCounts"], votes["resetOnSourcePush"], votes["minimumApproverCount"]) == (False, True, 1)
    assert all(one["isBlocking"] and one["isEnabled"] for one in policies.values())
    assert "c6a1889d-b943-4856-b76f-9e46bb6b0df2" in policies


def test_a_pipeline_may_use_what_it_names_and_a_pull_request_nothing_of_ours(service, settled):
    pipelines = {one["name"]: one["id"] for one in service.definitions.things.values()}
    endpoints = {one["name"]: one["id"] for one in service.endpoints.things.values()}
    may = {place: said["ids"] for place, said in service.authorisations.items()}
    assert may["endpoint", endpoints["modelyard-prod"]] == {
        pipelines["modelyard-main"],
        pipelines["modelyard-promoted"],
    }
    assert may["endpoint", endpoints["modelyard-prod-infra"]] == {pipelines["modelyard-main"]}
    used = {ids for (kind, _), pair in may.items() if kind != "queue" for ids in pair}
    assert pipelines["modelyard-pull-request"] not in used
    assert not any(said["all"] for said in service.authorisations.values())


def test_a_pull_request_that_asks_for_a_connection_is_named_and_gets_none(run, service, wishes):
    main, promoted, pull_request = wishes.entries
    greedy = replace(pull_request, connections=("modelyard-prod-infra",))
    plan = run(apply=True, wishes=replace(wishes, entries=(main, promoted, greedy)))
    (warning,) = [one for one in plan.changes if one.kind == "pull requests"]
    assert warning.mark == "!"
    assert "names modelyard-prod-infra" in warning.details[0]
    pipeline = next(one["id"] for one in service.definitions.things.values() if "pull-request" in one["name"])
    assert not any(pipeline in said["ids"] for (kind, _), said in service.authorisations.items() if kind == "endpoint")


def test_the_build_identity_may_comment_and_keeps_what_it_had(run, service):
    token = f"repoV2/{PROJECT_ID}/{REPOSITORY_ID}"
    service.entries[GIT, token] = {IDENTITY: {"allow": 4, "deny": GIT_COMMENT | 8}}
    run(apply=True)
    assert service.entries[GIT, token] == {IDENTITY: {"allow": 4 | 2 | GIT_COMMENT, "deny": 8}}


def test_the_build_identity_is_the_one_that_the_service_names(run, service):
    other = f"Microsoft.TeamFoundation.ServiceIdentity;another-host:Build:{PROJECT_ID}"
    service.services.append({"providerDisplayName": "modelyard Build Service (fabrikam)", "descriptor": other})
    run(apply=True)
    assert [list(entries) for entries in service.entries.values()] == [[other], [other]]


def test_a_connection_is_made_before_its_identity_and_gets_it_later(run, service):
    first = run(apply=True, client="")
    (made,) = [one for one in service.endpoints.made if one["name"] == "modelyard-dev"]
    assert made["authorization"]["parameters"]["serviceprincipalid"] == "00000000-0000-0000-0000-000000000000"
    assert any("modelyard infra up dev" in line for change in first.for_people for line in change.details)
    run(apply=True)
    now = service.endpoints.things[made["id"]]["authorization"]["parameters"]
    assert now["serviceprincipalid"] == "11111111-2222-3333-4444-555555555555"
    assert now["workloadIdentityFederationSubject"].endswith(made["id"])


def test_the_connection_for_infrastructure_is_left_to_its_own_command(run, service):
    for identity, one in list(service.endpoints.things.items()):
        if one["name"] == "modelyard-prod-infra":
            del service.endpoints.things[identity]
    plan = run(apply=True)
    (missing,) = [one for one in plan.changes if one.kind == "service connection" and one.mark == "!"]
    assert missing.name == "modelyard-prod-infra"
    assert missing.details == ("modelyard infra bootstrap prod --run",)
    assert [one["name"] for one in service.endpoints.made] == [
        "modelyard-dev",
        "modelyard-prod",
        "modelyard-promotions",
    ]


def test_a_stored_secret_is_no_connection_of_ours(run, service, settled):
    for one in service.endpoints.things.values():
        if one["name"] == "modelyard-prod-infra":
            one["authorization"] = {"scheme": "ServicePrincipal"}
    plan = run(wishes=settled)
    assert [(one.mark, one.name) for one in plan.drift] == [("!", "modelyard-prod-infra")]


def test_what_people_must_do_comes_last_and_with_the_command(run):
    text = plan_text(run(apply=True, client=""))
    assert "for a person" in text
    assert "modelyard infra up prod" in text


def test_an_approver_who_is_nobody_is_named_and_the_check_waits(run, service):
    service.people.clear()
    plan = run(apply=True)
    nobody = [one for one in plan.changes if one.kind == "approver"]
    assert {one.mark for one in nobody} == {"!"}
    waiting = [one for one in plan.changes if one.kind == "approval"]
    assert {one.mark for one in waiting} == {"."}


def test_nothing_is_opened_before_it_is_guarded(run, service):
    service.people.clear()
    plan = run(apply=True)
    closed = {one.name for one in plan.changes if one.kind == "may use" and one.mark == "."}
    assert closed == {"environment prod", "environment prod-infra", "environment promotion"}
    ids = {str(one["id"]) for one in service.environments.things.values() if one["name"].startswith("pro")}
    assert not any(
        said["ids"] for (kind, one), said in service.authorisations.items() if kind == "environment" and one in ids
    )
    order = [(one.method, one.path) for one in service.writes]
    last_check = max(place for place, (_, path) in enumerate(order) if "checks/configurations" in path)
    first_opened = min(place for place, (_, path) in enumerate(order) if "pipelinepermissions" in path)
    assert last_check < first_opened


def test_a_pool_that_is_not_there_is_for_a_person(run, service):
    service.pools.things.popitem()
    plan = run(apply=True)
    assert [one.name for one in plan.changes if one.kind == "agent pool" and one.mark == "!"] == ["modelyard-private"]


DRIFTS = {
    "an approval that one person gives alone": lambda one: one["settings"].update(minRequiredApprovers=1),
    "an approval by oneself": lambda one: one["settings"].update(requesterCannotBeApprover=False),
    "another approver": lambda one: one["settings"]["approvers"].append({"id": "somebody"}),
    "an approval that is switched off": lambda one: one.update(isDisabled=True),
}


@pytest.mark.parametrize("what", DRIFTS)
def test_finds_out_that_somebody_weakened(run, service, settled, what):
    (approval,) = check_of(service, "8c6f20a7-a545-4486-9777-f762fafe0d4d", "prod")
    DRIFTS[what](approval)
    drift = run(wishes=settled).drift
    assert [(one.mark, one.kind, one.name) for one in drift] == [("~", "approval", "environment prod")]
    run(apply=True, wishes=settled)
    assert run(wishes=settled).drift == ()


def test_finds_out_that_a_check_was_taken_away(run, service, settled):
    (lock,) = check_of(service, "2ef31ad6-baa0-403a-8b45-2cbc9b4e5563", "prod")
    del service.checks.things[str(lock["id"])]
    assert [(one.mark, one.kind) for one in run(wishes=settled).drift] == [("+", "exclusive lock")]


def test_finds_out_that_every_pipeline_may_use_a_connection_and_takes_it_back(run, service, settled):
    endpoint = next(one["id"] for one in service.endpoints.things.values() if one["name"] == "modelyard-prod")
    said = service.authorisations["endpoint", endpoint]
    said["all"], said["ids"] = True, {*said["ids"], 99}
    (drift,) = run(wishes=settled).drift
    assert drift.details == ("every pipeline may use it → only these", "pipeline 99 may, and should not")
    run(apply=True, wishes=settled)
    assert not said["all"]
    assert 99 not in said["ids"]


def test_finds_out_that_a_policy_was_weakened(run, service, settled):
    for one in service.policies.things.values():
        one["isBlocking"] = False
    assert {one.kind for one in run(wishes=settled).drift} == {"branch policy"}


def test_what_others_added_stays(run, service, settled):
    (approval,) = check_of(service, "8c6f20a7-a545-4486-9777-f762fafe0d4d", "prod")
    approval["settings"]["minRequiredApprovers"] = 1
    approval["settings"]["theirs"] = "kept"
    service.definitions.put({"name": "modelyard-main-of-others", "revision": 1})
    run(apply=True, wishes=settled)
    changed = service.checks.things[str(approval["id"])]
    assert changed["settings"]["theirs"] == "kept"
    assert len(service.definitions.things) == 4


def test_a_sign_in_that_is_nobody_there_is_told_to_sign_in_again(run):
    with pytest.raises(ExternalServiceError) as refused:
        run(token="wrong")
    assert "does not know this sign-in" in refused.value.message
    assert "wrong" not in refused.value.message + refused.value.hint


def test_a_project_that_is_not_there_is_created_by_a_person(run, service, wishes):
    plan = run(wishes=replace(wishes, project="another"))
    first = plan.changes[0]
    assert (first.mark, first.name) == ("!", "another")
    assert service.writes == []


def test_checks_of_others_on_the_same_resource_are_not_ours(run, service, settled):
    hours = {"definitionRef": {"id": "445fde2f-6c39-441c-807f-8a59ff2e075f"}, "displayName": "business hours"}
    (lock,) = check_of(service, "2ef31ad6-baa0-403a-8b45-2cbc9b4e5563", "prod")
    place = {"type": "environment", "id": lock["resource"]["id"]}
    theirs = {"id": 0, "type": {"id": "fe1de3ee-a436-41b4-bb20-f6eb4cb879a7"}, "resource": place, "settings": hours}
    service.checks.things = {"0": theirs, **service.checks.things}
    run(apply=True, wishes=settled)
    assert run(wishes=settled).drift == ()
    assert service.checks.things["0"]["settings"] == hours


def test_a_build_validation_of_others_is_not_ours(run, service, settled):
    ours = next(one for one in service.policies.things.values() if one["settings"].get("buildDefinitionId"))
    theirs = {**ours, "id": 0, "isBlocking": False, "settings": {**ours["settings"], "buildDefinitionId": 99}}
    service.policies.things = {"0": theirs, **service.policies.things}
    assert run(wishes=settled).drift == ()


def test_a_connection_that_other_projects_share_is_found_out(run, service, settled):
    for one in service.endpoints.things.values():
        one["isShared"] = True
    shared = {one.name for one in run(wishes=settled).drift if one.kind == "service connection"}
    assert {"modelyard-prod-infra", "modelyard-prod", "modelyard-promotions"} <= shared


def test_a_webhook_is_made_with_a_key_or_not_at_all(run, service):
    (waiting,) = [one for one in run(apply=True, key="").changes if one.name == "modelyard-promotions"]
    assert waiting.mark == "!"
    assert "MODELYARD_PIPELINE_KEY" in waiting.details[0]
    assert "modelyard-promotions" not in [one["name"] for one in service.endpoints.made]
    plan = run(apply=True)
    (made,) = [one for one in service.endpoints.made if one["name"] == "modelyard-promotions"]
    assert made["authorization"]["parameters"] == {
        "webhookname": "promotion",
        "header": "X-Modelyard-Signature",
        "secret": "k3y",
    }
    assert "k3y" not in plan_text(plan) + str(plan.to_json())


def test_the_jobs_that_reach_azure_ask_for_the_pool_that_the_environments_name():
    from modelyard.delivery.azure_devops.bootstrapping.uses import read_entries
    from modelyard.environment.loading import load_environment
    from modelyard.environment.workspace import Workspace

    workspace = Workspace.find()
    named = {load_environment(workspace, name).azure.pipelines.agent_pool for name in ("dev", "test", "prod")}
    asked = {pool for entry in read_entries(workspace.root) for pool in entry.pools} - {"Azure Pipelines"}
    assert asked == named
