"""The Pulumi policy pack: serves the rules to Pulumi's engine, which asks before it makes anything.

    pulumi preview -s prod --policy-pack policies/modelyard-policies

Rules about single resources answer for each resource before it is made, so that they also stop an update that was
not previewed. Rules about the whole answer when the program has registered everything. The engine's protocol
(pulumi/pulumi, proto/pulumi/analyzer.proto) is served directly: Pulumi's own package for packs wants a protobuf that
the rest of the environment cannot live with, and it would convert every resource anew for every rule.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from importlib.metadata import version
from typing import NoReturn, TypeAlias

import grpc
from google.protobuf.empty_pb2 import Empty
from pulumi.runtime.proto import analyzer_pb2 as pb
from pulumi.runtime.proto import plugin_pb2
from pulumi.runtime.proto.analyzer_pb2_grpc import AnalyzerServicer, add_AnalyzerServicer_to_server

from modelyard.environment.loading import load_environment
from modelyard.environment.models import Environment
from modelyard.environment.workspace import Workspace
from modelyard.errors import ModelyardError
from modelyard_infra.plugin.serving import serve
from modelyard_infra.plugin.wire import plain
from modelyard_infra.policies.facts import Facts
from modelyard_infra.policies.registered import Registered, graph_of, keys_of, single_graph
from modelyard_infra.policies.rule import Rule, Violation
from modelyard_infra.policies.rules import RULES, violations

Context: TypeAlias = grpc.ServicerContext
Load: TypeAlias = Callable[[str], Environment]

NAME = "modelyard-policies"
BENCHMARKS = {"MCSB": ("Microsoft Cloud Security Benchmark", "v1"), "WAF": ("Azure Well-Architected Framework", "")}
LEVELS = {"mandatory": pb.EnforcementLevel.MANDATORY, "advisory": pb.EnforcementLevel.ADVISORY}
ACKNOWLEDGED = "modelyard:replace"
"""Setting of the stack with the keys of what holds data and may be replaced all the same."""
LARGEST_MESSAGE = 400 * 1024 * 1024
"""Bytes. The engine sends the whole stack in one message; this is the limit of Pulumi's own packs."""


def load(stack: str) -> Environment:
    """The environment that a stack is of: it is called the same."""
    return load_environment(Workspace.find(), stack.rpartition("/")[2])


