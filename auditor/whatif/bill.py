"""What a network costs a month for given traffic: one line per resource and price."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from decimal import Decimal

from auditor.model.money import EXACT, MONTH_HOURS, ZERO, Bill, Item, Line, Price, Prices, gigabytes, subtract
from auditor.model.network import Endpoint, NatGateway, Network
from auditor.model.traffic import Flow
from auditor.whatif.routing import Hop, HopKind, route

HOURS = "hours"
DATA = "data processed"
ADDRESSES = "public IPv4 addresses"
INTER_AZ = "transfer between availability zones"

_HOURLY = {
    "Interface": (Item.INTERFACE_ENDPOINT_HOUR, Item.INTERFACE_ENDPOINT_GB),
    "GatewayLoadBalancer": (Item.GATEWAY_LOAD_BALANCER_ENDPOINT_HOUR, Item.GATEWAY_LOAD_BALANCER_ENDPOINT_GB),
}
_BILLED_ENDPOINT_STATES = frozenset({"available", "pending", "partial"})


@dataclass(frozen=True, slots=True)
class Traffic:
    """All flows, and the resources whose bytes nobody could tell."""

    flows: tuple[Flow, ...] = ()
    unmeasured: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Usage:
    """Bytes that one resource is charged for, by the price's item."""

    resource: str
    label: str
    item: Item
    region: str
    account_id: str


def bill(network: Network, traffic: Traffic, prices: Prices) -> Bill:
    """Hours of everything that stands there, and GB of everything that flows."""
    return Bill(
        (
            *_hourly(network, prices),
            *_unmeasured(network, traffic, prices),
            *_flowing(network, traffic, prices),
        )
    )


def nat_items(nat: NatGateway) -> tuple[Item, Item]:
    """The prices of a NAT gateway's hours and GB."""
    regional = nat.mode == "regional"
    return (Item.REGIONAL_NAT_HOUR, Item.REGIONAL_NAT_GB) if regional else (Item.NAT_HOUR, Item.NAT_GB)


def unit_price(network: Network, hop: Hop, prices: Prices) -> Decimal:
    """USD per GB of passing a hop, at the lowest tier; 0 where it is free or its price unknown (only for ranking)."""
    usages = _usages(network, hop)
    tiers = (prices.tiers(usage.region, usage.item) for usage in usages)
    return sum((rows[0].usd for rows in tiers if rows), ZERO)


def _hourly(network: Network, prices: Prices) -> Iterator[Line]:
    for nat in network.nat_gateways:
        if nat.is_billed:
            yield from _nat_hours(nat, prices)
    for endpoint in network.endpoints:
        if endpoint.type != "Gateway" and endpoint.state in _BILLED_ENDPOINT_STATES:
            yield _endpoint_hours(endpoint, prices)


def _nat_hours(nat: NatGateway, prices: Prices) -> Iterator[Line]:
    zones = len(nat.zones) if nat.mode == "regional" else 1
    hours = Decimal(zones * MONTH_HOURS) if zones else None
    yield _line(nat.id, HOURS, hours, nat_items(nat)[0], nat.region, prices)
    addresses = sum(1 for address in nat.addresses if address.public_ip)
    if addresses:
        yield _line(nat.id, ADDRESSES, Decimal(addresses * MONTH_HOURS), Item.PUBLIC_IPV4_HOUR, nat.region, prices)


def _endpoint_hours(endpoint: Endpoint, prices: Prices) -> Line:
    hours = Decimal(len(endpoint.subnet_ids) * MONTH_HOURS)
    if endpoint.requester_managed or endpoint.type not in _HOURLY:
        who = "managed by its service" if endpoint.requester_managed else f"type {endpoint.type}"
        return Line.unpriced(endpoint.id, f"{HOURS} ({who})", hours, "AZ-hour")
    return _line(endpoint.id, HOURS, hours, _HOURLY[endpoint.type][0], endpoint.region, prices)


def _unmeasured(network: Network, traffic: Traffic, prices: Prices) -> Iterator[Line]:
    for nat in network.nat_gateways:
        if nat.id in traffic.unmeasured and nat.is_billed:
            yield _line(nat.id, DATA, None, nat_items(nat)[1], nat.region, prices)
    for endpoint in network.endpoints:
        if endpoint.id in traffic.unmeasured and endpoint.type in _HOURLY and not endpoint.requester_managed:
            yield _line(endpoint.id, DATA, None, _HOURLY[endpoint.type][1], endpoint.region, prices)


def _flowing(network: Network, traffic: Traffic, prices: Prices) -> Iterator[Line]:
    counts: Counter[Usage] = Counter()
    for flow in traffic.flows:
        for hop in route(network, flow).hops:
            for usage in _usages(network, hop):
                counts[usage] += flow.bytes
    used: dict[tuple[str, str, Item], Decimal] = {}
    for usage in sorted(counts, key=lambda usage: (usage.item, usage.resource)):
        pool = (usage.account_id, usage.region, usage.item)
        start = used.get(pool, ZERO)
        used[pool] = EXACT.add(start, gigabytes(counts[usage]))
        yield from _tiered(usage, start, used[pool], prices.tiers(usage.region, usage.item))


def _usages(network: Network, hop: Hop) -> Iterator[Usage]:
    """What passing a hop is charged as: nothing for gateway endpoints and internet gateways."""
    nat, endpoint = network.nat_gateway.get(hop.id), network.endpoint.get(hop.id)
    if nat:
        yield Usage(nat.id, DATA, nat_items(nat)[1], nat.region, nat.account_id)
        if hop.crosses_az:
            yield Usage(nat.id, INTER_AZ, Item.INTER_AZ_GB, nat.region, nat.account_id)
    elif endpoint and hop.kind is HopKind.INTERFACE_ENDPOINT and not endpoint.requester_managed:
        yield Usage(endpoint.id, DATA, Item.INTERFACE_ENDPOINT_GB, endpoint.region, endpoint.account_id)
    elif hop.kind is HopKind.TRANSIT_GATEWAY:
        yield Usage(hop.id, DATA, Item.TRANSIT_GATEWAY_GB, _region_of_transit(network, hop.id), "")


def _region_of_transit(network: Network, gateway_id: str) -> str:
    return next((a.region for a in network.attachments if a.transit_gateway_id == gateway_id), "")


def _tiered(usage: Usage, start: Decimal, end: Decimal, tiers: tuple[Price, ...]) -> Iterator[Line]:
    """One line a tier for the GB between `start` and `end` of the pool that shares the tiers."""
    if not tiers:
        yield Line.unpriced(usage.resource, usage.label, subtract(end, start), "GB")
        return
    bounds: Iterable[Decimal] = (*(price.from_quantity for price in tiers[1:]), Decimal("Infinity"))
    for price, upper in zip(tiers, bounds, strict=True):
        low, high = max(start, price.from_quantity), min(end, upper)
        if high > low or (price is tiers[0] and start == end):
            yield Line.of(usage.resource, usage.label, subtract(high, low), price)


def _line(resource: str, label: str, quantity: Decimal | None, item: Item, region: str, prices: Prices) -> Line:
    tiers = prices.tiers(region, item)
    unit = "GB" if label == DATA else "hour"
    return Line.of(resource, label, quantity, tiers[0]) if tiers else Line.unpriced(resource, label, quantity, unit)
