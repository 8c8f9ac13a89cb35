"""What lies between VPCs: transit gateway attachments and routes, and VPC peerings."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from typing import Any

from auditor.aws.calls import ScopeCalls
from auditor.aws.operations import (
    DESCRIBE_PEERINGS,
    DESCRIBE_TRANSIT_ATTACHMENTS,
    DESCRIBE_TRANSIT_VPC_ATTACHMENTS,
    SEARCH_TRANSIT_ROUTES,
)
from auditor.model.network import TransitGatewayAttachment, TransitGatewayRoute, VpcPeering

_DEFAULT_ROUTES = ("0.0.0.0/0", "::/0")


async def fetch_attachments(calls: ScopeCalls) -> tuple[TransitGatewayAttachment, ...]:
    """Attachments with their route table, and their subnets where the VPC is this account's."""
    attachments, vpc_attachments = await asyncio.gather(
        calls.items(DESCRIBE_TRANSIT_ATTACHMENTS), calls.items(DESCRIBE_TRANSIT_VPC_ATTACHMENTS)
    )
    subnets = {item["TransitGatewayAttachmentId"]: item.get("SubnetIds") or () for item in vpc_attachments}
    return tuple(parse_attachment(item, calls.region, subnets) for item in attachments)


async def fetch_transit_routes(
    calls: ScopeCalls, attachments: Iterable[TransitGatewayAttachment]
) -> tuple[TransitGatewayRoute, ...]:
    """The default routes of the attachments' route tables, which only the transit gateway's owner may read."""
    own = (a for a in attachments if a.transit_gateway_owner_id == calls.account_id)
    tables = sorted({a.route_table_id for a in own if a.route_table_id})
    found = await asyncio.gather(*(_search(calls, table) for table in tables))
    pairs = ((item, table) for table, items in zip(tables, found, strict=True) for item in items)
    return tuple(parse_transit_route(item, table, calls.region) for item, table in pairs)


async def fetch_peerings(calls: ScopeCalls) -> tuple[VpcPeering, ...]:
    """VPC peering connections of the scope."""
    return tuple(parse_peering(item, calls.region) for item in await calls.items(DESCRIBE_PEERINGS))


async def _search(calls: ScopeCalls, table_id: str) -> list[Any]:
    exact = {"Name": "route-search.exact-match", "Values": list(_DEFAULT_ROUTES)}
    items = await calls.items(SEARCH_TRANSIT_ROUTES, TransitGatewayRouteTableId=table_id, Filters=[exact])
    return [item for item in items if item.get("DestinationCidrBlock") in _DEFAULT_ROUTES]


def parse_attachment(item: dict[str, Any], region: str, subnets: dict[str, Iterable[str]]) -> TransitGatewayAttachment:
    """An attachment of DescribeTransitGatewayAttachments."""
    return TransitGatewayAttachment(
        id=item["TransitGatewayAttachmentId"],
        transit_gateway_id=item["TransitGatewayId"],
        transit_gateway_owner_id=item.get("TransitGatewayOwnerId", ""),
        region=region,
        resource_type=item.get("ResourceType", ""),
        resource_id=item.get("ResourceId", ""),
        resource_owner_id=item.get("ResourceOwnerId", ""),
        state=item.get("State", ""),
        route_table_id=(item.get("Association") or {}).get("TransitGatewayRouteTableId"),
        subnet_ids=tuple(subnets.get(item["TransitGatewayAttachmentId"], ())),
    )


def parse_transit_route(item: dict[str, Any], table_id: str, region: str) -> TransitGatewayRoute:
    """A route of SearchTransitGatewayRoutes; a blackhole has no attachment."""
    attachments = item.get("TransitGatewayAttachments") or ()
    return TransitGatewayRoute(
        route_table_id=table_id,
        region=region,
        destination=item["DestinationCidrBlock"],
        attachment_id=next((a.get("TransitGatewayAttachmentId") for a in attachments), None),
        active=item.get("State", "active") == "active",
    )


def parse_peering(item: dict[str, Any], region: str) -> VpcPeering:
    """A connection of DescribeVpcPeeringConnections."""
    return VpcPeering(
        id=item["VpcPeeringConnectionId"],
        region=region,
        requester_vpc_id=(item.get("RequesterVpcInfo") or {}).get("VpcId", ""),
        accepter_vpc_id=(item.get("AccepterVpcInfo") or {}).get("VpcId", ""),
        state=(item.get("Status") or {}).get("Code", ""),
    )
