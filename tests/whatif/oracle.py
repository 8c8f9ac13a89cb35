"""A second opinion on routes and costs: slow, naive, in fractions, and without a line of the engine."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from fractions import Fraction

from auditor.model.money import Item
from auditor.model.network import Endpoint, Network, RouteTable, Subnet
from auditor.model.traffic import Flow
from tests.whatif.networks import USD

GB = 2**30
HOURS = 730

Way = tuple[str | None, str, str | None]
"""Subnet (`None`: as measured), service, its region."""


@dataclass
class Trip:
    """Hops as (kind, id, crosses zones) and how it ends."""

    hops: list[tuple[str, str, bool]]
    end: str


def trip(network: Network, flow: Flow, way: Way) -> Trip:
    """Where bytes go that take a way."""
    subnet_id, service, region = way
    if subnet_id is None:
        return _measured(network, flow.measured_at)
    (subnet,) = (s for s in network.subnets if s.id == subnet_id)
    return walk(network, subnet, service, region)


def walk(network: Network, subnet: Subnet, service: str, region: str | None) -> Trip:
    """From a subnet to a service, step by step."""
    vpc = [v for v in network.vpcs if v.id == subnet.vpc_id][-1]
    table = table_of(network, subnet)
    resolves = vpc.dns_support is not False and vpc.dns_hostnames is not False
    for endpoint in network.endpoints:
        if endpoint.vpc_id == vpc.id and resolves and _answers(endpoint, service, region):
            return Trip([("interface endpoint", endpoint.id, False)], "arrives")
    for endpoint in network.endpoints:
        if endpoint.vpc_id == vpc.id and table and _is_routed(endpoint, table, service, region):
            return Trip([("gateway endpoint", endpoint.id, False)], "arrives")
    return _out(network, subnet)


def _answers(endpoint: Endpoint, service: str, region: str | None) -> bool:
    if endpoint.type != "Interface" or endpoint.state != "available" or not endpoint.private_dns:
        return False
    target = endpoint.service_region or endpoint.region
    return not endpoint.inbound_resolver_only and endpoint.service == service and target == region


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


def _out(network: Network, start: Subnet) -> Trip:  # noqa: C901 - one loop, read from top to bottom
    hops: list[tuple[str, str, bool]] = []
    passed: set[str] = set()
    here: Subnet | None = start
    while here is not None:
        table = table_of(network, here)
        if table is None:
            break
        targets = [r.target for r in table.routes if r.destination == "0.0.0.0/0" and r.active]
        if not targets or targets[0] in passed:
            return Trip(hops, "nowhere")
        target = targets[0]
        if target.startswith("igw-"):
            return Trip([*hops, ("internet gateway", target, False)], "arrives")
        if target.startswith("tgw-"):
            passed.add(target)
            hops.append(("transit gateway", target, False))
            here = _beyond(network, here, target)
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
            here = home
        else:
            hops.append(("other", target, False))
            break
    return Trip(hops, "unknown")


def _beyond(network: Network, here: Subnet, transit: str) -> Subnet | None:
    """The subnet where the hub's attachment puts down what a VPC sends into a transit gateway."""
    mine = [a for a in network.attachments if (a.transit_gateway_id, a.resource_id) == (transit, here.vpc_id)]
    tables = [a.route_table_id for a in mine if a.route_table_id]
    if not tables:
        return None
    routes = [r for r in network.transit_routes if r.route_table_id == tables[0] and r.active]
    hubs = [a for r in routes for a in network.attachments if r.destination == "0.0.0.0/0" and a.id == r.attachment_id]
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
    for subnet in network.subnets:
        if flow.client.subnet_id not in {None, subnet.id} or (at_endpoint and subnet.vpc_id != flow.client.vpc_id):
            continue
        for target in targets:
            hops = walk(network, subnet, *target).hops
            if any(hop_id == flow.measured_at for _, hop_id, _ in hops):
                found.append((subnet.id, *target))
    outside = at_endpoint and flow.client.subnet_id is None and _has_neighbours(network, flow.client.vpc_id)
    return [*found, (None, *targets[0])] if outside or not found else found


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
