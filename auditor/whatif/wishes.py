"""What somebody wants to try, by id: found in the evidence and made into edits, or refused in one line."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from enum import Enum

from auditor.errors import UsageError
from auditor.model.evidence import Evidence
from auditor.model.network import Network
from auditor.model.resources import GATEWAY_SERVICES, Endpoint, NatGateway, Subnet, Vpc
from auditor.whatif.edits import AddGatewayEndpoint, AddInterfaceEndpoint, DropEndpoint, DropNatGateway, Edit
from auditor.whatif.routing import HopKind
from auditor.whatif.saving import Situation

Resource = Vpc | NatGateway | Endpoint

_SHOWN = 5


class Kind(Enum):
    """Kinds of wishes, in the order in which they are applied: nothing is dropped before what replaces it is there."""

    GATEWAY_ENDPOINT = 1
    INTERFACE_ENDPOINT = 2
    DROP = 3


@dataclass(frozen=True, slots=True)
class Wish:
    """`resource` is the VPC or what is dropped; `other` the service, or the NAT gateway that takes over."""

    kind: Kind
    resource: str
    other: str = ""


def by_region(evidence: Evidence, wishes: Iterable[Wish]) -> dict[str, list[Wish]]:
    """The wishes of each region, in the order in which they are applied; `UsageError` for ids that are in none."""
    found: dict[str, list[Wish]] = {}
    for wish in sorted(dict.fromkeys(wishes), key=lambda wish: wish.kind.value):
        found.setdefault(_region(evidence, wish), []).append(wish)
    return dict(sorted(found.items()))


def edits_of(situation: Situation, wishes: Sequence[Wish], services: Collection[str]) -> Iterator[tuple[Edit, str]]:
    """An edit and its description a wish; `services` are those that are known to have interface endpoints."""
    dropped = frozenset(wish.resource for wish in wishes if wish.kind is Kind.DROP)
    for wish in wishes:
        if wish.kind is Kind.GATEWAY_ENDPOINT:
            yield _gateway(situation.network, wish, dropped)
        elif wish.kind is Kind.INTERFACE_ENDPOINT:
            yield _interface(situation, wish, dropped, services)
        else:
            yield _drop(situation.network, wish, dropped)


def _region(evidence: Evidence, wish: Wish) -> str:
    read, what = _PLACES[wish.kind]
    known = [one for scope in evidence.scopes for one in read(scope.network)]
    places = sorted({(one.account_id, one.region) for one in known if one.id == wish.resource})
    if not places:
        raise UsageError(f"no {what} {wish.resource!r} in this evidence{_instead(wish.resource, known)}")
    if len(places) > 1:
        listed = ", ".join(" ".join(place) for place in places)
        raise UsageError(f"{wish.resource!r} is in {len(places)} places ({listed}): which one is meant is not clear")
    return places[0][1]


def _instead(wanted: str, known: Iterable[Resource]) -> str:
    ids = sorted({one.id for one in known})
    shown = get_close_matches(wanted, ids, _SHOWN) or ids[:_SHOWN]
    return f": known are {', '.join(map(repr, shown))}{', …' if len(shown) < len(ids) else ''}" if ids else ""


def _gateway(network: Network, wish: Wish, dropped: frozenset[str]) -> tuple[Edit, str]:
    vpc, service = network.vpc[wish.resource], wish.other
    if service not in GATEWAY_SERVICES:
        raise UsageError(f"no gateway endpoint is offered for {service!r}: only for {', '.join(GATEWAY_SERVICES)}")
    tables = _free_tables(network, vpc, service, dropped)
    if not tables:
        raise UsageError(f"{vpc.id!r} has no route table that lacks a gateway endpoint for {service}")
    edit = AddGatewayEndpoint(vpc.id, vpc.account_id, vpc.region, service, tables)
    return edit, f"add a gateway endpoint for {service} to {vpc.id}, in {', '.join(tables)}"


def _free_tables(network: Network, vpc: Vpc, service: str, dropped: frozenset[str]) -> tuple[str, ...]:
    """The route tables that the VPC's subnets use, without those that have such an endpoint and keep it."""
    own = (network.table_of_subnet.get(subnet.id) for subnet in network.subnets_of_vpc.get(vpc.id, ()))
    kept = _kept(network, vpc, service, dropped)
    taken = {table_id for one in kept if one.type == "Gateway" for table_id in one.route_table_ids}
    return tuple(sorted({table.id for table in own if table} - taken))


def _kept(network: Network, vpc: Vpc, service: str, dropped: frozenset[str]) -> list[Endpoint]:
    endpoints = network.endpoints_of_vpc.get(vpc.id, ())
    return [one for one in endpoints if one.service == service and one.is_available and one.id not in dropped]


