"""From a graph to Terraform blocks: nothing is lost, nothing is invented."""

from __future__ import annotations

import pytest

from modelyard_infra.blueprint.graph import Graph, Joined, Ref, Resource
from modelyard_infra.catalogue import load_catalogue
from modelyard_infra.terraform.expressions import expressed
from modelyard_infra.terraform.reading import Said, UntranslatableError
from modelyard_infra.terraform.schema import load_schema
from modelyard_infra.terraform.translating import translate
from modelyard_infra.terraform.words import AZAPI, FOLDS, WORDS

GROUP = Resource(
    "group", "resources:ResourceGroup", "governance", {"resourceGroupName": "rg-one", "location": "westeurope"}
)
IN_GROUP = {"resourceGroupName": Ref("group", "name"), "location": "westeurope"}


def resource(key, kind, properties, **more):
    return Resource(key, kind, "any", properties, **more)


def network(*, subnet=(), after=()):
    return (
        GROUP,
        resource(
            "net",
            "network:VirtualNetwork",
            {**IN_GROUP, "virtualNetworkName": "vnet", "addressSpace": {"addressPrefixes": ["10.0.0.0/24"]}},
        ),
        resource(
            "guard",
            "network:NetworkSecurityGroup",
            {**IN_GROUP, "networkSecurityGroupName": "nsg", "securityRules": [{"name": "one", "priority": 100}]},
        ),
        resource(
            "small-net",
            "network:Subnet",
            {
                "resourceGroupName": Ref("group", "name"),
                "subnetName": "snet",
                "virtualNetworkName": Ref("net", "name"),
                "addressPrefix": "10.0.0.0/28",
                "networkSecurityGroup": {"id": Ref("guard")},
                **dict(subnet),
            },
            after=after,
        ),
    )


def lake(**blob_service):
    account = {
        **IN_GROUP,
        "accountName": "stone",
        "kind": "StorageV2",
        "sku": {"name": "Standard_ZRS"},
        "networkRuleSet": {"defaultAction": "Deny", "bypass": "AzureServices"},
    }
    service = {
        "resourceGroupName": Ref("group", "name"),
        "accountName": Ref("account", "name"),
        "blobServicesName": "default",
        **blob_service,
    }
    return (
        GROUP,
        resource("account", "storage:StorageAccount", account),
        resource("service", "storage:BlobServiceProperties", service, holds_data=True),
    )


def blocks(*resources):
    return {block.address: block for block in translate(Graph(resources))}


def test_a_name_of_the_blueprint_becomes_one_of_terraform():
    assert "azurerm_subnet.small_net" in blocks(*network())


def test_a_subnets_security_group_is_a_resource_of_its_own():
    association = blocks(*network())["azurerm_subnet_network_security_group_association.small_net"]
    assert association.arguments == {"subnet_id": Ref("small-net"), "network_security_group_id": Ref("guard")}
    assert "azurerm_subnet_nat_gateway_association.small_net" not in blocks(*network())


def test_who_needs_a_subnet_waits_for_its_security_group_too():
    endpoint = {
        **IN_GROUP,
        "privateEndpointName": "pep",
        "subnet": {"id": Ref("small-net")},
        "privateLinkServiceConnections": [{"name": "x", "privateLinkServiceId": "/x", "groupIds": ["vault"]}],
    }
    found = blocks(*network(), resource("door", "network:PrivateEndpoint", endpoint))
    assert found["azurerm_private_endpoint.door"].depends_on == (
        "azurerm_subnet_network_security_group_association.small_net",
    )


def test_what_comes_after_depends_on_it():
    found = blocks(*network(after=("guard",)))
    assert "azurerm_network_security_group.guard" in found["azurerm_subnet.small_net"].depends_on


def test_a_rule_is_written_whole_with_null_for_what_has_no_value():
    (rule,) = blocks(*network())["azurerm_network_security_group.guard"].arguments["security_rule"]
    stated = load_schema().resources["azurerm_network_security_group"]["arguments"]["security_rule"]["arguments"]
    assert set(rule) == set(stated)
    assert rule["description"] is None


