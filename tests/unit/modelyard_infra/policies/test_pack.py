"""The policy pack answers the engine: rules with their controls, one resource at a time, then the whole."""

from collections.abc import Callable

import grpc
import pytest
from google.protobuf.empty_pb2 import Empty
from pulumi.runtime.proto import analyzer_pb2 as pb

from modelyard.environment.loading import load_environment
from modelyard.environment.models import Environment
from modelyard.environment.workspace import Workspace
from modelyard.errors import InvalidSettingsError
from modelyard_infra.blueprint.graph import Graph
from modelyard_infra.plugin.wire import packed
from modelyard_infra.policies.pack import RuleServer
from modelyard_infra.policies.registered import Registered
from modelyard_infra.policies.rules import RULES
from modelyard_infra.testing.editing import changed, unprotected, without
from modelyard_infra.testing.registering import told

Drawn = Callable[[str], tuple[Graph, Environment]]
MANDATORY = pb.EnforcementLevel.MANDATORY


class AbortedError(Exception):
    """What gRPC's abort raises."""


class Context:
    """The context of a call that is aborted."""

    def abort(self, code: grpc.StatusCode, message: str) -> None:
        raise AbortedError(message)


CONTEXT = Context()


def configured(environment: Environment, **settings: str) -> RuleServer:
    server = RuleServer(lambda stack: environment)
    server.ConfigureStack(pb.AnalyzerStackConfigureRequest(stack=environment.name, config=settings), CONTEXT)
    return server


def judged_alone(server: RuleServer, resources: list[Registered]) -> list[pb.AnalyzeDiagnostic]:
    found = []
    for one in resources:
        request = pb.AnalyzeRequest(type=one.token, urn=one.urn, properties=packed(one.properties))
        found += server.Analyze(request, CONTEXT).diagnostics
    return found


def judged_whole(server: RuleServer, resources: list[Registered]) -> list[pb.AnalyzeDiagnostic]:
    request = pb.AnalyzeStackRequest()
    for one in resources:
        # What a service returns has no names and scopes in it: the inputs must be kept from before.
        told_now = request.resources.add(type=one.token, urn=one.urn, properties=packed({}), dependencies=one.after)
        told_now.options.protect = one.protected
        for name, sources in one.origins.items():
            told_now.propertyDependencies[name].urns.extend(sources)
    return list(server.AnalyzeStack(request, CONTEXT).diagnostics)


def names_of(diagnostics: list[pb.AnalyzeDiagnostic]) -> set[str]:
    return {one.policyName for one in diagnostics if one.enforcementLevel == MANDATORY}


def preview(graph: Graph, environment: Environment) -> list[Registered]:
    return told(graph, subscription=environment.azure.subscription_id, is_preview=True)


def test_the_engine_is_told_every_rule_with_its_control() -> None:
    info = RuleServer().GetAnalyzerInfo(Empty(), CONTEXT)

    assert [one.name for one in info.policies] == [rule.id for rule in RULES]
    lock = next(one for one in info.policies if one.name == "lock")
    assert (lock.framework.name, lock.framework.reference) == ("Microsoft Cloud Security Benchmark", "AM-4")
    assert lock.enforcementLevel == MANDATORY
    assert not info.supportsConfig


def test_an_environment_is_let_pass(drawn: Drawn) -> None:
    graph, environment = drawn("prod")
    server, resources = configured(environment), preview(graph, environment)

    assert names_of(judged_alone(server, resources)) == set()
    assert names_of(judged_whole(server, resources)) == set()


def test_a_resource_that_breaks_a_rule_is_named_before_it_is_made(drawn: Drawn) -> None:
    graph, environment = drawn("prod")
    resources = preview(changed(graph, "lake-account", "allowSharedKeyAccess", True), environment)

    (found,) = [one for one in judged_alone(configured(environment), resources) if one.enforcementLevel == MANDATORY]

    assert found.policyName == "storage-no-shared-keys"
    assert found.urn.endswith("::lake-account")
    assert "allowSharedKeyAccess: found true; allowed: false. Next: set allowSharedKeyAccess to false" in found.message


def test_what_is_missing_is_named_when_everything_is_registered(drawn: Drawn) -> None:
    graph, environment = drawn("prod")
    server, resources = configured(environment), preview(without(graph, "diagnostics-vault"), environment)

    assert names_of(judged_alone(server, resources)) == set()
    (found,) = [one for one in judged_whole(server, resources) if one.enforcementLevel == MANDATORY]
    assert found.policyName == "logs-everywhere"
    assert found.urn.endswith("::vault")


def test_data_may_lose_its_protection_only_when_that_is_acknowledged(drawn: Drawn) -> None:
    graph, environment = drawn("prod")
    resources = preview(unprotected(graph, "lake-account"), environment)
    strict = configured(environment)
    told_so = configured(environment, **{"modelyard:replace": '["lake-account"]'})

    for server in (strict, told_so):
        judged_alone(server, resources)
    assert names_of(judged_whole(strict, resources)) == {"data-protected"}
    assert names_of(judged_whole(told_so, resources)) == set()


def test_no_rule_is_about_the_environment_on_this_machine(drawn: Drawn) -> None:
    graph, environment = drawn("prod")
    server = configured(load_environment(Workspace.find(), "local"))
    resources = preview(changed(graph, "lake-account", "allowSharedKeyAccess", True), environment)

    assert judged_alone(server, resources) == []
    assert judged_whole(server, resources) == []


def test_a_stack_without_an_environment_file_is_refused_with_the_reason() -> None:
    def refuse(stack: str) -> Environment:
        raise InvalidSettingsError(f"there is no environment {stack}", hint="modelyard env list")

    with pytest.raises(AbortedError, match="there is no environment staging; modelyard env list"):
        RuleServer(refuse).ConfigureStack(pb.AnalyzerStackConfigureRequest(stack="staging"), CONTEXT)


def test_an_engine_that_does_not_say_which_stack_it_is_lets_nothing_through(drawn: Drawn) -> None:
    graph, environment = drawn("prod")
    resources = preview(changed(without(graph, "group-lock"), "vault", "tags", {}), environment)
    asked: list[str] = []

    def load(stack: str) -> Environment:
        asked.append(stack)
        return environment

    server = RuleServer(load)

    assert names_of(judged_alone(server, resources)) == {"tags"}
    assert names_of(judged_whole(server, resources)) == {"lock"}
    assert asked == ["prod"]
