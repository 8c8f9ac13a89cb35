"""Which scopes of a region may carry each other's bytes: what nothing joins can be judged apart."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Iterator, Sequence
from itertools import chain

from auditor.model.evidence import Scope
from auditor.model.network import Network
from auditor.model.resources import Endpoint, NatGateway, RouteTable, Subnet


def apart(scopes: Sequence[Scope]) -> list[tuple[Scope, ...]]:
    """Scopes of one region put together with all that anything joins to them, over others too; all in their order."""
    groups = joined([frozenset(_places(scope)) - {""} for scope in scopes])
    return [tuple(scopes[number] for number in group) for group in groups]


def _places(scope: Scope) -> Iterator[str]:
    """Ids that another account's scope names too, if one of them uses what the other owns."""
    yield scope.account_id
    yield from (one.subnet_id for one in scope.attributions if one.subnet_id)
    yield from _owned(scope.network)
    yield from _crossed(scope.network)


def _owned(network: Network) -> Iterator[str]:
    """Everything with an owner, the owner himself, and the VPCs in which it is or that it serves."""
    for vpc in network.vpcs:
        yield from (vpc.id, vpc.account_id)
    parts: tuple[Sequence[Subnet | RouteTable | NatGateway | Endpoint], ...] = (
        network.subnets,
        network.route_tables,
        network.nat_gateways,
        network.endpoints,
    )
    for one in chain.from_iterable(parts):
        yield from (one.id, one.account_id, one.vpc_id)
    for endpoint in network.endpoints:
        yield from endpoint.shared_with


def _crossed(network: Network) -> Iterator[str]:
    """What leads out of a VPC: targets of routes, attachments with their owners, peerings."""
    for table in network.route_tables:
        yield from (route.target for route in table.routes if route.target != "local")
    for one in network.attachments:
        yield from (one.id, one.transit_gateway_id, one.transit_gateway_owner_id, one.resource_owner_id)
        yield from (one.resource_id, one.route_table_id or one.id)
    for route in network.transit_routes:
        yield from (route.route_table_id, route.attachment_id or route.route_table_id)
    for peering in network.peerings:
        yield from (peering.id, peering.requester_vpc_id, peering.accepter_vpc_id)


def joined(places: Sequence[Iterable[Hashable]]) -> list[list[int]]:
    """The numbers of those that share a place, however many others lie between them; all in their order."""
    group_at: dict[Hashable, list[int]] = {}
    for number, mine in enumerate(map(tuple, places)):
        met = {id(group_at[place]): group_at[place] for place in mine if place in group_at}
        largest = max(met.values(), key=len, default=[])
        for group in (one for one in met.values() if one is not largest):
            group_at.update((place, largest) for member in group for place in places[member])
            largest += group
        largest.append(number)
        group_at.update(dict.fromkeys(mine, largest))
    return sorted(sorted(group) for group in {id(group): group for group in group_at.values()}.values())
