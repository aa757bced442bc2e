"""The stand-in for Pulumi's azure-native provider: the engine's calls, answered as the real one answers them.

The protocol is pulumi's proto/pulumi/provider.proto. What is done with it follows pulumi/pulumi-azure-native,
provider/pkg/provider/provider.go. Two things differ. Inputs that Azure would refuse are refused when they are checked,
so that a preview tells of them already. And the inputs of the last update are taken from the engine, which sends them,
and not kept in a hidden output.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import NoReturn, TypeVar

from google.protobuf.empty_pb2 import Empty
from pulumi.runtime.proto import plugin_pb2 as plugin_pb
from pulumi.runtime.proto import provider_pb2 as pb

from modelyard_infra.catalogue import AzureType, Catalogue, UnknownKindError, problems
from modelyard_infra.plugin.provider import BareProvider, Context
from modelyard_infra.plugin.wire import Properties, packed, plain
from modelyard_infra.simulator import inputs as sent
from modelyard_infra.simulator.client import AzureClient, Target
from modelyard_infra.simulator.diffing import ADD, DELETE, Change, changes
from modelyard_infra.simulator.errors import AlreadyExistsError, AzureError, PartlyDoneError
from modelyard_infra.simulator.paths import without_nulls
from modelyard_infra.simulator.refusing import fail, fail_partly
from modelyard_infra.simulator.request import NOBODY
from modelyard_infra.simulator.store import Stored

PACKAGE = "azure-native"
VERSION = "3.29.0"
CLIENT_CONFIG = "azure-native:authorization:getClientConfig"

Result = TypeVar("Result")


class SimulatedProvider(BareProvider):
    """Serves one provider instance of one engine. Calls come in parallel."""

    def __init__(self, client: AzureClient, catalogue: Catalogue, *, subscription: str = "") -> None:
        self._client = client
        self._catalogue = catalogue
        self._subscription = subscription

    # The names and signatures below are the protocol's.

    def GetPluginInfo(self, request: Empty, context: Context) -> plugin_pb.PluginInfo:  # noqa: N802 - gRPC's name
        """The version of the real provider whose place this takes."""
        del request, context
        return plugin_pb.PluginInfo(version=VERSION)

    def GetSchema(self, request: pb.GetSchemaRequest, context: Context) -> pb.GetSchemaResponse:  # noqa: N802 - gRPC's name
        """Name, version and the types that are simulated."""
        del request, context
        resources: Properties = {f"{PACKAGE}:{kind}": {} for kind in self._catalogue if kind.count(":") == 1}
        return pb.GetSchemaResponse(schema=json.dumps({"name": PACKAGE, "version": VERSION, "resources": resources}))

    def Configure(self, request: pb.ConfigureRequest, context: Context) -> pb.ConfigureResponse:  # noqa: N802 - gRPC's name
        """Takes the subscription, which is all of the configuration that makes a difference here."""
        del context
        given = {name.rpartition(":")[2]: value for name, value in request.variables.items()} | plain(request.args)
        self._subscription = str(given.get("subscriptionId") or self._subscription)
        return pb.ConfigureResponse(supportsPreview=True)

    def Cancel(self, request: Empty, context: Context) -> Empty:  # noqa: N802 - gRPC's name
        """As the real provider: what is under way goes on."""
        del request, context
        return Empty()

    def Invoke(self, request: pb.InvokeRequest, context: Context) -> pb.InvokeResponse:  # noqa: N802 - gRPC's name
        """Tells who is signed in; knows no other function."""
        if request.tok != CLIENT_CONFIG:
            _refuse(context, f"the simulated Azure knows no function {request.tok}; it knows {CLIENT_CONFIG}")
        told = {"clientId": NOBODY, "objectId": NOBODY, "tenantId": self._client.plane.tenant}
        response = pb.InvokeResponse()
        # `return` is the protocol's name, and no name in Python.
        getattr(response, "return").CopyFrom(packed({**told, "subscriptionId": self._subscription}))
        return response

    def Check(self, request: pb.CheckRequest, context: Context) -> pb.CheckResponse:  # noqa: N802 - gRPC's name
        """Names what has no name, and refuses what Azure would refuse whatever else exists."""
        azure_type = self._type(request.urn, context)
        wanted = sent.named(azure_type, plain(request.news), plain(request.olds), _key(request.urn), request.randomSeed)
        failures = [
            pb.CheckFailure(property=problem.path, reason=f"found {problem.found}; allowed: {problem.allowed}")
            for problem in problems(azure_type.kind, without_nulls(wanted))
        ]
        return pb.CheckResponse(inputs=packed(wanted), failures=failures)

    def Diff(self, request: pb.DiffRequest, context: Context) -> pb.DiffResponse:  # noqa: N802 - gRPC's name
        """Compares inputs with inputs, and says what takes a new resource."""
        azure_type = self._type(request.urn, context)
        old, new = without_nulls(plain(request.old_inputs)), without_nulls(plain(request.news))
        return _diff_response(changes(old, new, azure_type.engine_replaces, plain(request.olds)))

    def Create(self, request: pb.CreateRequest, context: Context) -> pb.CreateResponse:  # noqa: N802 - gRPC's name
        """Makes a resource, or in a preview foresees it."""
        azure_type = self._type(request.urn, context)
        wanted = without_nulls(plain(request.properties))
        if request.preview:
            return pb.CreateResponse(properties=packed(sent.foreseen(azure_type, wanted)))
        identity = self._identity(azure_type, wanted, context)
        target = Target(azure_type.kind, identity, _key(request.urn))
        made = self._write(context, target, wanted, lambda: self._client.create(target, wanted))
        return pb.CreateResponse(id=made.id, properties=packed(made.body))

    def Read(self, request: pb.ReadRequest, context: Context) -> pb.ReadResponse:  # noqa: N802 - gRPC's name
        """Finds out what is really there, and what of it differs from what was sent."""
        azure_type = self._type(request.urn, context)
        target = Target(azure_type.kind, request.id, _key(request.urn))
        found = self._attempt(context, lambda: self._client.read(target))
        if found is None:
            return pb.ReadResponse()
        wanted, before = plain(request.inputs), plain(request.properties)
        known = sent.drifted_inputs(azure_type, wanted, before, found.body) if wanted and before else None
        inputs = known if known is not None else sent.imported(azure_type, found)
        return pb.ReadResponse(id=found.id, inputs=packed(inputs), properties=packed(found.body))

    def Update(self, request: pb.UpdateRequest, context: Context) -> pb.UpdateResponse:  # noqa: N802 - gRPC's name
        """Changes a resource in place, or in a preview foresees the change."""
        azure_type = self._type(request.urn, context)
        wanted = without_nulls(plain(request.news))
        if request.preview:
            old = plain(request.olds)
            stable: Properties = {name: old[name] for name in ("name", "location") if name in old}
            return pb.UpdateResponse(properties=packed({**sent.foreseen(azure_type, wanted), **stable}))
        target = Target(azure_type.kind, request.id, _key(request.urn))
        changed = self._write(context, target, wanted, lambda: self._client.update(target, wanted))
        return pb.UpdateResponse(properties=packed(changed.body))

    def Delete(self, request: pb.DeleteRequest, context: Context) -> Empty:  # noqa: N802 - gRPC's name
        """Takes a resource away; one that is gone already is fine."""
        azure_type = self._type(request.urn, context)
        target = Target(azure_type.kind, request.id, _key(request.urn))
        self._attempt(context, lambda: self._client.delete(target))
        return Empty()

    def _type(self, urn: str, context: Context) -> AzureType:
        token = urn.split("::")[2].rpartition("$")[2]
        try:
            return self._catalogue[token.partition(":")[2]]
        except UnknownKindError as error:
            _refuse(context, f"the simulated Azure cannot make {token}: {error}")

    def _identity(self, azure_type: AzureType, wanted: Properties, context: Context) -> str:
        try:
            return sent.identity(azure_type, wanted, self._subscription)
        except KeyError as error:
            missing = str(error).strip("'")
            hint = "; set azure-native:subscriptionId" if missing == "subscriptionId" else ""
            _refuse(context, f"{azure_type.kind} has no {missing}{hint}")

    def _write(self, context: Context, target: Target, wanted: Properties, action: Callable[[], Stored]) -> Stored:
        try:
            return self._attempt(context, action)
        except PartlyDoneError as error:
            found = self._client.plane.get(target.id)
            fail_partly(context, target.id, str(error), found.body if found else {}, wanted)

    def _attempt(self, context: Context, action: Callable[[], Result]) -> Result:
        try:
            return action()
        except (AzureError, AlreadyExistsError) as error:
            fail(context, str(error))


def _key(urn: str) -> str:
    return urn.split("::", 3)[-1]


def _refuse(context: Context, message: str) -> NoReturn:
    fail(context, message)


def _diff_response(found: list[Change]) -> pb.DiffResponse:
    kinds = pb.PropertyDiff
    words = {
        (ADD, False): kinds.ADD,
        (ADD, True): kinds.ADD_REPLACE,
        (DELETE, False): kinds.DELETE,
        (DELETE, True): kinds.DELETE_REPLACE,
    }
    details = {
        change.path: kinds(
            kind=words.get((change.what, change.replaces), kinds.UPDATE_REPLACE if change.replaces else kinds.UPDATE),
            inputDiff=True,
        )
        for change in found
    }
    replaces = [change.path for change in found if change.replaces]
    answer = pb.DiffResponse
    return answer(
        changes=answer.DIFF_SOME if found else answer.DIFF_NONE,
        diffs=sorted({change.path.split(".")[0] for change in found}),
        replaces=replaces,
        detailedDiff=details,
        hasDetailedDiff=True,
        # The names are ours, and the new resource has the old one's: the old must go before the new comes.
        deleteBeforeReplace=bool(replaces),
    )
