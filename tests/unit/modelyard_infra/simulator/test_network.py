"""The simulated network: addresses, delegations, endpoints, and what is in use."""

import pytest


@pytest.fixture
def network(cloud):
    return cloud.put("network:VirtualNetwork")


def delegated(cloud, service, **changes):
    return cloud.put("network:Subnet", delegations=[{"name": "d", "serviceName": service}], **changes)


def test_subnets_lie_in_their_network_side_by_side(cloud, network):
    cloud.put("network:Subnet")
    cloud.put("network:Subnet", subnetName="next", addressPrefix="10.1.1.0/24")
    with cloud.refuses("NetcfgInvalidSubnet", status=400):
        cloud.put("network:Subnet", subnetName="outside", addressPrefix="10.2.0.0/24")
    with cloud.refuses("NetcfgSubnetRangesOverlap", status=400) as refusal:
        cloud.put("network:Subnet", subnetName="third", addressPrefix="10.1.1.128/25")
    assert "'next'" in refusal.value.message
    with cloud.refuses("InvalidAddressPrefixFormat"):
        cloud.put("network:Subnet", subnetName="third", addressPrefix="10.1.1.1/24")


def test_a_subnet_may_be_put_again_and_changed_in_place(cloud, network):
    cloud.put("network:Subnet")
    assert cloud.put("network:Subnet", addressPrefix="10.1.0.0/25").body["addressPrefix"] == "10.1.0.0/25"


def test_a_network_cannot_shrink_below_its_subnets(cloud, network):
    cloud.put("network:Subnet", addressPrefix="10.1.200.0/24")
    with cloud.refuses("NetcfgInvalidSubnet"):
        cloud.put("network:VirtualNetwork", addressSpace={"addressPrefixes": ["10.1.0.0/20"]})


def test_references_must_name_something_of_the_right_type(cloud, network):
    guard = cloud.put("network:NetworkSecurityGroup")
    cloud.put("network:Subnet", networkSecurityGroup={"id": guard.id})
    with cloud.refuses("InvalidResourceReference") as refusal:
        cloud.put("network:Subnet", networkSecurityGroup={"id": f"{guard.id}-other"})
    assert f"{guard.id}-other" in refusal.value.message
    with cloud.refuses("InvalidResourceReference"):
        cloud.put("network:Subnet", networkSecurityGroup={"id": network.id})


@pytest.mark.parametrize(
    ("kind", "path", "service", "code"),
    [
        (
            "app:ManagedEnvironment",
            "vnetConfiguration__infrastructureSubnetId",
            "Microsoft.App/environments",
            "ManagedEnvironmentSubnetDelegationError",
        ),
        (
            "dbforpostgresql:Server",
            "network__delegatedSubnetResourceId",
            "Microsoft.DBforPostgreSQL/flexibleServers",
            "SubnetMissingRequiredDelegation",
        ),
    ],
)
def test_services_want_a_subnet_of_their_own(cloud, network, kind, path, service, code):
    more = {}
    if kind == "dbforpostgresql:Server":
        more["network__privateDnsZoneArmResourceId"] = cloud.put("privatedns:PrivateZone").id
    plain = cloud.put("network:Subnet")
    with cloud.refuses(code):
        cloud.put(kind, **{path: plain.id}, **more)
    other = delegated(cloud, "Microsoft.Databricks/workspaces")
    with cloud.refuses(code):
        cloud.put(kind, **{path: other.id}, **more)
    small = delegated(cloud, service, addressPrefix="10.1.0.0/29")
    with cloud.refuses("InvalidSubnetSize"):
        cloud.put(kind, **{path: small.id}, **more)
    cloud.put(kind, **{path: delegated(cloud, service).id}, **more)


def test_databricks_wants_two_delegated_subnets_that_exist(cloud, network):
    delegated(cloud, "Microsoft.Databricks/workspaces", subnetName="public")
    names = {
        "parameters__customVirtualNetworkId": {"value": network.id},
        "parameters__customPublicSubnetName": {"value": "public"},
        "parameters__customPrivateSubnetName": {"value": "private"},
    }
    with cloud.refuses("InvalidResourceReference"):
        cloud.put("databricks:Workspace", **names)
    private = {"subnetName": "private", "addressPrefix": "10.1.1.0/24"}
    cloud.put("network:Subnet", **private)
    with cloud.refuses("SubnetMissingRequiredDelegation"):
        cloud.put("databricks:Workspace", **names)
    subnet = delegated(cloud, "Microsoft.Databricks/workspaces", **private)
    cloud.put("databricks:Workspace", **names)
    with cloud.refuses("InUseSubnetCannotBeDeleted"):
        cloud.delete(subnet)
    with cloud.refuses("InUseSubnetCannotBeDeleted"):
        cloud.delete(network)


def endpoint(cloud, subnet, target, *groups, **changes):
    connection = {"name": "one", "privateLinkServiceId": target.id, "groupIds": list(groups)}
    return cloud.put(
        "network:PrivateEndpoint", subnet={"id": subnet.id}, privateLinkServiceConnections=[connection], **changes
    )


