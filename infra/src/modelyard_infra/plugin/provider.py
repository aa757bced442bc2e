"""What every provider answers alike: how it meets the engine, and that it has nothing to configure.

The protocol is pulumi's proto/pulumi/provider.proto.
"""

from __future__ import annotations

from typing import TypeAlias

import grpc
from google.protobuf.empty_pb2 import Empty
from pulumi.runtime.proto import plugin_pb2 as plugin_pb
from pulumi.runtime.proto import provider_pb2 as pb
from pulumi.runtime.proto.provider_pb2_grpc import ResourceProviderServicer

Context: TypeAlias = grpc.ServicerContext


class BareProvider(ResourceProviderServicer):
    """A provider without configuration. The names and signatures are the protocol's."""

    def Handshake(self, request: pb.ProviderHandshakeRequest, context: Context) -> pb.ProviderHandshakeResponse:  # noqa: N802 - gRPC's name
        """Agrees on what both sides can do: nothing beyond the basics is needed."""
        del request, context
        return pb.ProviderHandshakeResponse()

    def Attach(self, request: plugin_pb.PluginAttach, context: Context) -> Empty:  # noqa: N802 - gRPC's name
        """Takes up with an engine that connects to a provider already running (PULUMI_DEBUG_PROVIDERS)."""
        del request, context
        return Empty()

    def CheckConfig(self, request: pb.CheckRequest, context: Context) -> pb.CheckResponse:  # noqa: N802 - gRPC's name
        """Any configuration will do."""
        del context
        return pb.CheckResponse(inputs=request.news)

    def DiffConfig(self, request: pb.DiffRequest, context: Context) -> pb.DiffResponse:  # noqa: N802 - gRPC's name
        """No difference in the configuration replaces anything."""
        del request, context
        return pb.DiffResponse(changes=pb.DiffResponse.DIFF_NONE)
