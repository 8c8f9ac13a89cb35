"""A second opinion on routes and costs: slow, naive, in fractions, and without a line of the engine."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from fractions import Fraction
from functools import cache
from ipaddress import IPv4Address, ip_network
from typing import Any

from auditor.model.money import Item
from auditor.model.network import Network
from auditor.model.resources import Endpoint, Route, RouteTable, Subnet, TransitGatewayRoute
from auditor.model.traffic import Flow
from tests.whatif.networks import REGION, USD

GB = 2**30
HOURS = 730


@dataclass(frozen=True)
class Spot:
    """An address: its number, how long a prefix list's entry holds it, an unread list that holds it, or NAT64."""

    number: int
    entry: int = 0
    listed: str = ""
    nat64: bool = False


Way = tuple[str | None, str, str | None, Spot]
"""Subnet (`None`: as measured), service, its region, and the address."""

PLACES = ("1.0.0.0", "52.216.0.0", "52.217.0.0", "54.231.0.0", "130.0.0.0", "203.0.113.0")
"""An address in every range that random routes tell apart."""
NUMBER = {place: int(IPv4Address(place)) for place in PLACES}
FREE = {"s3", "dynamodb", "s3express"}
LISTED = {"52.216.0.0": 15, "52.217.0.0": 15, "54.231.0.0": 16}
"""Those of S3, with the entries of its list."""


@dataclass
class Trip:
    """Hops as (kind, id, crosses zones) and how it ends."""

    hops: list[tuple[str, str, bool]]
    end: str


def trip(network: Network, flow: Flow, way: Way) -> Trip:
    """Where bytes go that take a way."""
    subnet_id, service, region, spot = way
    if subnet_id is None:
        return _measured(network, flow.measured_at)
    (subnet,) = (s for s in network.subnets if s.id == subnet_id)
    return walk(network, subnet, (service, region), spot)


def spots(network: Network, service: str, region: str | None) -> list[Spot]:
    """All addresses of a service that any route may tell apart; one where there are no such routes."""
    is_s3 = (service, region) == ("s3", REGION)
    places = [place for place in PLACES if not is_s3 or place in LISTED]
    entries = {0} if service not in FREE else {2, 33}
    found = [(NUMBER[place], entry) for place in places for entry in ({LISTED[place]} if is_s3 else entries)]
    destinations = {r.destination for table in network.route_tables for r in table.routes}
    destinations |= {r.destination for r in network.transit_routes}
    if destinations <= {"10.0.0.0/16", "0.0.0.0/0", "64:ff9b::/96"}:
        return [Spot(*found[-1])]
    return [Spot(*one, listed) for one in found for listed in ("", "pl-own") if not listed or listed in destinations]


def walk(network: Network, subnet: Subnet, to: tuple[str, str | None], spot: Spot) -> Trip:
    """From a subnet to a service, step by step."""
    service, region = to
    vpc = [v for v in network.vpcs if v.id == subnet.vpc_id][-1]
    table = table_of(network, subnet)
    resolves = vpc.dns_support is not False and vpc.dns_hostnames is not False
    for endpoint in network.endpoints if not spot.nat64 else ():
        if endpoint.vpc_id == vpc.id and resolves and _answers(endpoint, service, region):
            return Trip([("interface endpoint", endpoint.id, False)], "arrives")
    for endpoint in network.endpoints if not spot.nat64 else ():
        if resolves and vpc.id in endpoint.shared_with and _offers(endpoint, service, region):
            crossed = "" if endpoint.vpc_id == vpc.id else _crossed(network, subnet, endpoint.subnet_ids)
            if crossed is not None:
                over = [("transit gateway", crossed, False)] if crossed else []
                return Trip([*over, ("interface endpoint", endpoint.id, False)], "arrives")
    for endpoint in network.endpoints if table and not _goes_past_lists(table, spot) else ():
        if endpoint.vpc_id == vpc.id and table and _is_routed(endpoint, table, service, region):
            return Trip([("gateway endpoint", endpoint.id, False)], "arrives")
    return _out(network, subnet, to, spot)


def _longest(routes: list[tuple[str, Any]], number: int) -> tuple[int, Any]:
    """Length and route of the longest CIDR that holds an address; -1 where none does."""
    best: tuple[int, Any] = (-1, None)
    for destination, route in routes:
        length = _holding(destination, number)
        if length > best[0]:
            best = (length, route)
    return best


