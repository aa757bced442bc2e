"""Runs the stand-in provider as Pulumi's plugin: `pulumi-resource-azure-native ENGINE_ADDRESS`.

MODELYARD_SIMULATED_AZURE names the file in which the simulated Azure is kept. Without it the plugin refuses to start: a
stand-in must never be taken for the real provider by mistake.
"""

from __future__ import annotations

import os
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import grpc
from pulumi.runtime.proto.provider_pb2_grpc import add_ResourceProviderServicer_to_server

from modelyard_infra.catalogue import load_catalogue
from modelyard_infra.plugin.serving import serve
from modelyard_infra.simulator.client import AzureClient
from modelyard_infra.simulator.plane import ControlPlane
from modelyard_infra.simulator.provider import SimulatedProvider
from modelyard_infra.simulator.rehearsal import FILE_VARIABLE
from modelyard_infra.simulator.request import NOBODY
from modelyard_infra.simulator.store import Store

CALLS_AT_ONCE = 16


def main() -> None:
    """Serves until the engine ends it or is gone."""
    file = os.environ.get(FILE_VARIABLE)
    if not file:
        sys.exit(
            f"{FILE_VARIABLE} is not set: it names the file of the simulated Azure (modelyard infra up ENV --simulate)"
        )
    plane = ControlPlane(Store(Path(file)), tenant=os.environ.get("ARM_TENANT_ID", NOBODY))
    provider = SimulatedProvider(
        AzureClient(plane), load_catalogue(), subscription=os.environ.get("ARM_SUBSCRIPTION_ID", "")
    )
    server = grpc.server(ThreadPoolExecutor(max_workers=CALLS_AT_ONCE))
    add_ResourceProviderServicer_to_server(provider, server)
    serve(server)


if __name__ == "__main__":
    main()
