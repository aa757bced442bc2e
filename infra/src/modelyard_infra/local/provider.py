"""The Pulumi provider `modelyard`: the engine's calls, turned into what each kind of local resource does.

The protocol is pulumi's proto/pulumi/provider.proto. Resource types are `modelyard:local:Folder`, `:Supervisor` and
`:Service`. The provider keeps nothing: all it needs comes with each call.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from threading import Event
from typing import NoReturn, TypeVar

import grpc
from google.protobuf.empty_pb2 import Empty
from pulumi.runtime.proto import plugin_pb2 as plugin_pb
from pulumi.runtime.proto import provider_pb2 as pb

from modelyard_infra.local.kinds import Call, Difference, Kind, LocalResourceError
from modelyard_infra.plugin.provider import BareProvider, Context
from modelyard_infra.plugin.wire import packed, plain

PACKAGE = "modelyard"
VERSION = "0.1.0"

Say = Callable[[str, str, bool], None]
"""Tells the engine: the resource's URN, the message, and whether it is a warning that should stay."""

Result = TypeVar("Result")


class LocalProvider(BareProvider):
    """Serves one engine. Calls come in parallel; those of one resource never do."""

    def __init__(self, kinds: Mapping[str, Kind], say: Say) -> None:
        self._kinds = kinds
        self._say = say
        self._cancelled = Event()

    # The names and signatures below are the protocol's.

    def GetPluginInfo(self, request: Empty, context: Context) -> plugin_pb.PluginInfo:  # noqa: N802 - gRPC's name
        """The provider's version."""
        del request, context
        return plugin_pb.PluginInfo(version=VERSION)

    def GetSchema(self, request: pb.GetSchemaRequest, context: Context) -> pb.GetSchemaResponse:  # noqa: N802 - gRPC's name
        """Name, version and resource types; properties are described by the classes in `resources`."""
        del request, context
        schema = {"name": PACKAGE, "version": VERSION, "resources": {token: {} for token in self._kinds}}
        return pb.GetSchemaResponse(schema=json.dumps(schema))

    def Configure(self, request: pb.ConfigureRequest, context: Context) -> pb.ConfigureResponse:  # noqa: N802 - gRPC's name
        """Says that previews may ask for foreseen outputs; secrets are not accepted as such, there are none."""
        del request, context
        return pb.ConfigureResponse(supportsPreview=True)

    def Cancel(self, request: Empty, context: Context) -> Empty:  # noqa: N802 - gRPC's name
        """Lets what is under way end soon and clean up."""
        del request, context
        self._cancelled.set()
        return Empty()

    def Check(self, request: pb.CheckRequest, context: Context) -> pb.CheckResponse:  # noqa: N802 - gRPC's name
        """Checks a resource's inputs."""
        problems = self._kind(request.urn, context).check(plain(request.news))
        failures = [pb.CheckFailure(property=name, reason=reason) for name, reason in problems]
        return pb.CheckResponse(inputs=request.news, failures=failures)

    def Diff(self, request: pb.DiffRequest, context: Context) -> pb.DiffResponse:  # noqa: N802 - gRPC's name
        """Compares the wanted with the recorded state."""
        kind = self._kind(request.urn, context)
        return _diff_response(kind.diff(plain(request.old_inputs), plain(request.olds), plain(request.news)))

    def Create(self, request: pb.CreateRequest, context: Context) -> pb.CreateResponse:  # noqa: N802 - gRPC's name
        """Makes a resource, or in a preview foresees it."""
        kind, inputs = self._kind(request.urn, context), plain(request.properties)
        if request.preview:
            return pb.CreateResponse(properties=packed(kind.foresee(inputs, {})))
        found = self._attempt(context, lambda: kind.create(inputs, self._call(request.urn)))
        return pb.CreateResponse(id=found.id, properties=packed(found.outputs))

    def Read(self, request: pb.ReadRequest, context: Context) -> pb.ReadResponse:  # noqa: N802 - gRPC's name
        """Finds out what is really there; an empty answer means that it is gone."""
        kind = self._kind(request.urn, context)
        inputs, outputs = plain(request.inputs), plain(request.properties)
        found = self._attempt(context, lambda: kind.read(request.id, inputs, outputs))
        if found is None:
            return pb.ReadResponse()
        return pb.ReadResponse(id=found.id, inputs=packed(found.inputs), properties=packed(found.outputs))

    def Update(self, request: pb.UpdateRequest, context: Context) -> pb.UpdateResponse:  # noqa: N802 - gRPC's name
        """Changes a resource in place, or in a preview foresees the change."""
        kind, inputs, old = self._kind(request.urn, context), plain(request.news), plain(request.olds)
        if request.preview:
            return pb.UpdateResponse(properties=packed(kind.foresee(inputs, old)))
        outputs = self._attempt(context, lambda: kind.update(inputs, old, self._call(request.urn)))
        return pb.UpdateResponse(properties=packed(outputs))

    def Delete(self, request: pb.DeleteRequest, context: Context) -> Empty:  # noqa: N802 - gRPC's name
        """Takes a resource away."""
        kind, outputs = self._kind(request.urn, context), plain(request.properties)
        self._attempt(context, lambda: kind.delete(outputs, self._call(request.urn)))
        return Empty()

    def _kind(self, urn: str, context: Context) -> Kind:
        token = urn.split("::")[2].rpartition("$")[2]
        if token not in self._kinds:
            known = ", ".join(sorted(self._kinds))
            _refuse(context, f"the provider {PACKAGE} knows no resource type {token}; it knows {known}")
        return self._kinds[token]

    def _call(self, urn: str) -> Call:
        def note(message: str) -> None:
            self._say(urn, message, False)

        def warn(message: str) -> None:
            self._say(urn, message, True)

        return Call(note, warn, self._cancelled)

    def _attempt(self, context: Context, action: Callable[[], Result]) -> Result:
        try:
            return action()
        except LocalResourceError as error:
            _refuse(context, str(error))
        except OSError as error:
            _refuse(context, f"{error.strerror or error}: {error.filename or 'on this machine'}")


def _refuse(context: Context, message: str) -> NoReturn:
    context.abort(grpc.StatusCode.UNKNOWN, message)
    raise AssertionError("abort raises")


def _diff_response(difference: Difference) -> pb.DiffResponse:
    kinds = pb.PropertyDiff
    details = {
        key: kinds(kind=kinds.UPDATE_REPLACE if key in difference.replaces else kinds.UPDATE, inputDiff=True)
        for key in difference.changed
    }
    answer = pb.DiffResponse
    return answer(
        changes=answer.DIFF_SOME if difference.changed else answer.DIFF_NONE,
        diffs=difference.changed,
        replaces=difference.replaces,
        detailedDiff=details,
        hasDetailedDiff=True,
        # One place on this machine holds one thing: the old must go before the new comes.
        deleteBeforeReplace=bool(difference.replaces),
    )