@cache
def _holding(destination: str, number: int) -> int:
    """The length of a CIDR that holds an address, else -1."""
    if "." not in destination:
        return -1
    cidr = ip_network(destination)
    return cidr.prefixlen if IPv4Address(number) in cidr else -1


def _goes_past_lists(table: RouteTable, spot: Spot) -> bool:
    length, _ = _longest([(r.destination, r) for r in table.routes], spot.number)
    in_list = any(r.destination == spot.listed for r in table.routes)
    return spot.nat64 or in_list or length >= spot.entry > 0 or (length >= 0 and spot.entry == 0)


def _choose(table: RouteTable, to: tuple[str, str | None], spot: Spot) -> Route | None:
    """The route that takes an address in a table."""
    by_destination: dict[str, Route] = {}
    for route in table.routes:
        by_destination.setdefault(route.destination, route)
    if spot.nat64:
        return by_destination.get("64:ff9b::/96")
    if spot.listed in by_destination:
        return by_destination[spot.listed]
    length, route = _longest([(r.destination, r) for r in by_destination.values()], spot.number)
    if to == ("s3", REGION) and "pl-s3" in by_destination and length < spot.entry:
        return by_destination["pl-s3"]
    found: Route | None = route
    return found


def _answers(endpoint: Endpoint, service: str, region: str | None) -> bool:
    if endpoint.inbound_resolver_only or not endpoint.private_dns:
        return False
    return _offers(endpoint, service, region)


def _offers(endpoint: Endpoint, service: str, region: str | None) -> bool:
    if endpoint.type != "Interface" or endpoint.state != "available":
        return False
    return endpoint.service == service and (endpoint.service_region or endpoint.region) == region


def _crossed(network: Network, here: Subnet, others: tuple[str, ...]) -> str | None:
    """The transit gateway between a subnet and all of these, followed block by block of 256 addresses."""
    found: set[str | None] = set()
    for other in others:
        there = next((s for s in network.subnets if s.id == other), None)
        if there is None:
            return None
        forth = [_next(_routes_of(network, here), block) for block in _blocks(network, there)]
        back = [_next(_routes_of(network, there), block) for block in _blocks(network, here)]
        found |= {*forth, *back}
        over = found.pop() if len(found) == 1 else None
        if over is None or not _is_carried(network, here, there, over):
            return None
        found = {over}
    return found.pop() if found else None


def _is_carried(network: Network, here: Subnet, there: Subnet, over: str) -> bool:
    """Whether the transit gateway hands what comes from one VPC to the other."""
    mine, theirs = (
        [a for a in network.attachments if (a.transit_gateway_id, a.resource_id) == (over, one.vpc_id)]
        for one in (here, there)
    )
    tables = [a.route_table_id for a in mine if a.route_table_id]
    if not tables or not theirs:
        return False
    routes = [
        (r.destination, r.attachment_id if r.active else None)
        for r in network.transit_routes
        if r.route_table_id == tables[0]
    ]
    return all(_next(routes, block) == theirs[0].id for block in _blocks(network, there))


def _routes_of(network: Network, subnet: Subnet) -> list[tuple[str, str | None]]:
    table = table_of(network, subnet)
    return [(r.destination, r.target if r.active else None) for r in table.routes] if table else []


def _next(routes: list[tuple[str, str | None]], block: list[int]) -> str | None:
    """Where a block of addresses goes: the route that agrees with most of its bits, if no list may lead elsewhere."""
    found: list[tuple[int, str | None]] = []
    lists = {t for d, t in routes if d.startswith("pl-") and not (t or "").startswith("vpce-")}
    for destination, target in (one for one in routes if "." in one[0]):
        address, length = destination.split("/")
        bits = "".join(f"{int(part):08b}" for part in address.split("."))[: int(length)]
        if "".join(f"{part:08b}" for part in block).startswith(bits):
            found.append((int(length), target))
    best = max(found, key=lambda one: one[0], default=(0, None))[1]
    return best if lists <= {best} else None


def _blocks(network: Network, subnet: Subnet) -> list[list[int]]:
    (vpc,) = (v for v in network.vpcs if v.id == subnet.vpc_id)
    first, second, third, _ = (int(part) for part in (subnet.cidr or vpc.cidrs[0]).split("/")[0].split("."))
    return [[first, second, third]] if subnet.cidr else [[first, second, number] for number in range(256)]


