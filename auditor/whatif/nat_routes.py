"""Which route tables lead to which NAT gateway today: the way that a finding's bytes took, for a reader to follow."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping

from auditor.model.audit import NatRoute
from auditor.model.network import Network
from auditor.model.resources import RouteTable

Users = Mapping[str, tuple[str, ...]]
"""Subnet ids by the route table that they use."""


def nat_routes(network: Network) -> dict[str, tuple[NatRoute, ...]]:
    """By NAT gateway, the tables with an active route to it; a NAT gateway that none leads to is absent."""
    users = _users(network)
    found: dict[str, list[NatRoute]] = defaultdict(list)
    for table in sorted(network.route_tables, key=lambda table: table.id):
        for target in sorted({route.target for route in table.routes if route.active}):
            if target.startswith("nat-"):
                found[target].append(_route(table, target, users))
    return {nat_id: tuple(routes) for nat_id, routes in found.items()}


def _route(table: RouteTable, target: str, users: Users) -> NatRoute:
    destinations = (route.destination for route in table.routes if route.target == target and route.active)
    return NatRoute(table.id, table.is_main, tuple(sorted(destinations)), users.get(table.id, ()))


def _users(network: Network) -> Users:
    found: dict[str, list[str]] = defaultdict(list)
    for subnet_id, table in network.table_of_subnet.items():
        found[table.id].append(subnet_id)
    return {table_id: tuple(sorted(subnet_ids)) for table_id, subnet_ids in found.items()}
