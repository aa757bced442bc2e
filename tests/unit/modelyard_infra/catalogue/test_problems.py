"""What Azure would refuse is found before anything is sent."""

import copy

import pytest

from modelyard_infra.blueprint.graph import Joined, Ref
from modelyard_infra.catalogue import UNKNOWN, UnknownKindError, problems

ACCOUNT = {
    "accountName": "stlakedev",
    "resourceGroupName": Ref("group", "name"),
    "location": "westeurope",
    "kind": "StorageV2",
    "sku": {"name": "Standard_LRS"},
    "isHnsEnabled": True,
    "minimumTlsVersion": "TLS1_2",
    "networkRuleSet": {
        "defaultAction": "Deny",
        "bypass": "Logging, Metrics",
        "ipRules": [{"iPAddressOrRange": "203.0.113.0/24", "action": "Allow"}],
        "virtualNetworkRules": [{"virtualNetworkResourceId": Ref("subnet")}],
    },
}
APP = {
    "containerAppName": "ca-model",
    "resourceGroupName": "rg-dev",
    "location": "westeurope",
    "managedEnvironmentId": Ref("environment"),
    "configuration": {"ingress": {"targetPort": 8080, "traffic": [{"latestRevision": True, "weight": 100}]}},
    "template": {"containers": [{"name": "api", "image": "example/api:1", "resources": {"cpu": 0.5, "memory": "1Gi"}}]},
}
GROUP = {
    "networkSecurityGroupName": "nsg-apps",
    "resourceGroupName": "rg-dev",
    "location": "westeurope",
    "securityRules": [
        {
            "name": "https",
            "priority": 100,
            "direction": "Inbound",
            "access": "Allow",
            "protocol": "Tcp",
            "sourceAddressPrefix": "*",
            "sourcePortRange": "*",
            "destinationAddressPrefix": "*",
            "destinationPortRange": "443",
        }
    ],
}


def changed(properties, path, value):
    result = copy.deepcopy(properties)
    *above, last = path
    inner = result
    for part in above:
        inner = inner[part]
    inner[last] = value
    return result


def found(kind, properties):
    return [str(problem) for problem in problems(kind, properties)]


@pytest.mark.parametrize(
    ("kind", "properties"),
    [("storage:StorageAccount", ACCOUNT), ("app:ContainerApp", APP), ("network:NetworkSecurityGroup", GROUP)],
)
def test_what_azure_accepts_has_no_problems(kind, properties):
    assert found(kind, properties) == []


RULES = ["networkRuleSet", "ipRules"]
DEFAULT = ["networkRuleSet", "defaultAction"]


@pytest.mark.parametrize(
    ("path", "value", "said"),
    [
        (["accountName"], "St_Lake", "accountName: found 'St_Lake'; allowed: a text, 3 to 24 characters, matching"),
        (["accountName"], "s" * 25, "a text, 3 to 24 characters"),
        (["isHnsEnabled"], "yes", "isHnsEnabled: found 'yes'; allowed: true or false"),
        (["sku", "name"], "Standard_XRS", "sku.name: found 'Standard_XRS'; allowed: one of Standard_LRS, "),
        (["networkRuleSet", "bypass"], "AzureService", "networkRuleSet.bypass: found 'AzureService'"),
        ([*RULES, 0, "action"], "Deny", "networkRuleSet.ipRules[0].action: found 'Deny'; allowed: one of Allow"),
        (RULES, {}, "networkRuleSet.ipRules: found {}; allowed: a list"),
        (["minimumTlsversion"], "TLS1_2", "minimumTlsversion: found an unknown property; allowed: minimumTlsVersion"),
        (DEFAULT, None, "networkRuleSet.defaultAction: found nothing; allowed: required: one of Allow, Deny"),
        (["location"], None, "location: found nothing; allowed: required: a text"),
        (["tags"], {"size": 3}, "tags.size: found 3; allowed: a text"),
        (["tags"], {f"tag{number}": "x" for number in range(51)}, "found 51 entries; allowed: a mapping, at most 50"),
        (["kind"], "Storage", "kind: found 'Storage'; allowed: a hierarchical namespace needs StorageV2 or BlockBlob"),
    ],
)
def test_a_problem_says_where_what_was_found_and_what_is_allowed(path, value, said):
    [problem] = found("storage:StorageAccount", changed(ACCOUNT, path, value))
    assert said in problem


def test_a_kind_without_a_table_cannot_be_judged():
    with pytest.raises(UnknownKindError):
        problems("compute:Disk", {})


def test_a_reference_is_a_text_and_nothing_else():
    assert found("storage:StorageAccount", changed(ACCOUNT, ["location"], Ref("group", "location"))) == []
    assert found("storage:StorageAccount", changed(ACCOUNT, ["location"], Joined(("west", Ref("group", "x"))))) == []
    [problem] = found("storage:StorageAccount", changed(ACCOUNT, ["isHnsEnabled"], Ref("group")))
    assert problem == "isHnsEnabled: found a reference, which is a text; allowed: true or false"


@pytest.mark.parametrize("path", [["isHnsEnabled"], ["networkRuleSet"], ["sku", "name"], ["networkRuleSet", "ipRules"]])
def test_a_value_that_pulumi_does_not_know_yet_fits_anywhere(path):
    assert found("storage:StorageAccount", changed(ACCOUNT, path, UNKNOWN)) == []
    assert found("storage:StorageAccount", changed(ACCOUNT, path, object())) == []