def _is_routed(endpoint: Endpoint, table: RouteTable, service: str, region: str | None) -> bool:
    if endpoint.type != "Gateway" or endpoint.state != "available" or table.id not in endpoint.route_table_ids:
        return False
    return service in {"s3", "dynamodb", "s3express"} and endpoint.service == service and endpoint.region == region


def table_of(network: Network, subnet: Subnet) -> RouteTable | None:
    """Its own table, else the main one."""
    for table in network.route_tables:
        if subnet.id in table.subnet_ids:
            return table
    for table in network.route_tables:
        if table.vpc_id == subnet.vpc_id and table.is_main:
            return table
    return None


def _out(network: Network, start: Subnet, to: tuple[str, str | None], spot: Spot) -> Trip:  # noqa: C901 - one loop, read from top to bottom
    hops: list[tuple[str, str, bool]] = []
    passed: set[str] = set()
    here: Subnet | None = start
    while here is not None:
        table = table_of(network, here)
        if table is None:
            break
        route = _choose(table, to, spot)
        if route is None or not route.active or route.target in passed or route.target.startswith("pcx-"):
            return Trip(hops, "nowhere")
        target = route.target
        if target.startswith("igw-"):
            return Trip([*hops, ("internet gateway", target, False)], "arrives")
        if target.startswith("tgw-"):
            passed.add(target)
            hops.append(("transit gateway", target, False))
            led = _led(network, here, target, spot)
            if led and not led.active:
                return Trip(hops, "nowhere")
            here = _beyond(network, here, led) if led else None
        elif target.startswith("nat-"):
            found = [nat for nat in network.nat_gateways if nat.id == target]
            if not found:
                break
            if found[0].state not in {"available", "pending"}:
                return Trip(hops, "nowhere")
            passed.add(target)
            home = next((s for s in network.subnets if s.id == found[0].subnet_id), None)
            hops.append(("NAT gateway", target, found[0].mode == "zonal" and home is not None and home.az != here.az))
            if found[0].connectivity == "public":
                return Trip(hops, "arrives")
            here = home if not spot.nat64 else None
        else:
            hops.append(("other", target, False))
            break
    return Trip(hops, "unknown")


def _led(network: Network, here: Subnet, transit: str, spot: Spot) -> TransitGatewayRoute | None:
    """The route of the table with which a VPC's attachment is associated."""
    mine = [a for a in network.attachments if (a.transit_gateway_id, a.resource_id) == (transit, here.vpc_id)]
    tables = [a.route_table_id for a in mine if a.route_table_id][:1]
    routes = [(r.destination, r) for r in network.transit_routes if [r.route_table_id] == tables]
    found: TransitGatewayRoute | None = None if spot.nat64 else _longest(routes, spot.number)[1]
    return found


def _beyond(network: Network, here: Subnet, led: TransitGatewayRoute) -> Subnet | None:
    """The subnet where the hub's attachment puts down what comes over a transit gateway."""
    hubs = [a for a in network.attachments if a.id == led.attachment_id]
    landing = [s for a in hubs for i in a.subnet_ids for s in network.subnets if s.id == i]
    near = [s for s in landing if s.az == here.az]
    return next(iter(near or landing), None)


def _measured(network: Network, resource: str) -> Trip:
    for nat in network.nat_gateways:
        if nat.id == resource and nat.state in {"available", "pending"}:
            return Trip([("NAT gateway", resource, False)], "arrives")
    if any(endpoint.id == resource for endpoint in network.endpoints):
        return Trip([("interface endpoint", resource, False)], "arrives")
    return Trip([], "unknown")


def ways(network: Network, flow: Flow, services: Iterable[tuple[str, str | None]]) -> list[Way]:
    """Every way that leads over the place where the flow was measured."""
    at_endpoint = any(endpoint.id == flow.measured_at for endpoint in network.endpoints)
    service, region = flow.destination.service, flow.destination.region
    targets = [("internet", None), *services] if service == "unknown" else [(service, region)]
    if service == "aws":
        targets += [one for one in services if one[0] not in {"s3", "dynamodb", "s3express"} and one[1] == region]
    found: list[Way] = []
    served = {flow.client.vpc_id, *(v for e in network.endpoints if e.id == flow.measured_at for v in e.shared_with)}
    for subnet in network.subnets:
        if flow.client.subnet_id not in {None, subnet.id} or (at_endpoint and subnet.vpc_id not in served):
            continue
        tried = [(target, spot) for target in targets for spot in spots(network, *target)]
        if flow.client.subnet_id is None:
            tried.append((targets[0], Spot(0, nat64=True)))
        for target, spot in tried:
            hops = walk(network, subnet, target, spot).hops
            if any(hop_id == flow.measured_at for _, hop_id, _ in hops):
                found.append((subnet.id, *target, spot))
    outside = at_endpoint and flow.client.subnet_id is None and _has_neighbours(network, flow.client.vpc_id)
    return [*found, (None, *targets[0], Spot(0))] if outside or not found else found


