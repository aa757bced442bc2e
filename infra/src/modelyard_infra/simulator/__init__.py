"""A small Azure for rehearsals: `modelyard infra up ENV --simulate`.

Pulumi's engine talks to an executable `pulumi-resource-azure-native`. The one in infra/simulator answers like the real
one, with a control plane behind it that keeps its resources in one file and refuses what Azure refuses.

    provider   the engine's calls, with the real provider's rules for differences, replacement and refresh
    client     what lies between: retries, waiting for long operations, injected faults
    plane      Azure's side: PUT, GET and DELETE of resources by their ARM ids
    rules      what Azure demands beyond the shape of a request, as tables with their sources
    store      one SQLite file for all subscriptions

To use it without the command: put infra/simulator first on PATH and name the file in MODELYARD_SIMULATED_AZURE. Two
engines with one file share one Azure. To rehearse trouble: `python -m modelyard_infra.simulator --help`.
"""