def _interface(
    situation: Situation, wish: Wish, dropped: frozenset[str], services: Collection[str]
) -> tuple[Edit, str]:
    network, service = situation.network, wish.other
    vpc = network.vpc[wish.resource]
    zones = _zones(network, vpc, service, services)
    rival = next((e for e in _kept(network, vpc, service, dropped) if e.type == "Interface" and e.private_dns), None)
    if rival:
        raise UsageError(f"{vpc.id!r} has an interface endpoint for {service} that answers for its names: {rival.id!r}")
    subnets = _one_a_zone(situation, vpc, zones)
    if not subnets:
        raise UsageError(f"{vpc.id!r} has no subnet in a zone that offers {service}")
    ids = tuple(subnet.id for subnet in subnets)
    edit = AddInterfaceEndpoint(vpc.id, vpc.account_id, vpc.region, service, ids, vpc.cidrs)
    return edit, f"add an interface endpoint for {service} to {vpc.id}, in {', '.join(ids)}"


def _zones(network: Network, vpc: Vpc, service: str, services: Collection[str]) -> frozenset[str] | None:
    """The zones that offer the service, `None` where nobody asked; `UsageError` where it has no such endpoint."""
    told = [one for one in network.endpoint_services if (one.service, one.region) == (service, vpc.region)]
    if told:
        offered = [one for one in told if "Interface" in one.types]
        if offered:
            return frozenset(zone for one in offered for zone in one.zones) or None
    elif service in services or _is_used(network, vpc, service):
        return None
    close = get_close_matches(service, sorted(services), _SHOWN)
    instead = f"; there are {', '.join(close)}" if close else ""
    raise UsageError(f"no interface endpoint is offered for {service!r} in {vpc.region}{instead}")


def _is_used(network: Network, vpc: Vpc, service: str) -> bool:
    """Whether some VPC of the region has one: a partner's service is on no list."""
    used = ((one.type, one.service, one.region) for one in network.endpoints)
    return ("Interface", service, vpc.region) in used


def _one_a_zone(situation: Situation, vpc: Vpc, zones: frozenset[str] | None) -> list[Subnet]:
    """A subnet in each zone from which clients leave through a NAT gateway; in every zone where none does."""
    network = situation.network
    offered = [s for s in network.subnets_of_vpc.get(vpc.id, ()) if zones is None or s.az in zones]
    clients = {s.az for s in offered if situation.ways_out[s.id].through(HopKind.NAT_GATEWAY)}
    chosen: dict[str, Subnet] = {}
    for subnet in sorted(offered, key=lambda s: (not situation.ways_out[s.id].through(HopKind.NAT_GATEWAY), s.id)):
        if not clients or subnet.az in clients:
            chosen.setdefault(subnet.az, subnet)
    return [chosen[az] for az in sorted(chosen)]


def _drop(network: Network, wish: Wish, dropped: frozenset[str]) -> tuple[Edit, str]:
    endpoint = network.endpoint.get(wish.resource)
    if endpoint is None:
        return _drop_nat(network, network.nat_gateway[wish.resource], wish.other, dropped)
    if wish.other:
        raise UsageError(f"{endpoint.id!r} is an endpoint: only a NAT gateway's routes can be given to another")
    if endpoint.requester_managed:
        raise UsageError(f"{endpoint.id!r} belongs to the service that made it: it cannot be dropped by hand")
    return DropEndpoint(endpoint.id, endpoint.region), f"drop {endpoint.id} ({endpoint.service})"


def _drop_nat(network: Network, nat: NatGateway, heir: str, dropped: frozenset[str]) -> tuple[Edit, str]:
    other = network.nat_gateway.get(heir)
    if heir and (other is None or heir in dropped or not other.is_billed):
        raise UsageError(
            f"{heir!r} is no NAT gateway of {nat.region} that stays: it cannot take the routes of {nat.id!r}"
        )
    routes = f"its routes lead to {heir}" if heir else "its routes go with it"
    return DropNatGateway(nat.id, nat.region, replaced_by=heir or None), f"drop {nat.id}: {routes}"


def _vpcs(network: Network) -> Sequence[Resource]:
    return network.vpcs


def _droppable(network: Network) -> Sequence[Resource]:
    return (*network.nat_gateways, *network.endpoints)


_PLACES: dict[Kind, tuple[Callable[[Network], Sequence[Resource]], str]] = {
    Kind.GATEWAY_ENDPOINT: (_vpcs, "VPC"),
    Kind.INTERFACE_ENDPOINT: (_vpcs, "VPC"),
    Kind.DROP: (_droppable, "NAT gateway or endpoint"),
}
"""Where the resource of a wish is looked for, and what it is called."""
