"""Route tables with their associations and routes of every kind of target."""

from __future__ import annotations

from typing import Any

from auditor.aws.calls import ScopeCalls
from auditor.aws.operations import DESCRIBE_ROUTE_TABLES
from auditor.collectors.tags import name_of, parse_tags
from auditor.model.resources import Route, RouteTable

_DESTINATIONS = ("DestinationCidrBlock", "DestinationIpv6CidrBlock", "DestinationPrefixListId")
_TARGETS = (
    "NatGatewayId",
    "TransitGatewayId",
    "VpcPeeringConnectionId",
    "GatewayId",
    "EgressOnlyInternetGatewayId",
    "NetworkInterfaceId",
    "InstanceId",
    "LocalGatewayId",
    "CarrierGatewayId",
    "CoreNetworkArn",
    "OdbNetworkArn",
)
"""Fields of EC2's `Route` that name where it leads (EC2 API model, botocore 1.43, 2026-11-20)."""


async def fetch_route_tables(calls: ScopeCalls) -> tuple[RouteTable, ...]:
    """All route tables of the scope."""
    items = await calls.items(DESCRIBE_ROUTE_TABLES)
    return tuple(parse_route_table(item, calls.account_id, calls.region) for item in items)


def parse_route_table(item: dict[str, Any], account_id: str, region: str) -> RouteTable:
    """A table of DescribeRouteTables."""
    associations = [a for a in item.get("Associations") or () if _is_associated(a)]
    return RouteTable(
        id=item["RouteTableId"],
        account_id=item.get("OwnerId", account_id),
        region=region,
        vpc_id=item.get("VpcId", ""),
        is_main=any(association.get("Main") for association in associations),
        subnet_ids=tuple(association["SubnetId"] for association in associations if "SubnetId" in association),
        routes=tuple(parse_route(route) for route in item.get("Routes") or ()),
        name=name_of(parse_tags(item)),
    )


def parse_route(route: dict[str, Any]) -> Route:
    """A route; one that leads to a new kind of target keeps an empty target rather than a wrong one."""
    return Route(
        destination=_first(route, _DESTINATIONS),
        target=_first(route, _TARGETS),
        active=route.get("State", "active") == "active",
        propagated=route.get("Origin") == "EnableVgwRoutePropagation",
    )


def _first(route: dict[str, Any], keys: tuple[str, ...]) -> str:
    for key in keys:
        if value := route.get(key):
            return str(value)
    return ""


def _is_associated(association: dict[str, Any]) -> bool:
    return bool((association.get("AssociationState") or {}).get("State", "associated") == "associated")
