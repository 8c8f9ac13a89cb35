"""Routes as the options that describe them; each language spells these its own way."""

from __future__ import annotations

from auditor.model.network import Network
from auditor.model.resources import Endpoint, Route, RouteTable

_TARGETS = {
    "nat-": "nat_gateway_id",
    "igw-": "gateway_id",
    "vgw-": "gateway_id",
    "tgw-": "transit_gateway_id",
    "pcx-": "vpc_peering_connection_id",
    "eigw-": "egress_only_internet_gateway_id",
    "eni-": "network_interface_id",
    "vpce-": "vpc_endpoint_id",
    "lgw-": "local_gateway_id",
    "cagw-": "carrier_gateway_id",
    "arn:": "core_network_arn",
}
"""Options of CreateRoute by the target's prefix (EC2 API reference, read 2026-11-20)."""


def destination(route: str) -> dict[str, str]:
    """The option for where a route leads from: a CIDR or a prefix list."""
    if route.startswith("pl-"):
        return {"destination_prefix_list_id": route}
    return {"destination_ipv6_cidr_block" if ":" in route else "destination_cidr_block": route}


def target(route: Route) -> dict[str, str] | None:
    """The option for where it leads to; `None` for a kind of target that was not read or is not known."""
    name = next((name for prefix, name in _TARGETS.items() if route.target.startswith(prefix)), None)
    return {name: route.target} if name else None


def to_copy(table: RouteTable) -> tuple[Route, ...]:
    """Routes that a copy of a table does not have by itself, through its VPC or its gateway endpoints."""
    return tuple(route for route in table.routes if route.active and route.target != "local" and not _is_of(route))


def endpoints_of(table_id: str, network: Network) -> tuple[Endpoint, ...]:
    """The gateway endpoints that a table is associated with."""
    return tuple(one for one in network.endpoints if one.type == "Gateway" and table_id in one.route_table_ids)


def _is_of(route: Route) -> bool:
    """Whether a gateway endpoint put it there."""
    return route.destination.startswith("pl-") and route.target.startswith(("vpce-", "new-"))
