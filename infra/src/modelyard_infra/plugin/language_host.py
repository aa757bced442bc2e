"""Pulumi's language host for Python, where the CLI came without one.

The official release ships `pulumi-language-python` beside the CLI; a CLI built from the Go module proxy has none. This
one runs the program's `__main__.py` in the workspace's own Python, which is all that `pulumi up` in infra/ needs.
"""

from __future__ import annotations

import os
import runpy
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TypeAlias

import grpc
from google.protobuf.empty_pb2 import Empty
from pulumi.automation._server import LanguageServer
from pulumi.runtime.proto import language_pb2 as pb
from pulumi.runtime.proto.language_pb2_grpc import add_LanguageRuntimeServicer_to_server

from modelyard_infra.plugin.serving import serve

Context: TypeAlias = grpc.ServicerContext


class ProgramHost(LanguageServer):
    """Serves one engine: runs the program of the folder that the engine names."""

    def __init__(self) -> None:
        super().__init__(lambda: None)

    # The names and signatures below are the protocol's (pulumi's proto/pulumi/language.proto).

    def Handshake(self, request: pb.LanguageHandshakeRequest, context: Context) -> pb.LanguageHandshakeResponse:  # noqa: N802 - gRPC's name
        """Nothing needs to be agreed on."""
        del request, context
        return pb.LanguageHandshakeResponse()

    def RuntimeOptionsPrompts(self, request: pb.RuntimeOptionsRequest, context: Context) -> pb.RuntimeOptionsResponse:  # noqa: N802 - gRPC's name
        """No option is missing."""
        del request, context
        return pb.RuntimeOptionsResponse()

    def InstallDependencies(  # noqa: N802 - gRPC's name
        self, request: pb.InstallDependenciesRequest, context: Context
    ) -> Iterator[pb.InstallDependenciesResponse]:
        """They are there: this very module is one of them."""
        del request, context
        return iter(())

    def Cancel(self, request: Empty, context: Context) -> Empty:  # noqa: N802 - gRPC's name
        """A program that only declares resources ends by itself."""
        del request, context
        return Empty()

    def Run(self, request: pb.RunRequest, context: Context) -> pb.RunResponse:  # noqa: N802 - gRPC's name
        """Runs `__main__.py` of the program's folder."""
        folder = Path(request.info.program_directory or request.pwd)
        entry = folder / (request.info.entry_point or request.program or ".")
        file = entry / "__main__.py" if entry.is_dir() else entry
        os.chdir(request.pwd or folder)
        sys.path.insert(0, str(file.parent))

        def program() -> None:
            runpy.run_path(str(file), run_name="__main__")

        self.program = program
        response: pb.RunResponse = super().Run(request, context)  # type: ignore[no-untyped-call]  # Pulumi's server is untyped
        return response


def main() -> None:
    """Serves until the engine ends it or is gone."""
    server = grpc.server(ThreadPoolExecutor(max_workers=4))
    add_LanguageRuntimeServicer_to_server(ProgramHost(), server)
    serve(server)


if __name__ == "__main__":
    main()
