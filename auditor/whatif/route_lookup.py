"""Which route takes an address, and into which parts the routes ahead divide the addresses of a destination.

A destination is a service or the internet, hence many addresses. Where every table on the way treats them alike, they
are one part (`None`); else each part has an address that stands for it, and goes its own way.

Sources: VPC guide, "Route priority" (the longest prefix; then static routes, prefix lists, propagated routes; a list
that overlaps another is unknown), "DNS64 and NAT64" (read 2026-11-29).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import product
from typing import Any

from auditor.model.longest_prefix import ADDRESSES, Held, LongestPrefix, ipv4, span
from auditor.model.network import Network
from auditor.model.resources import GATEWAY_SERVICES, Route, RouteTable, Subnet
from auditor.model.traffic import Destination

DEFAULT_ROUTE = "0.0.0.0/0"

_NOT_PUBLIC = (
    *("0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12"),
    *("192.168.0.0/16", "224.0.0.0/3"),
)
"""Where no service and no server of the internet is (IANA IPv4 special-purpose addresses, read 2026-11-29)."""

_HALF, _WIDEST, _NARROWEST = 1, 2, 33
"""The length of 0.0.0.0/1, half of a default; and lengths of entries: any route but a default beats one, none does."""


@dataclass(frozen=True, slots=True)
class Address:
    """An address that stands for all addresses of a destination that the tables on the way treat alike.

    `entry` is the length of the CIDR by which its service's prefix list holds it. `listed` is a prefix list of unknown
    entries that is taken to hold it. `nat64`: the client has IPv6 only, and sees the address under `64:ff9b::/96`.
    """

    number: int
    entry: int = 0
    listed: str = ""
    nat64: bool = False


NAT64_PART = Address(0, nat64=True)
"""All that clients with IPv6 only reach through NAT64."""

Part = Address | None
_WHOLE: tuple[Part, ...] = (None,)
Ways = tuple[LongestPrefix[Any], Callable[[Held[Any], int], object]]
"""Prepared routes, and what makes a difference about that which takes an address with such an entry."""


def chosen(network: Network, table: RouteTable, destination: Destination, part: Part) -> Route | None:
    """The route of the table that takes these addresses, those of gateway endpoints apart."""
    if part and part.nat64:
        return table.nat64
    held = table.ways.at(part.number) if part else table.ways.usual
    if not table.listed:
        return held.value
    supposed = next((one for one in table.listed if part and one.destination == part.listed), None)
    listed = supposed or _listed(network, table, destination)
    return listed if listed and (supposed or not _beats(held, part.entry if part else _NARROWEST)) else held.value


def passes_endpoints(table: RouteTable, part: Part) -> bool:
    """Whether a route of the table leads these addresses past a gateway endpoint: routes to prefix lists are IPv4."""
    if part is None:
        return False
    supposed = part.listed and any(route.destination == part.listed for route in table.listed)
    return part.nat64 or bool(supposed) or _beats(table.ways.at(part.number), part.entry)


def parts(network: Network, subnet: Subnet, destination: Destination) -> tuple[Part, ...]:
    """The parts of a destination's IPv4 addresses that may go different ways from a subnet."""
    divides = Divides.of(network)
    return divides.parts(subnet, destination) if divides.any else _WHOLE


def _divided(divides: Divides, subnet: Subnet, destination: Destination) -> tuple[Part, ...]:
    network = divides.network
    tables, transit = divides.ahead(subnet)
    if not tables and not transit:
        return _WHOLE
    ways: list[Ways] = [(table.ways, _difference) for table in tables]
    ways += [(network.transit_ways[one], _transit_difference) for one in transit]
    distinct = tuple({kind: part for part, kind in _parts(network, destination, ways)}.values())
    return (*distinct, *(replace(part, listed=one) for one in divides.unread(tables) for part in distinct))


def nat64_parts(network: Network, subnet: Subnet) -> tuple[Part, ...]:
    """What clients with IPv6 only reach through NAT64, if the subnet leads that anywhere."""
    if not Divides.of(network).any_nat64:
        return ()
    table = network.table_of_subnet.get(subnet.id)
    return (NAT64_PART,) if table and table.nat64 else ()


