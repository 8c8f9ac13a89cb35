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
from auditor.model.longest_prefix import ipv4
from auditor.model.resources import NAT64, TransitGatewayAttachment, TransitGatewayRoute, VpcPeering

_WAYS_OUT = ("0.0.0.0/0", "::/0", NAT64)
_SEARCHES = (
    {"Name": "route-search.exact-match", "Values": list(_WAYS_OUT)},
    {"Name": "type", "Values": ["static"]},
)
"""An answer holds 1,000 routes at the most: all that lead out, and what somebody wrote by hand, never what VPCs and
VPNs propagate, which may be thousands (EC2 API reference, "SearchTransitGatewayRoutes", read 2026-11-29)."""


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
    """The attachments' route tables, which only the transit gateway's owner may read: how they lead out.

    Default routes, and static ones to public addresses.
    """
    own = (a for a in attachments if a.transit_gateway_owner_id == calls.account_id)
    tables = sorted({a.route_table_id for a in own if a.route_table_id})
    found = await asyncio.gather(*(_search(calls, table) for table in tables))
    pairs = ((item, table) for table, items in zip(tables, found, strict=True) for item in items)
    return tuple(parse_transit_route(item, table, calls.region) for item, table in pairs)


async def fetch_peerings(calls: ScopeCalls) -> tuple[VpcPeering, ...]:
    """VPC peering connections of the scope."""
    return tuple(parse_peering(item, calls.region) for item in await calls.items(DESCRIBE_PEERINGS))


async def _search(calls: ScopeCalls, table_id: str) -> list[Any]:
    """Each route once, though both searches find it; routes to prefix lists have no CIDR and are not followed."""
    pages = await asyncio.gather(
        *(calls.items(SEARCH_TRANSIT_ROUTES, TransitGatewayRouteTableId=table_id, Filters=[one]) for one in _SEARCHES)
    )
    found = {(item.get("DestinationCidrBlock", ""), item.get("Type")): item for page in pages for item in page}
    return [item for (destination, _), item in found.items() if _leads_out(destination)]


def _leads_out(destination: str) -> bool:
    if destination in _WAYS_OUT:
        return True
    cidr = ipv4(destination)
    return cidr is not None and not cidr.is_private


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
        propagated=item.get("Type") == "propagated",
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