class RuleServer(AnalyzerServicer):
    """Serves one engine and one stack."""

    def __init__(self, load_stack: Load = load, *, rules: tuple[Rule, ...] = RULES) -> None:
        self._load = load_stack
        self._rules = rules
        self._environment: Environment | None = None
        self._inputs: dict[str, Registered] = {}
        self._acknowledged: frozenset[str] = frozenset()

    # The names and signatures below are the protocol's.

    def Handshake(self, request: pb.AnalyzerHandshakeRequest, context: Context) -> pb.AnalyzerHandshakeResponse:  # noqa: N802 - gRPC's name
        """Nothing needs to be agreed on."""
        del request, context
        return pb.AnalyzerHandshakeResponse()

    def GetPluginInfo(self, request: Empty, context: Context) -> plugin_pb2.PluginInfo:  # noqa: N802 - gRPC's name
        """Our version."""
        del request, context
        return plugin_pb2.PluginInfo(version=version("modelyard-infra"))

    def GetAnalyzerInfo(self, request: Empty, context: Context) -> pb.AnalyzerInfo:  # noqa: N802 - gRPC's name
        """The rules. They take no configuration: exceptions belong into code that somebody reviews."""
        del request, context
        info = [_info(rule) for rule in self._rules]
        return pb.AnalyzerInfo(name=NAME, version=version("modelyard-infra"), policies=info, supportsConfig=False)

    def Configure(self, request: pb.ConfigureAnalyzerRequest, context: Context) -> Empty:  # noqa: N802 - gRPC's name
        """There is nothing to configure."""
        del request, context
        return Empty()

    def ConfigureStack(  # noqa: N802 - gRPC's name
        self, request: pb.AnalyzerStackConfigureRequest, context: Context
    ) -> pb.AnalyzerStackConfigureResponse:
        """Loads the environment that the stack is called after."""
        self._environment = self._loaded(request.stack, context)
        self._acknowledged = frozenset(json.loads(request.config.get(ACKNOWLEDGED) or "[]"))
        return pb.AnalyzerStackConfigureResponse()

    def Analyze(self, request: pb.AnalyzeRequest, context: Context) -> pb.AnalyzeResponse:  # noqa: N802 - gRPC's name
        """Judges one resource before it is made, and keeps its inputs for the judgement of the whole."""
        resource = Registered(request.urn, request.type, plain(request.properties), protected=request.options.protect)
        self._inputs[request.urn] = resource
        environment = self._environment_of(request.urn, context)
        # The environment on this machine has nothing in Azure, so no rule is about it.
        if environment.azure is None:
            return pb.AnalyzeResponse()
        facts = Facts(single_graph(resource), environment)
        broken = violations((rule for rule in self._rules if rule.alone), facts)
        return self._response(broken, {resource.name: resource.urn})

    def AnalyzeStack(self, request: pb.AnalyzeStackRequest, context: Context) -> pb.AnalyzeResponse:  # noqa: N802 - gRPC's name
        """Judges the whole, by the inputs: what the service returns lacks names and scopes, and has defaults."""
        resources = [self._registered(one) for one in request.resources]
        environment = self._environment_of(resources[0].urn, context) if resources else None
        if environment is None or environment.azure is None:
            return pb.AnalyzeResponse()
        facts = Facts(graph_of(resources), environment)
        broken = violations((rule for rule in self._rules if not rule.alone), facts)
        return self._response(broken, {key: urn for urn, key in keys_of(resources).items()})

    def Remediate(self, request: pb.AnalyzeRequest, context: Context) -> pb.RemediateResponse:  # noqa: N802 - gRPC's name
        """Rules say what is wrong. They change nothing behind the back of who wrote it."""
        del request, context
        return pb.RemediateResponse()

    def Cancel(self, request: Empty, context: Context) -> Empty:  # noqa: N802 - gRPC's name
        """A judgement takes milliseconds, and ends by itself."""
        del request, context
        return Empty()

    def _loaded(self, stack: str, context: Context) -> Environment:
        try:
            return self._load(stack)
        except ModelyardError as error:
            _refuse(context, f"{error.message}; {error.hint}")

    def _environment_of(self, urn: str, context: Context) -> Environment:
        """The environment of the stack. An engine that has not said which one it is says so in every URN."""
        if self._environment is None:
            self._environment = self._loaded(urn.split(":", 3)[2], context)
        return self._environment

    def _registered(self, one: pb.AnalyzerResource) -> Registered:
        known = self._inputs.get(one.urn)
        return Registered(
            one.urn,
            one.type,
            known.properties if known else plain(one.properties),
            origins={name: tuple(sources.urns) for name, sources in one.propertyDependencies.items()},
            after=tuple(one.dependencies),
            protected=one.options.protect or one.urn.rpartition("::")[2] in self._acknowledged,
        )

    def _response(self, broken: Iterable[Violation], urns: dict[str, str]) -> pb.AnalyzeResponse:
        titles = {rule.id: rule.title for rule in self._rules}
        return pb.AnalyzeResponse(
            diagnostics=[
                pb.AnalyzeDiagnostic(
                    policyName=one.rule,
                    policyPackName=NAME,
                    policyPackVersion=version("modelyard-infra"),
                    description=titles[one.rule],
                    message=one.explanation,
                    enforcementLevel=LEVELS[one.level],
                    urn=urns.get(one.resource, ""),
                )
                for one in broken
            ]
        )


def _refuse(context: Context, message: str) -> NoReturn:
    context.abort(grpc.StatusCode.FAILED_PRECONDITION, message)
    raise AssertionError("abort does not return")


def _info(rule: Rule) -> pb.PolicyInfo:
    name, edition = BENCHMARKS[rule.control.benchmark]
    return pb.PolicyInfo(
        name=rule.id,
        displayName=rule.title,
        description=f"{rule.title} ({rule.when.words}). {rule.control.id}: {rule.control.reason}",
        enforcementLevel=LEVELS[rule.level],
        policy_type=pb.PolicyType.POLICY_TYPE_RESOURCE if rule.alone else pb.PolicyType.POLICY_TYPE_STACK,
        framework=pb.PolicyComplianceFramework(name=name, version=edition, reference=rule.control.id),
        remediation_steps=rule.remedy,
    )


def main() -> None:
    """Serves the engine that started this process."""
    # Resources come one after the other from the engine, and inputs must be there before the whole is judged.
    server = grpc.server(
        ThreadPoolExecutor(max_workers=1), options=[("grpc.max_receive_message_length", LARGEST_MESSAGE)]
    )
    add_AnalyzerServicer_to_server(RuleServer(), server)
    serve(server)
