"""Where a transit gateway puts down what is on its way out of a VPC.

Source: Transit Gateway guide, "Route evaluation order" and "Appliance mode" (read 2026-11-29).
"""

from __future__ import annotations

from enum import Enum

from auditor.model.network import Network
from auditor.model.resources import NAT64, Subnet, TransitGatewayRoute
from auditor.whatif.route_lookup import NAT64_PART, Part


class Lost(Enum):
    """Why no subnet is known: a blackhole drops it, or what was read does not tell."""

    DROPPED = "dropped"
    UNKNOWN = "unknown"


DROPPED = Lost.DROPPED


def landing(network: Network, subnet: Subnet, gateway_id: str, part: Part) -> Subnet | Lost:
    """The subnet in which the hub VPC gets it: one in the client's zone, where the hub is attached there.

    The table that is associated with the client's attachment decides, by its longest prefix. Without a table that was
    read (it is its owner's), or where another than a VPC is attached, nobody knows.
    """
    origin = network.attachment_of_vpc.get((gateway_id, subnet.vpc_id))
    route = _route(network, origin.route_table_id, part) if origin and origin.route_table_id else None
    if route is None:
        return Lost.UNKNOWN
    if not route.active:
        return Lost.DROPPED
    hub = network.attachment_by_id.get((gateway_id, route.attachment_id or ""))
    subnets = [network.subnet[one] for one in hub.subnet_ids if one in network.subnet] if hub else []
    return next((one for one in subnets if one.az == subnet.az), subnets[0] if subnets else Lost.UNKNOWN)


def _route(network: Network, table_id: str, part: Part) -> TransitGatewayRoute | None:
    if part is NAT64_PART:
        return _nat64(network, table_id)
    ways = network.transit_ways.get(table_id)
    if ways is None:
        return None
    return (ways.at(part.number) if part else ways.usual).value


def _nat64(network: Network, table_id: str) -> TransitGatewayRoute | None:
    own = [route for route in network.transit_routes if route.route_table_id == table_id]
    return next((route for wanted in (NAT64, "::/0") for route in own if route.destination == wanted), None)