def test_an_argument_without_a_value_is_left_out():
    assert "zones" not in blocks(*network())["azurerm_virtual_network.net"].arguments


def test_a_blob_services_settings_stand_in_the_account_and_protect_it():
    found = blocks(*lake(deleteRetentionPolicy={"enabled": True, "days": 9}))
    assert set(found) == {"azurerm_resource_group.group", "azurerm_storage_account.account"}
    account = found["azurerm_storage_account.account"]
    assert account.arguments["blob_properties"] == [{"delete_retention_policy": [{"days": 9}]}]
    assert account.prevent_destroy


def test_the_id_of_a_folded_resource_is_below_the_one_around_it():
    graph = Graph(lake())
    assert expressed(Ref("service"), graph) == "${azurerm_storage_account.account.id}/blobServices/default"


def test_a_reference_becomes_an_expression_and_a_text_stays_a_text():
    graph = Graph(lake())
    joined = Joined(("at ", Ref("account", "primaryEndpoints.dfs"), " ${no}"))
    assert expressed(joined, graph) == "at ${azurerm_storage_account.account.primary_dfs_endpoint} $${no}"
    assert expressed("100 %{ if }", graph) == "100 %%{ if }"


def test_an_output_without_a_word_is_refused():
    with pytest.raises(UntranslatableError, match="no word for colour of account"):
        expressed(Ref("account", "colour"), Graph(lake()))


def test_a_property_that_no_translator_reads_is_refused():
    with pytest.raises(UntranslatableError, match=r"account\.networkRuleSet\.colour|no words for .*colour"):
        blocks(*lake(colour="blue"))
    with pytest.raises(UntranslatableError, match=r"small-net\.colour"):
        blocks(*network(subnet={"colour": "blue"}.items()))


def test_a_value_that_azurerm_cannot_say_is_refused():
    with pytest.raises(UntranslatableError, match="azurerm always means 'default'"):
        blocks(*lake(blobServicesName="second"))


def test_a_kind_without_words_is_refused():
    with pytest.raises(UntranslatableError, match="no words for kind compute:VirtualMachine"):
        blocks(resource("machine", "compute:VirtualMachine", {}))


def test_a_replacement_that_azurerm_does_not_make_is_refused():
    group = Resource("group", GROUP.kind, "any", GROUP.properties, replace_on=("location",))
    with pytest.raises(UntranslatableError, match="azurerm does not replace on location"):
        blocks(group)


def test_every_kind_of_the_catalogue_has_words():
    assert {*WORDS, *FOLDS, *AZAPI} >= set(load_catalogue())


def test_every_terraform_type_that_is_written_is_in_the_schema():
    written = {words.type for words in WORDS.values()}
    written |= {companion.type for words in WORDS.values() for companion in words.companions}
    assert {*written, "azapi_resource"} <= set(load_schema().resources)


def test_every_output_that_has_a_word_is_an_attribute_of_the_provider():
    for words in WORDS.values():
        stated = load_schema().resources[words.type]
        for attribute in words.outputs.values():
            name = attribute.partition("[")[0]
            assert attribute.startswith("azurerm_") or name in {*stated["arguments"], *stated["attributes"]}


def test_reading_says_what_was_not_read_however_deep():
    said = Said({"a": 1, "b": {"c": 1, "d": [{"e": 1, "f": 2}]}, "g": 3}, "it")
    inside = said.into("b")
    inside.take("c")
    inside.each("d")[0].take("e")
    assert sorted(said.unread()) == ["it.a", "it.b.d.0.f", "it.g"]


def test_reading_wants_a_reference_where_azurerm_wants_an_id():
    with pytest.raises(UntranslatableError, match="must refer to the name of a resource"):
        Said({"accountName": "stone"}, "it").owner("accountName")
    assert Said({"accountName": Ref("account", "name")}, "it").owner("accountName") == Ref("account")
