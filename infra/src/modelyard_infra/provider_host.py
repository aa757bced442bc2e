"""Runs our own provider as Pulumi's plugin: `pulumi-resource-modelyard ENGINE_ADDRESS`.

It keeps nothing between calls, so it may end at any time.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor

import grpc

from modelyard_infra.local.kinds import Kind
from modelyard_infra.local.provider import LocalProvider, Say
from modelyard_infra.plugin.serving import serve

CALLS_AT_ONCE = 16


def kinds() -> Mapping[str, Kind]:
    """Every kind of resource that is ours, by its type token."""
    from modelyard_infra.lakefolders.kind import LakeFolderKind
    from modelyard_infra.local.folder import FolderKind
    from modelyard_infra.local.service import ServiceKind
    from modelyard_infra.local.supervisor import SupervisorKind

    return {
        "modelyard:azure:LakeFolder": LakeFolderKind(),
        "modelyard:local:Folder": FolderKind(),
        "modelyard:local:Supervisor": SupervisorKind(),
        "modelyard:local:Service": ServiceKind(),
    }


def main() -> None:
    """Serves until the engine ends it or is gone."""
    from pulumi.runtime.proto.provider_pb2_grpc import add_ResourceProviderServicer_to_server

    engine = sys.argv[1] if len(sys.argv) > 1 else ""
    server = grpc.server(ThreadPoolExecutor(max_workers=CALLS_AT_ONCE))
    add_ResourceProviderServicer_to_server(LocalProvider(kinds(), _speaker(engine)), server)
    serve(server)


def _speaker(engine: str) -> Say:
    if not engine:
        return _unheard
    from pulumi.runtime.proto.engine_pb2 import INFO, WARNING, LogRequest
    from pulumi.runtime.proto.engine_pb2_grpc import EngineStub

    stub = EngineStub(grpc.insecure_channel(engine))

    def say(urn: str, message: str, lasting: bool) -> None:  # noqa: FBT001 - private, and called by name
        severity = WARNING if lasting else INFO
        stub.Log(LogRequest(severity=severity, urn=urn, message=message, ephemeral=not lasting))

    return say


def _unheard(urn: str, message: str, lasting: bool) -> None:  # noqa: FBT001 - private, and called by name
    del urn, message, lasting


if __name__ == "__main__":
    main()