def test_private_endpoints_are_for_one_known_part_of_a_service(cloud, network):
    subnet, account = cloud.put("network:Subnet"), cloud.put("storage:StorageAccount")
    endpoint(cloud, subnet, account, "dfs")
    with cloud.refuses("InvalidValuesForRequestParameters") as refusal:
        endpoint(cloud, subnet, account, "lake", privateEndpointName="other")
    assert "blob" in refusal.value.message
    with cloud.refuses("OnlyOneGroupIdPermitted"):
        endpoint(cloud, subnet, account, "blob", "dfs", privateEndpointName="other")
    with cloud.refuses("PrivateLinkServiceCannotBeFound"):
        endpoint(cloud, subnet, network, "network", privateEndpointName="other")


def test_no_private_endpoint_in_a_delegated_subnet(cloud, network):
    subnet, account = delegated(cloud, "Microsoft.App/environments"), cloud.put("storage:StorageAccount")
    with cloud.refuses("PrivateEndpointCreationNotAllowedAsSubnetIsDelegated"):
        endpoint(cloud, subnet, account, "dfs")


def test_a_private_endpoint_of_a_registry_needs_premium(cloud, network):
    subnet = cloud.put("network:Subnet")
    with cloud.refuses("PrivateEndpointFeatureNotSupported"):
        endpoint(cloud, subnet, cloud.put("containerregistry:Registry", sku__name="Basic"), "registry")
    endpoint(cloud, subnet, cloud.put("containerregistry:Registry"), "registry")


def test_what_is_in_use_cannot_be_deleted_until_its_user_is_gone(cloud, network):
    guard, address = cloud.put("network:NetworkSecurityGroup"), cloud.put("network:PublicIPAddress")
    nat = cloud.put("network:NatGateway", publicIpAddresses=[{"id": address.id}])
    subnet = cloud.put("network:Subnet", networkSecurityGroup={"id": guard.id}, natGateway={"id": nat.id})
    user = endpoint(cloud, subnet, cloud.put("storage:StorageAccount"), "dfs")
    chain = [
        (network, "InUseSubnetCannotBeDeleted"),
        (subnet, "InUseSubnetCannotBeDeleted"),
        (guard, "InUseNetworkSecurityGroupCannotBeDeleted"),
        (nat, "InUseNatGatewayCannotBeDeleted"),
        (address, "PublicIPAddressCannotBeDeleted"),
    ]
    for used, code in chain:
        with cloud.refuses(code, status=400):
            cloud.delete(used)
    for gone in (user, subnet, guard, nat, address, network):
        cloud.delete(gone)


def test_a_zone_goes_only_without_links_and_has_one_link_per_network(cloud, network):
    zone = cloud.put("privatedns:PrivateZone")
    link = cloud.put("privatedns:VirtualNetworkLink", virtualNetwork={"id": network.id})
    with cloud.refuses("Conflict", status=409):
        cloud.put("privatedns:VirtualNetworkLink", virtualNetwork={"id": network.id}, virtualNetworkLinkName="second")
    with cloud.refuses("CannotDeleteResource"):
        cloud.delete(zone)
    cloud.delete(link)
    cloud.delete(zone)


def test_an_environment_with_apps_stays(cloud):
    environment = cloud.put("app:ManagedEnvironment")
    app = cloud.put("app:ContainerApp", managedEnvironmentId=environment.id)
    with cloud.refuses("ManagedEnvironmentHasContainerApps"):
        cloud.delete(environment)
    cloud.delete(app)
    cloud.delete(environment)


def test_a_nat_gateway_needs_a_standard_address(cloud):
    basic = cloud.put(
        "network:PublicIPAddress",
        publicIpAddressName="basic",
        sku={"name": "Basic"},
        publicIPAllocationMethod="Dynamic",
    )
    with cloud.refuses("NatGatewayRequiresStandardSkuPublicIp"):
        cloud.put("network:NatGateway", publicIpAddresses=[{"id": basic.id}])


def test_two_subnets_of_one_network_cannot_be_changed_at_once(cloud, network):
    cloud.azure.set("pace", "1")
    first = cloud.put("network:Subnet")
    assert first.busy
    with cloud.refuses("AnotherOperationInProgress", status=409):
        cloud.put("network:Subnet", subnetName="second", addressPrefix="10.1.1.0/24")
    with cloud.refuses("AnotherOperationInProgress"):
        cloud.delete(first)
    cloud.put("network:NetworkSecurityGroup")


def test_a_postgres_server_takes_one_setting_at_a_time(cloud):
    cloud.put("dbforpostgresql:Server")
    cloud.azure.set("pace", "1")
    cloud.put("dbforpostgresql:Configuration")
    with cloud.refuses("ServerIsBusy", status=409) as refusal:
        cloud.put("dbforpostgresql:Database")
    assert "'pg-one'" in refusal.value.message
