"""Whether subnets of two VPCs certainly reach each other over a transit gateway, by what was read of their routes.

Routes of both subnets are followed, and those of the transit gateway's route table for the way there. Of the way back
the collectors read no more than default routes of transit gateways: that it is routed too is taken for granted.
Source: Transit Gateway guide, "Route evaluation order" (read 2026-11-20).
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache
from ipaddress import IPv4Network, ip_network

from auditor.model.network import Network
from auditor.model.resources import Subnet

Routes = list[tuple[str, str | None]]
"""Destinations and where they lead: nowhere in particular if a route is not active."""


def transit_between(network: Network, here: Subnet, others: Iterable[str]) -> str | None:
    """The one transit gateway over which a subnet and all of others, by id, reach each other; `None` if any is open."""
    gateways = {_gateway(network, here, network.subnet.get(other)) for other in others}
    return gateways.pop() if len(gateways) == 1 else None


def _gateway(network: Network, here: Subnet, there: Subnet | None) -> str | None:
    if there is None:
        return None
    gateway = _way(_routes(network, here), _cidrs(network, there))
    if gateway is None or gateway != _way(_routes(network, there), _cidrs(network, here)):
        return None
    mine, theirs = (network.attachment_of_vpc.get((gateway, one.vpc_id)) for one in (here, there))
    if mine is None or theirs is None or mine.route_table_id is None:
        return None
    routes = [
        (route.destination, route.attachment_id if route.active else None)
        for route in network.transit_routes
        if route.route_table_id == mine.route_table_id
    ]
    return gateway if _way(routes, _cidrs(network, there)) == theirs.id else None


def _routes(network: Network, subnet: Subnet) -> Routes:
    table = network.table_of_subnet.get(subnet.id)
    return [(route.destination, route.target if route.active else None) for route in table.routes] if table else []


def _cidrs(network: Network, subnet: Subnet) -> tuple[str, ...]:
    """The subnet's CIDR, all of its VPC's where that is not known."""
    vpc = network.vpc.get(subnet.vpc_id)
    return (subnet.cidr,) if subnet.cidr else vpc.cidrs if vpc else ()


def _way(routes: Routes, cidrs: Iterable[str]) -> str | None:
    """Where all addresses of some CIDRs lead; `None` where that is not one thing."""
    found = {_target(routes, _parsed(cidr)) for cidr in cidrs}
    return found.pop() if len(found) == 1 else None


def _target(routes: Routes, cidr: IPv4Network | None) -> str | None:
    """By the longest prefix. What a customer's prefix list holds was not read: it must not lead elsewhere."""
    if cidr is None:
        return None
    whole: list[tuple[int, str | None]] = []
    parts: set[str | None] = set()
    for destination, target in routes:
        if (other := _parsed(destination)) is None:
            parts |= {target} if destination.startswith("pl-") and not _is_of_endpoint(target) else set()
        elif cidr.subnet_of(other):
            whole.append((other.prefixlen, target))
        elif other.subnet_of(cidr):
            parts.add(target)
    best = max(whole, key=lambda one: one[0], default=(0, None))[1]
    return best if parts <= {best} else None


def _is_of_endpoint(target: str | None) -> bool:
    """Whether a gateway endpoint put the route there, for public addresses."""
    return target is not None and target.startswith(("vpce-", "new-"))


@cache
def _parsed(cidr: str) -> IPv4Network | None:
    try:
        found = ip_network(cidr, strict=False)
    except ValueError:  # a prefix list
        return None
    return found if isinstance(found, IPv4Network) else None
