"""Route tables: associations, main tables, and routes to whatever AWS has or will have."""

from __future__ import annotations

from functools import partial

import pytest

from auditor.collectors.route_tables import parse_route, parse_route_table
from auditor.model.network import Network
from auditor.model.resources import Route, RouteTable, Subnet
from auditor.whatif.routing import End, egress
from tests.collectors.shapes import item, tags

table_item = partial(item, "DescribeRouteTables", "RouteTables", RouteTableId="rtb-1", VpcId="vpc-1")


def parsed(**fields: object) -> RouteTable:
    return parse_route_table(table_item(**fields), "123456789012", "eu-west-1")


def association(**fields: object) -> dict[str, object]:
    return {"RouteTableAssociationId": "rtbassoc-1", "RouteTableId": "rtb-1", "Main": False, **fields}


def test_a_table_with_its_associations() -> None:
    table = parsed(
        OwnerId="210987654321",
        Associations=[
            association(SubnetId="subnet-1", AssociationState={"State": "associated"}),
            association(SubnetId="subnet-2"),
            association(SubnetId="subnet-3", AssociationState={"State": "disassociating"}),
            association(GatewayId="igw-1", AssociationState={"State": "associated"}),
        ],
        Tags=tags(Name="private"),
    )
    assert (table.account_id, table.name, table.is_main) == ("210987654321", "private", False)
    assert table.subnet_ids == ("subnet-1", "subnet-2")


def test_the_main_table_holds_for_subnets_that_have_none() -> None:
    main = parsed(Associations=[association(Main=True, AssociationState={"State": "associated"})])
    assert (main.is_main, main.subnet_ids) == (True, ())
    subnet = Subnet("subnet-9", "123456789012", "eu-west-1", "vpc-1", "eu-west-1a")
    assert Network(subnets=(subnet,), route_tables=(main,)).table_of_subnet == {"subnet-9": main}


@pytest.mark.parametrize(
    ("target", "value"),
    [
        ("NatGatewayId", "nat-1"),
        ("GatewayId", "igw-1"),
        ("GatewayId", "local"),
        ("GatewayId", "vgw-1"),
        ("GatewayId", "vpce-1"),
        ("TransitGatewayId", "tgw-1"),
        ("VpcPeeringConnectionId", "pcx-1"),
        ("EgressOnlyInternetGatewayId", "eigw-1"),
        ("LocalGatewayId", "lgw-1"),
        ("CarrierGatewayId", "cagw-1"),
        ("CoreNetworkArn", "arn:aws:networkmanager::123456789012:core-network/core-network-1"),
        ("OdbNetworkArn", "arn:aws:odb:eu-west-1:123456789012:odb-network/odbnet-1"),
    ],
)
def test_every_kind_of_target(target: str, value: str) -> None:
    table = parsed(Routes=[{"DestinationCidrBlock": "0.0.0.0/0", target: value, "State": "active"}])
    assert table.routes == (Route("0.0.0.0/0", value),)


def test_a_nat_instance_is_named_by_its_interface() -> None:
    route = {"InstanceId": "i-1", "InstanceOwnerId": "1", "NetworkInterfaceId": "eni-1"}
    assert parsed(Routes=[{"DestinationCidrBlock": "0.0.0.0/0", **route}]).routes[0].target == "eni-1"


def test_a_kind_of_target_that_does_not_exist_yet_leads_nobody_knows_where() -> None:
    """It must neither crash nor look like a way to the internet, nor like none."""
    route = parse_route({"DestinationCidrBlock": "0.0.0.0/0", "WormholeId": "wh-1", "State": "active"})
    assert route == Route("0.0.0.0/0", "", active=True)
    subnet = Subnet("subnet-1", "123456789012", "eu-west-1", "vpc-1", "eu-west-1a")
    table = RouteTable("rtb-1", "123456789012", "eu-west-1", "vpc-1", is_main=True, routes=(route,))
    assert egress(Network(subnets=(subnet,), route_tables=(table,)), subnet).end is End.UNKNOWN


@pytest.mark.parametrize("state", ["blackhole", "filtered"])
def test_a_route_that_leads_to_nothing_is_not_active(state: str) -> None:
    route = {"DestinationCidrBlock": "0.0.0.0/0", "NatGatewayId": "nat-gone", "State": state}
    assert parsed(Routes=[route]).routes == (Route("0.0.0.0/0", "nat-gone", active=False),)


def test_destinations_of_ipv6_and_prefix_lists() -> None:
    table = parsed(
        Routes=[
            {"DestinationIpv6CidrBlock": "::/0", "EgressOnlyInternetGatewayId": "eigw-1", "State": "active"},
            {"DestinationPrefixListId": "pl-63a5400a", "GatewayId": "vpce-1", "State": "active"},
        ]
    )
    assert table.routes == (Route("::/0", "eigw-1"), Route("pl-63a5400a", "vpce-1"))


def test_a_route_that_a_virtual_private_gateway_propagates_says_so() -> None:
    route = {"DestinationCidrBlock": "0.0.0.0/0", "GatewayId": "vgw-1", "Origin": "EnableVgwRoutePropagation"}
    assert parse_route(route).propagated
    assert not parse_route({**route, "Origin": "CreateRoute"}).propagated