@dataclass(frozen=True)
class Divides:
    """The tables of a network that do not treat all public addresses alike: few, in most networks none."""

    network: Network

    @classmethod
    def of(cls, network: Network) -> Divides:
        """Those of a network, found once."""
        found = network.derived.get(cls)
        if not isinstance(found, cls):
            found = network.derived[cls] = cls(network)
        return found

    @cached_property
    def any(self) -> bool:
        """Whether there are any."""
        return bool(self._tables or self._transit)

    @cached_property
    def any_nat64(self) -> bool:
        """Whether any table has a way for IPv6 clients."""
        return any(table.nat64 for table in self.network.route_tables)

    def parts(self, subnet: Subnet, destination: Destination) -> tuple[Part, ...]:
        """The parts of a destination from a subnet, found once for all subnets with its table."""
        table = self.network.table_of_subnet.get(subnet.id)
        key = (table.id if table else subnet.id, destination)
        if key not in self._found:
            self._found[key] = _divided(self, subnet, destination)
        return self._found[key]

    @cached_property
    def _found(self) -> dict[tuple[str, Destination], tuple[Part, ...]]:
        return {}

    def ahead(self, subnet: Subnet) -> tuple[list[RouteTable], list[str]]:
        """Those on the way from a subnet, its own first; then the ids of transit gateway route tables."""
        leads_on = subnet.vpc_id in self._led_to_transit
        own = self.network.table_of_subnet.get(subnet.id)
        first = [own] if own and own.id in self._tables else []
        passed = (self._tables[one] for one in self._passed if one in self._tables and (not own or one != own.id))
        return [*first, *(one for one in passed if leads_on or one.vpc_id == subnet.vpc_id)], (
            self._transit if leads_on else []
        )

    def unread(self, tables: Iterable[RouteTable]) -> list[str]:
        """Prefix lists in tables of which nobody read the entries: AWS's own ones were."""
        return sorted({route.destination for table in tables for route in table.listed} - self._known)

    @cached_property
    def _known(self) -> frozenset[str]:
        ids = {route.destination for table in self.network.route_tables for route in table.listed}
        of_endpoints = (
            route.destination
            for table in self.network.route_tables
            for route in table.listed
            if _is_of_gateway_endpoint(self.network, route)
        )
        return frozenset(one.id for one in self.network.prefix_lists if one.id in ids).union(of_endpoints)

    @cached_property
    def _tables(self) -> dict[str, RouteTable]:
        return {table.id: table for table in self.network.route_tables if self._parts_addresses(table)}

    def _parts_addresses(self, table: RouteTable) -> bool:
        lists = (one for one in table.listed if not (one.active and _is_of_gateway_endpoint(self.network, one)))
        return next(lists, None) is not None or _differs(table.ways, _difference)

    @cached_property
    def _transit(self) -> list[str]:
        return [one for one, ways in self.network.transit_ways.items() if _differs(ways, _transit_difference)]

    @cached_property
    def _led_to_transit(self) -> frozenset[str]:
        led = (vpc_ids for target, vpc_ids in self.network.routed_to.items() if target.startswith("tgw-"))
        return frozenset[str]().union(*led)

    @cached_property
    def _passed(self) -> dict[str, None]:
        """Tables that decide about traffic of other subnets: where hubs, private NAT gateways and appliances stand."""
        network = self.network
        hubs = {route.attachment_id for route in network.transit_routes}
        subnets = [
            *(one for hub in network.attachments if hub.id in hubs for one in hub.subnet_ids),
            *(nat.subnet_id or "" for nat in network.nat_gateways if nat.connectivity != "public"),
            *(one for e in network.endpoints if e.type == "GatewayLoadBalancer" for one in e.subnet_ids),
        ]
        tables = (network.table_of_subnet.get(one) for one in subnets)
        return dict.fromkeys(table.id for table in tables if table)


def _differs(ways: LongestPrefix[Any], difference: Callable[[Held[Any], int], object]) -> bool:
    found = {difference(held, _HALF + 1) for start, end in _PUBLIC for _, held in ways.within(start, end)}
    return len(found) > 1


def _beats(held: Held[Route], entry: int) -> bool:
    """Whether a route to a CIDR takes an address although a prefix list's entry of that length leads elsewhere."""
    route = held.value
    return route is not None and (held.length > entry or (held.length == entry and not route.propagated))


def _listed(network: Network, table: RouteTable, destination: Destination) -> Route | None:
    """The table's route to the service's prefix list. AWS takes those of endpoints away with them, or they drop."""
    known = network.prefix_list_of.get((destination.service, destination.region or ""))
    routes = (one for one in table.listed if known and one.destination == known.id)
    return next((one for one in routes if not (one.active and _is_of_gateway_endpoint(network, one))), None)


def _is_of_gateway_endpoint(network: Network, route: Route) -> bool:
    endpoint = network.endpoint.get(route.target)
    return endpoint.type == "Gateway" if endpoint else route.target.startswith("vpce-")


def _parts(network: Network, destination: Destination, ways: list[Ways]) -> Iterator[tuple[Address, object]]:
    """Parts with what tells them apart; several may be alike."""
    for number, entry in _addresses(network, destination, [one for one, _ in ways]):
        yield Address(number, entry), tuple(kind(one.at(number), entry) for one, kind in ways)


def _addresses(network: Network, destination: Destination, ways: list[LongestPrefix[Any]]) -> Iterator[tuple[int, int]]:
    """The first address of each range that no table divides, with the length of its prefix list's entry."""
    known = network.prefix_list_of.get((destination.service, destination.region or ""))
    if destination.service not in GATEWAY_SERVICES:
        yield from ((number, 0) for number in _cuts(ways, _PUBLIC))
    elif known and known.cidrs:
        spans = [span(cidr) for text in known.cidrs if (cidr := ipv4(text))]
        yield from ((number, known.entries.at(number).length) for number in _cuts((*ways, known.entries), spans))
    else:
        yield from product(_cuts(ways, _PUBLIC), (_NARROWEST, _WIDEST))


def _cuts(ways: Iterable[LongestPrefix[Any]], spans: Iterable[tuple[int, int]]) -> list[int]:
    """The first address of each range within the spans that nothing divides."""
    places = list(spans)
    return sorted({number for one in ways for start, end in places for number, _ in one.within(start, end)})


def _difference(held: Held[Route], entry: int) -> object:
    route = held.value
    return route and (route.target, route.active, route.destination == DEFAULT_ROUTE, _beats(held, entry))


def _transit_difference(held: Held[Any], _entry: int) -> object:
    return held.value and (held.value.attachment_id, held.value.active)


def _public() -> Iterator[tuple[int, int]]:
    start = 0
    for first, end in sorted(span(cidr) for text in _NOT_PUBLIC if (cidr := ipv4(text))):
        if first > start:
            yield start, first
        start = end
    if start < ADDRESSES:
        yield start, ADDRESSES


_PUBLIC = tuple(_public())