def test_whole_numbers_may_come_as_floats_and_fractions_may_not():
    port = ["configuration", "ingress", "targetPort"]
    assert found("app:ContainerApp", changed(APP, port, 8080.0)) == []
    [fraction] = found("app:ContainerApp", changed(APP, port, 80.5))
    assert fraction.endswith("allowed: a whole number, 1 to 65535")
    [switch] = found("app:ContainerApp", changed(APP, port, True))
    assert "found True" in switch


@pytest.mark.parametrize(("probe", "limit"), [("Liveness", 30), ("Readiness", 48), ("Startup", 240)])
def test_a_probe_may_fail_as_often_as_its_type_allows(probe, limit):
    def with_failures(number):
        probes = [{"type": probe, "failureThreshold": number, "httpGet": {"path": "/", "port": 8080}}]
        return changed(APP, ["template", "containers", 0, "probes"], probes)

    assert found("app:ContainerApp", with_failures(limit)) == []
    [problem] = found("app:ContainerApp", with_failures(limit + 1))
    assert f"failureThreshold: found {limit + 1}" in problem


def test_traffic_adds_up_to_all_of_it():
    weights = ["configuration", "ingress", "traffic", 0, "weight"]
    [problem] = found("app:ContainerApp", changed(APP, weights, 90))
    assert problem.endswith("found weights with the sum 90; allowed: weights with the sum 100")


def test_two_rules_of_a_direction_have_two_priorities():
    [rule] = GROUP["securityRules"]
    again = {**rule, "name": "more"}
    [problem] = found("network:NetworkSecurityGroup", {**GROUP, "securityRules": [rule, again]})
    assert problem == "securityRules[1]: found Inbound 100; allowed: direction and priority that no other entry has"
    outbound = {**again, "direction": "Outbound"}
    assert found("network:NetworkSecurityGroup", {**GROUP, "securityRules": [rule, outbound]}) == []


def test_a_rule_names_its_ports():
    rule = {name: value for name, value in GROUP["securityRules"][0].items() if name != "destinationPortRange"}
    [problem] = found("network:NetworkSecurityGroup", changed(GROUP, ["securityRules"], [rule]))
    assert problem.endswith("allowed: a security rule names its destination ports")
    several = {**rule, "destinationPortRanges": ["80", "443"]}
    assert found("network:NetworkSecurityGroup", changed(GROUP, ["securityRules"], [several])) == []


REGISTRY = {
    "registryName": "crmodels",
    "resourceGroupName": "rg-dev",
    "location": "westeurope",
    "sku": {"name": "Premium"},
    "zoneRedundancy": "Enabled",
    "publicNetworkAccess": "Disabled",
    "dataEndpointEnabled": True,
    "policies": {"retentionPolicy": {"status": "enabled", "days": 30}, "exportPolicy": {"status": "disabled"}},
}


def test_a_small_registry_has_no_large_ones_features():
    assert found("containerregistry:Registry", REGISTRY) == []
    basic = found("containerregistry:Registry", changed(REGISTRY, ["sku", "name"], "Basic"))
    assert [problem.split(":")[0] for problem in basic] == [
        *("zoneRedundancy", "dataEndpointEnabled", "publicNetworkAccess"),
        *("policies.retentionPolicy.status", "policies.exportPolicy.status"),
    ]
    assert all(problem.endswith("allowed: only a Premium registry has this") for problem in basic)


VAULT = {
    "vaultName": "kv-models-dev",
    "resourceGroupName": "rg-dev",
    "location": "westeurope",
    "properties": {
        "tenantId": "00000000-0000-0000-0000-000000000001",
        "sku": {"family": "A", "name": "standard"},
        "enableRbacAuthorization": True,
        "enablePurgeProtection": True,
        "softDeleteRetentionInDays": 90,
    },
}


@pytest.mark.parametrize(
    ("path", "value", "said"),
    [
        (["vaultName"], "kv--models", "matching"),
        (["vaultName"], "1-models", "matching"),
        (["properties", "softDeleteRetentionInDays"], 91, "7 to 90"),
        (["properties", "enablePurgeProtection"], False, "Azure refuses an explicit false"),
        (["properties", "enableRbacAuthorization"], False, "a vault without role-based access needs access policies"),
        (["properties", "tenantId"], "contoso", "a text, 36 to 36 characters"),
    ],
)
def test_a_vault_that_azure_would_refuse_is_found(path, value, said):
    assert found("keyvault:Vault", VAULT) == []
    [problem] = found("keyvault:Vault", changed(VAULT, path, value))
    assert said in problem


ALERT = {
    "ruleName": "alert",
    "resourceGroupName": "rg-dev",
    "location": "global",
    "severity": 1,
    "enabled": True,
    "scopes": [Ref("vault")],
    "evaluationFrequency": "PT5M",
    "windowSize": "PT15M",
    "criteria": {
        "odataType": "Microsoft.Azure.Monitor.SingleResourceMultipleMetricCriteria",
        "allOf": [
            {
                "name": "slow",
                "criterionType": "StaticThresholdCriterion",
                "metricName": "Availability",
                "timeAggregation": "Average",
                "operator": "LessThan",
                "threshold": 99,
            }
        ],
    },
}


def test_a_union_is_judged_by_what_its_discriminator_says():
    assert found("monitor:MetricAlert", ALERT) == []
    [typo] = found("monitor:MetricAlert", changed(ALERT, ["criteria", "odataType"], "SingleResource"))
    assert typo.startswith("criteria.odataType: found 'SingleResource'; allowed: one of Microsoft.Azure.Monitor.")
    [without] = found("monitor:MetricAlert", changed(ALERT, ["criteria", "allOf", 0, "threshold"], None))
    assert without.startswith("criteria.allOf[0].threshold: found nothing; allowed: required")
