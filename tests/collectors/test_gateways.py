"""Transit gateways as their owner and as a VPC's owner see them, and peerings."""

from __future__ import annotations

from functools import partial

from auditor.collectors.gateways import parse_attachment, parse_peering, parse_transit_route
from auditor.model.resources import TransitGatewayAttachment, TransitGatewayRoute, VpcPeering
from tests.collectors.shapes import item

REGION = "eu-west-1"
attachment_item = partial(
    item,
    "DescribeTransitGatewayAttachments",
    "TransitGatewayAttachments",
    TransitGatewayAttachmentId="tgw-attach-1",
    TransitGatewayId="tgw-1",
)
route_item = partial(item, "SearchTransitGatewayRoutes", "Routes", DestinationCidrBlock="0.0.0.0/0")


def test_an_attachment_of_an_own_vpc() -> None:
    seen = attachment_item(
        TransitGatewayOwnerId="123456789012",
        ResourceOwnerId="210987654321",
        ResourceType="vpc",
        ResourceId="vpc-1",
        State="available",
        Association={"TransitGatewayRouteTableId": "tgw-rtb-1", "State": "associated"},
    )
    assert parse_attachment(seen, REGION, {"tgw-attach-1": ["subnet-1"]}) == TransitGatewayAttachment(
        id="tgw-attach-1",
        transit_gateway_id="tgw-1",
        transit_gateway_owner_id="123456789012",
        region=REGION,
        resource_type="vpc",
        resource_id="vpc-1",
        resource_owner_id="210987654321",
        route_table_id="tgw-rtb-1",
        subnet_ids=("subnet-1",),
    )


def test_an_attachment_without_association_or_subnets() -> None:
    """A VPC's owner sees no association of a transit gateway that is not his."""
    seen = parse_attachment(attachment_item(ResourceType="network-function"), REGION, {})
    assert (seen.route_table_id, seen.subnet_ids, seen.resource_type) == (None, (), "network-function")


def test_a_default_route_leads_to_its_attachment() -> None:
    to = {"ResourceId": "vpc-1", "TransitGatewayAttachmentId": "tgw-attach-1", "ResourceType": "vpc"}
    route = route_item(TransitGatewayAttachments=[to], Type="static", State="active")
    assert parse_transit_route(route, "tgw-rtb-1", REGION) == TransitGatewayRoute(
        "tgw-rtb-1", REGION, "0.0.0.0/0", "tgw-attach-1"
    )


def test_a_blackhole_leads_nowhere() -> None:
    route = parse_transit_route(route_item(Type="static", State="blackhole"), "tgw-rtb-1", REGION)
    assert (route.attachment_id, route.active) == (None, False)


def test_a_propagated_route_says_so() -> None:
    assert parse_transit_route(route_item(Type="propagated", State="active"), "tgw-rtb-1", REGION).propagated


def test_a_peering() -> None:
    seen = item(
        "DescribeVpcPeeringConnections",
        "VpcPeeringConnections",
        VpcPeeringConnectionId="pcx-1",
        RequesterVpcInfo={"VpcId": "vpc-1", "OwnerId": "123456789012", "Region": REGION},
        AccepterVpcInfo={"VpcId": "vpc-2", "OwnerId": "210987654321", "Region": "us-east-1"},
        Status={"Code": "active"},
    )
    assert parse_peering(seen, REGION) == VpcPeering("pcx-1", REGION, "vpc-1", "vpc-2", "active")
