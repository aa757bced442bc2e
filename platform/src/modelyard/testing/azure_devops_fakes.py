"""Azure DevOps on this machine: the routes that delivery calls, with their versions, states and revisions.

Shapes of requests and answers: REST reference 7.1, azure-devops 7.1 (Python) and terraform-provider-azuredevops. What a
fake cannot show is whether the service itself refuses more than is known here.
"""

from __future__ import annotations

import base64
import itertools
import uuid
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import partial

from modelyard.testing.rest_server import Asked, Json, RestServer, Route, Said

GA, PREVIEW = "7.1", "7.1-preview.1"
PROJECT_ID = "7f1c1b2e-0000-4000-8000-00000000a001"
REPOSITORY_ID = "7f1c1b2e-0000-4000-8000-00000000a002"
COLLECTION_ID = "7f1c1b2e-0000-4000-8000-00000000a003"


@dataclass(slots=True)
class Shelf:
    """Things of one kind, by id."""

    unique: bool = True
    """Whether two may have one name."""
    uuids: bool = False
    things: dict[str, Json] = field(default_factory=dict)
    made: list[Json] = field(default_factory=list)
    """Everything that was ever put here, in order."""
    numbers: itertools.count[int] = field(default_factory=lambda: itertools.count(1))

    def put(self, thing: Json) -> Said:
        """Make a thing."""
        name = str(thing.get("name", "")).lower()
        if self.unique and any(str(one.get("name", "")).lower() == name for one in self.things.values()):
            return Said(409, {"message": f"{thing.get('name')} exists already", "typeKey": "AlreadyExistsException"})
        number = next(self.numbers)
        made = {**thing, "id": str(uuid.uuid5(uuid.NAMESPACE_OID, f"{name}{number}")) if self.uuids else number}
        self.things[str(made["id"])] = made
        self.made.append(made)
        return Said(200, made)

    def replace(self, identity: str, thing: Json, *, revision: str = "") -> Said:
        """Change a thing, if nobody was faster."""
        now = self.things.get(identity)
        if now is None:
            return Said(404, {"message": f"no {identity}", "typeKey": "NotFoundException"})
        if revision and thing.get(revision) != now.get(revision):
            return Said(409, {"message": f"{revision} {thing.get(revision)} is not the newest one"})
        changed = {**now, **thing, "id": now["id"]}
        if revision:
            changed[revision] = now[revision] + 1
        self.things[identity] = changed
        return Said(200, changed)

    def listed(self, keep: Callable[[Json], bool] = lambda _: True) -> Said:
        """All of them, or some."""
        found = [one for one in self.things.values() if keep(one)]
        return Said(200, {"count": len(found), "value": found})