def _has_neighbours(network: Network, vpc_id: str | None) -> bool:
    """Whether a route leads from a VPC to where other clients may sit."""
    targets = [r.target for table in network.route_tables if table.vpc_id == vpc_id for r in table.routes]
    return any(target.split("-")[0] in {"tgw", "vgw", "pcx", "lgw"} for target in targets)


def is_cut(before: Trip, after: Trip) -> bool:
    """Whether bytes that had a way have none any more."""
    return not after.hops or after.end not in {"arrives", before.end}


def saving(before: Network, after: Network, taken: Iterable[tuple[Flow, Way, int]]) -> Fraction:
    """What the change saves if so many bytes of each flow take these ways; what is cut off costs what it did."""
    old: dict[tuple[str, str, str], int] = defaultdict(int)
    new: dict[tuple[str, str, str], int] = defaultdict(int)
    for flow, way, count in taken:
        was, now = trip(before, flow, way), trip(after, flow, way)
        lost = is_cut(was, now)
        charge(old, before, stretch(was, flow), count)
        charge(new, before if lost else after, stretch(was if lost else now, flow), count)
    return standing(before) - standing(after) + usd_of(old) - usd_of(new)


def standing(network: Network) -> Fraction:
    """Hours and addresses of a month, of what has a price."""
    usd = Fraction(0)
    for nat in network.nat_gateways:
        if nat.state in {"available", "pending"}:
            zones = len(nat.zones) if nat.mode == "regional" else 1
            usd += zones * HOURS * _first(Item.NAT_HOUR)
            usd += sum(1 for a in nat.addresses if a.public_ip) * HOURS * _first(Item.PUBLIC_IPV4_HOUR)
    for endpoint in network.endpoints:
        paid = endpoint.state in {"available", "pending", "partial"} and not endpoint.requester_managed
        if paid and endpoint.type in {"Interface", "GatewayLoadBalancer"}:
            usd += len(endpoint.subnet_ids) * HOURS * _first(Item.INTERFACE_ENDPOINT_HOUR)
    return usd


def charge(counts: dict[tuple[str, str, str], int], network: Network, one: Trip, count: int) -> None:
    """Add bytes to what they are charged as: (account, item, resource); tiers are an account's."""
    for kind, hop_id, crosses in one.hops:
        if kind == "transit gateway":
            counts["", Item.TRANSIT_GATEWAY_GB, ""] += count
        if kind == "NAT gateway":
            counts["", Item.NAT_GB, ""] += count
            counts["", Item.INTER_AZ_GB, ""] += count * crosses
        if kind == "interface endpoint":
            (endpoint,) = (e for e in network.endpoints if e.id == hop_id)
            if not endpoint.requester_managed:
                counts[endpoint.account_id, Item.INTERFACE_ENDPOINT_GB, ""] += count


def stretch(whole: Trip, flow: Flow) -> Trip:
    """Of a trip over several NAT gateways, what leads from the one before to the one that measured the flow."""
    if all(hop_id != flow.measured_at for _, hop_id, _ in whole.hops):
        return whole
    hops: list[tuple[str, str, bool]] = []
    for hop in whole.hops:
        hops.append(hop)
        if hop[1] == flow.measured_at:
            break
        if hop[0] == "NAT gateway":
            hops = []
    return Trip(hops, whole.end)


def usd_of(counts: dict[tuple[str, str, str], int]) -> Fraction:
    usd = Fraction(0)
    for (_, item, _), count in counts.items():
        tiers = sorted((Fraction(low), Fraction(price)) for low, price in USD[Item(item)].items())
        for number, (low, price) in enumerate(tiers):
            high = tiers[number + 1][0] if number + 1 < len(tiers) else None
            amount = Fraction(count, GB)
            usd += price * max(Fraction(0), (amount if high is None else min(amount, high)) - low)
    return usd


def _first(item: Item) -> Fraction:
    return Fraction(USD[item]["0"])