class FakeAzureDevOps(RestServer):
    """One organisation with one project; empty, as it is on the first day."""

    def __init__(self, *, organisation: str = "fabrikam", project: str = "modelyard", token: str = "s3cret") -> None:  # noqa: S107 - a fake's
        super().__init__()
        self.organisation, self.project, self.token = organisation, project, token
        self.settings: dict[str, bool] = {"enforceJobAuthScope": False, "statusBadgesArePrivate": False}
        self.pools = Shelf()
        self.queues = Shelf()
        self.definitions = Shelf()
        self.environments = Shelf()
        self.endpoints = Shelf(uuids=True)
        self.groups = Shelf()
        self.checks = Shelf(unique=False)
        self.policies = Shelf(unique=False)
        self.entries: dict[tuple[str, str], dict[str, dict[str, int]]] = {}
        self.authorisations: dict[tuple[str, str], dict[str, Json]] = {}
        self.people: dict[str, Json] = {}
        """Identities by mail address."""
        self.services: list[Json] = []
        """Identities of the service's own."""
        self.builds: list[Json] = []
        """Ended runs, the newest first."""
        self.timelines: dict[str, list[Json]] = {}
        self.approvals: dict[str, Json] = {}
        self.threads: dict[str, list[Json]] = {}
        """Of each pull request."""
        self.pools.put({"name": "Azure Pipelines", "isHosted": True})

    @property
    def address(self) -> str:
        """Address of the organisation."""
        return f"{self.root}/{self.organisation}"

    def add_person(self, mail: str) -> str:
        """Somebody joins the organisation; gives their id."""
        identity = str(uuid.uuid5(uuid.NAMESPACE_URL, mail))
        self.people[mail.lower()] = {"id": identity, "providerDisplayName": mail.partition("@")[0]}
        return identity

    def refuse(self, asked: Asked) -> Said | None:
        """Nobody without the token, in either form, gets an answer; a wrong one gets the page for people."""
        header = asked.headers.get("authorization", "")
        personal = "Basic " + base64.b64encode(f":{self.token}".encode()).decode()
        if not header:
            return Said(401, {"message": "TF400813: not authorised"})
        return None if header in {f"Bearer {self.token}", personal} else Said(203, b"<html>Sign in</html>")

    def routes(self) -> Sequence[Route]:
        """Everything that delivery calls."""
        return (*self._of_project(), *self._of_resources(), *self._of_guards(), *self._of_runs())

    def _at(self, path: str, *, organisation: bool = False) -> str:
        head = f"/{self.organisation}" if organisation else f"/{self.organisation}/{self.project}"
        return f"{head}/_apis/{path}"

    def _of_project(self) -> list[Route]:
        repository = {"id": REPOSITORY_ID, "name": self.project, "defaultBranch": "refs/heads/main"}
        project = {"id": PROJECT_ID, "name": self.project, "state": "wellFormed"}
        definitions, pools = self._at("build/definitions"), self._at("distributedtask/pools", organisation=True)
        return [
            Route("GET", self._at(f"projects/{self.project}", organisation=True), lambda _: Said(200, project), GA),
            Route("GET", self._at(f"git/repositories/{self.project}"), lambda _: Said(200, repository), GA),
            Route("GET", self._at("build/generalsettings"), lambda _: Said(200, self.settings), GA),
            Route("PATCH", self._at("build/generalsettings"), self._set, GA),
            Route("GET", pools, partial(_named, self.pools, "poolName"), GA),
            Route("GET", self._at("distributedtask/queues"), partial(_named, self.queues, "queueName"), PREVIEW),
            Route("POST", self._at("distributedtask/queues"), lambda asked: self.queues.put(asked.body), PREVIEW),
            Route("GET", definitions, partial(_named, self.definitions, "name"), GA),
            Route("GET", f"{definitions}/(\\d+)", lambda asked: _one(self.definitions, asked), GA),
            Route("POST", definitions, lambda asked: self.definitions.put({**asked.body, "revision": 1}), GA),
            Route("PUT", f"{definitions}/(\\d+)", partial(_replaced, self.definitions, "revision"), GA),
        ]

    def _of_resources(self) -> list[Route]:
        endpoints = self._at("serviceendpoint/endpoints", organisation=True)
        groups = self._at("distributedtask/variablegroups", organisation=True)
        environments = self._at("distributedtask/environments")
        return [
            Route("GET", environments, partial(_named, self.environments, "name"), PREVIEW),
            Route("POST", environments, lambda asked: self.environments.put(asked.body), PREVIEW),
            Route("GET", self._at("serviceendpoint/endpoints"), partial(_named, self.endpoints, "endpointNames"), GA),
            Route("POST", endpoints, self._new_endpoint, GA),
            Route("PUT", f"{endpoints}/([^/]+)", partial(_replaced, self.endpoints, ""), GA),
            Route("GET", self._at("distributedtask/variablegroups"), partial(_named, self.groups, "groupName"), GA),
            Route("POST", groups, lambda asked: self.groups.put(asked.body), GA),
            Route("PUT", f"{groups}/(\\d+)", partial(_replaced, self.groups, ""), GA),
        ]

    def _of_guards(self) -> list[Route]:
        checks = self._at("pipelines/checks/configurations")
        policies = self._at("policy/configurations")
        return [
            Route("GET", checks, self._checks_of, PREVIEW),
            Route("POST", checks, lambda asked: self.checks.put({**asked.body, "version": 1}), PREVIEW),
            Route("PATCH", f"{checks}/(\\d+)", partial(_replaced, self.checks, "version"), PREVIEW),
            Route("GET", policies, self._policies_of, GA),
            Route("POST", policies, lambda asked: self.policies.put({**asked.body, "revision": 1}), GA),
            Route("PUT", f"{policies}/(\\d+)", partial(_replaced, self.policies, "revision"), GA),
            Route("GET", self._at("identities", organisation=True), self._identities, GA),
            Route("GET", self._at("accesscontrollists/([^/]+)", organisation=True), self._acl, GA),
            Route("POST", self._at("accesscontrolentries/([^/]+)", organisation=True), self._set_entries, GA),
            Route("GET", self._at("pipelines/pipelinepermissions/(\\w+)/([^/]+)"), self._may_use, PREVIEW),
            Route("PATCH", self._at("pipelines/pipelinepermissions/(\\w+)/([^/]+)"), self._let_use, PREVIEW),
        ]

    def _of_runs(self) -> list[Route]:
        threads = self._at("git/repositories/([^/]+)/pullRequests/(\\d+)/threads")
        return [
            Route("GET", self._at("build/builds"), self._builds, GA),
            Route("GET", self._at("build/builds/(\\d+)/timeline"), self._timeline, GA),
            Route("GET", self._at("pipelines/approvals"), self._approvals_of, GA),
            Route("GET", threads, lambda asked: _all(self.threads.get(asked.found[1], [])), GA),
            Route("POST", threads, self._new_thread, GA),
            Route("PATCH", f"{threads}/(\\d+)/comments/(\\d+)", self._change_comment, GA),
        ]

    def _set(self, asked: Asked) -> Said:
        self.settings.update(asked.body)
        return Said(200, self.settings)

    def _new_endpoint(self, asked: Asked) -> Said:
        """The service itself says who issues the connection's tokens, and whom they name."""
        said = self.endpoints.put(asked.body)
        authorization = asked.body["authorization"]
        if said.status == 200 and authorization["scheme"] == "WorkloadIdentityFederation":  # noqa: PLR2004 - HTTP
            parameters = {
                **authorization["parameters"],
                "workloadIdentityFederationIssuer": "https://login.microsoftonline.com/tenant/v2.0",
                "workloadIdentityFederationSubject": f"/eid1/c/pub/t/x/a/y/sc/{COLLECTION_ID}/{said.body['id']}",
            }
            said.body["authorization"] = {**authorization, "parameters": parameters}
        return said

    def _checks_of(self, asked: Asked) -> Said:
        kind, identity = asked.query["resourceType"], asked.query["resourceId"]
        told = asked.query.get("$expand") == "settings"

        def ours(one: Json) -> bool:
            return one["resource"]["type"] == kind and str(one["resource"]["id"]) == identity

        found = [one for one in self.checks.things.values() if ours(one)]
        shown = found if told else [{key: one[key] for key in one if key != "settings"} for one in found]
        return _all(shown)

    def _policies_of(self, asked: Asked) -> Said:
        return self.policies.listed(lambda one: one["type"]["id"] == asked.query["policyType"])

    def _identities(self, asked: Asked) -> Said:
        if asked.query["searchFilter"] == "MailAddress":
            person = self.people.get(asked.query["filterValue"].lower())
            return _all([person] if person else [])
        wanted = asked.query["filterValue"].lower()
        return _all([one for one in self.services if wanted in str(one["providerDisplayName"]).lower()])

    def _acl(self, asked: Asked) -> Said:
        token, wanted = asked.query["token"], asked.query["descriptors"]
        entries = self.entries.get((asked.found[0], token), {})
        aces = {who: {"descriptor": who, **bits} for who, bits in entries.items() if who == wanted}
        return _all([{"inheritPermissions": True, "token": token, "acesDictionary": aces}])

    def _set_entries(self, asked: Asked) -> Said:
        entries = self.entries.setdefault((asked.found[0], asked.body["token"]), {})
        for one in asked.body["accessControlEntries"]:
            entries[one["descriptor"]] = {"allow": one["allow"], "deny": one["deny"]}
        return _all(asked.body["accessControlEntries"])

    def _may_use(self, asked: Asked) -> Said:
        kind, identity = asked.found
        said = self.authorisations.setdefault((kind, identity), {"all": False, "ids": set()})
        body: Json = {"resource": {"type": kind, "id": identity}}
        body["pipelines"] = [{"id": one, "authorized": True} for one in sorted(said["ids"])]
        if said["all"]:
            body["allPipelines"] = {"authorized": True}
        return Said(200, body)

    def _let_use(self, asked: Asked) -> Said:
        self._may_use(asked)
        said = self.authorisations[asked.found[0], asked.found[1]]
        for one in asked.body.get("pipelines") or ():
            (said["ids"].add if one["authorized"] else said["ids"].discard)(one["id"])
        if "allPipelines" in asked.body:
            said["all"] = bool(asked.body["allPipelines"]["authorized"])
        return self._may_use(asked)

    def _builds(self, asked: Asked) -> Said:
        query = asked.query
        found = [
            one
            for one in self.builds
            if str(one["definition"]["id"]) in query["definitions"].split(",")
            and one["sourceBranch"] == query["branchName"]
            and one["result"] in query["resultFilter"].split(",")
        ]
        return _all(found[: int(query["$top"])])

    def _timeline(self, asked: Asked) -> Said:
        records = self.timelines.get(asked.found[0])
        if records is None:
            return Said(404, {"message": f"no build {asked.found[0]}", "typeKey": "BuildNotFoundException"})
        return Said(200, {"records": records})

    def _approvals_of(self, asked: Asked) -> Said:
        ids = asked.query["approvalIds"].split(",")
        found = [self.approvals[one] for one in ids if one in self.approvals]
        if asked.query.get("$expand") == "steps":
            return _all(found)
        return _all([{**one, "steps": []} for one in found])

    def _new_thread(self, asked: Asked) -> Said:
        threads = self.threads.setdefault(asked.found[1], [])
        comments = [{"id": number, **one} for number, one in enumerate(asked.body["comments"], start=1)]
        thread = {"id": len(threads) + 1, "status": asked.body["status"], "isDeleted": False, "comments": comments}
        threads.append(thread)
        return Said(200, thread)

    def _change_comment(self, asked: Asked) -> Said:
        _, pull_request, thread, comment = asked.found
        for one in self.threads.get(pull_request, []):
            for other in one["comments"]:
                if (str(one["id"]), str(other["id"])) == (thread, comment):
                    other["content"] = asked.body["content"]
                    return Said(200, other)
        return Said(404, {"message": f"no thread {thread}"})


def _all(found: list[Json]) -> Said:
    return Said(200, {"count": len(found), "value": found})


def _one(shelf: Shelf, asked: Asked) -> Said:
    found = shelf.things.get(asked.found[0])
    return Said(200, found) if found else Said(404, {"message": f"no {asked.found[0]}"})


def _named(shelf: Shelf, key: str, asked: Asked) -> Said:
    """What begins with a name, as the service's own filters do."""
    wanted = asked.query.get(key, "").lower()
    return shelf.listed(lambda one: str(one.get("name", "")).lower().startswith(wanted))


def _replaced(shelf: Shelf, revision: str, asked: Asked) -> Said:
    return shelf.replace(asked.found[0], asked.body, revision=revision)
