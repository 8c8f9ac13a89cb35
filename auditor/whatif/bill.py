"""What a network costs a month for given traffic: one line per resource and price."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from itertools import pairwise

from auditor.model.money import MONTH_HOURS, Bill, Difference, Item, Line, Prices, gigabytes, subtract
from auditor.model.network import Network
from auditor.model.resources import Endpoint, NatGateway
from auditor.model.traffic import Flow
from auditor.whatif.reconciliation import Reconciliation
from auditor.whatif.routing import Hop, HopKind, Path, as_measured, routes

HOURS = "hours"
DATA = "data processed"
ADDRESSES = "public IPv4 addresses"
INTER_AZ = "transfer between availability zones"

_HOURLY = {
    "Interface": (Item.INTERFACE_ENDPOINT_HOUR, Item.INTERFACE_ENDPOINT_GB),
    "GatewayLoadBalancer": (Item.GATEWAY_LOAD_BALANCER_ENDPOINT_HOUR, Item.GATEWAY_LOAD_BALANCER_ENDPOINT_GB),
}
_BILLED_ENDPOINT_STATES = frozenset({"available", "pending", "partial"})


Pool = tuple[str, str, Item]
"""Account, region and item: what tiers are summed over."""


@dataclass(frozen=True, slots=True)
class Traffic:
    """All flows, the resources whose bytes nobody could tell, and what flow logs say of NAT gateways, by id."""

    flows: tuple[Flow, ...] = ()
    unmeasured: frozenset[str] = frozenset()
    reconciled: Mapping[str, Reconciliation] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Usage:
    """What bytes are charged as: a resource and the price's item. `account_id` is whose tiers they count in."""

    resource: str
    label: str
    item: Item
    region: str
    account_id: str

    @property
    def pool(self) -> Pool:
        """The usages that share the tiers."""
        return (self.account_id, self.region, self.item)


def bill(network: Network, traffic: Traffic, prices: Prices) -> Bill:
    """Hours of everything that stands there, and GB of everything that flows, where it was measured."""
    return billed(network, counted(network, traffic), traffic.unmeasured, prices)


def billed(network: Network, counts: Mapping[Usage, int], unmeasured: frozenset[str], prices: Prices) -> Bill:
    """Hours of everything that stands there, and bytes that are counted already."""
    return Bill((*hours(network.nat_gateways, network.endpoints, unmeasured, prices), *_flowing(counts, prices)))


def hours(
    nats: Iterable[NatGateway], endpoints: Iterable[Endpoint], unmeasured: frozenset[str], prices: Prices
) -> Iterator[Line]:
    """What resources cost by standing there, and a line without a quantity for bytes that nobody could measure."""
    for nat in nats:
        if nat.is_billed:
            yield from _nat_hours(nat, prices)
            if nat.id in unmeasured:
                yield _line(_usage(nat, DATA, nat_items(nat)[1]), None, prices)
    for endpoint in endpoints:
        if endpoint.type != "Gateway" and endpoint.state in _BILLED_ENDPOINT_STATES:
            yield _endpoint_hours(endpoint, prices)
            if endpoint.id in unmeasured and endpoint.type in _HOURLY and not endpoint.requester_managed:
                yield _line(_usage(endpoint, DATA, _HOURLY[endpoint.type][1]), None, prices)


def charges(network: Network, path: Path, measured_at: str = "") -> Counter[Usage]:
    """How often each byte that takes a path is charged, and as what.

    Where a path leads over several NAT gateways each of them measures the same bytes: what was measured at one stands
    for the way between it and the one before.
    """
    return Counter(usage for hop in path.measured_by(measured_at) for usage in _usages(network, hop))


def used(network: Network, traffic: Traffic) -> Counter[Pool]:
    """Bytes by what shares tiers."""
    counts: Counter[Pool] = Counter()
    for usage, count in counted(network, traffic).items():
        counts[usage.pool] += count
    return counts


def counted(network: Network, traffic: Traffic) -> Counter[Usage]:
    """Bytes by what they are charged as."""
    counts: Counter[Usage] = Counter()
    for flow in traffic.flows:
        for usage, times in charges(network, path_of(network, flow), flow.measured_at).items():
            counts[usage] += flow.bytes * times
    return counts


def path_of(network: Network, flow: Flow) -> Path:
    """The flow's way; where the routes of today do not explain what was measured, what was measured counts."""
    possible = (path for path in routes(network, flow) if path.passes(flow.measured_at))
    return next(possible, None) or as_measured(network, flow.measured_at)


def repriced(change: Mapping[Usage, int], pools: Counter[Pool], prices: Prices) -> Difference:
    """What it saves that usages fall by so many bytes (rise, where negative); `pools` is moved on by it.

    The sum does not depend on the order: within a pool one line goes on where the other left off.
    """
    avoided: list[Line] = []
    added: list[Line] = []
    for usage, count in sorted(change.items(), key=lambda item: (item[1] < 0, item[0].item, item[0].resource)):
        start, end = pools[usage.pool], pools[usage.pool] - count
        lines = _tiered(usage, gigabytes(min(start, end)), gigabytes(max(start, end)), prices)
        (avoided if count > 0 else added).extend(lines)
        pools[usage.pool] = end
    return Difference(tuple(avoided), tuple(added))


def nat_items(nat: NatGateway) -> tuple[Item, Item]:
    """The prices of a NAT gateway's hours and GB."""
    regional = nat.mode == "regional"
    return (Item.REGIONAL_NAT_HOUR, Item.REGIONAL_NAT_GB) if regional else (Item.NAT_HOUR, Item.NAT_GB)


def _nat_hours(nat: NatGateway, prices: Prices) -> Iterator[Line]:
    zones = len(nat.zones) if nat.mode == "regional" else 1
    yield _line(_usage(nat, HOURS, nat_items(nat)[0]), Decimal(zones * MONTH_HOURS) if zones else None, prices)
    addresses = sum(1 for address in nat.addresses if address.public_ip)
    if addresses:
        yield _line(_usage(nat, ADDRESSES, Item.PUBLIC_IPV4_HOUR), Decimal(addresses * MONTH_HOURS), prices)


def _endpoint_hours(endpoint: Endpoint, prices: Prices) -> Line:
    count = Decimal(len(endpoint.subnet_ids) * MONTH_HOURS)
    if endpoint.requester_managed or endpoint.type not in _HOURLY:
        who = "managed by its service" if endpoint.requester_managed else f"type {endpoint.type}"
        return Line.unpriced(endpoint.id, f"{HOURS} ({who})", count, "AZ-hour")
    return _line(_usage(endpoint, HOURS, _HOURLY[endpoint.type][0]), count, prices)


def _flowing(counts: Mapping[Usage, int], prices: Prices) -> Iterator[Line]:
    pools: Counter[Pool] = Counter()
    for usage in sorted(counts, key=lambda usage: (usage.item, usage.resource)):
        start = pools[usage.pool]
        pools[usage.pool] += counts[usage]
        yield from _tiered(usage, gigabytes(start), gigabytes(pools[usage.pool]), prices)


def _usages(network: Network, hop: Hop) -> Iterator[Usage]:
    """What passing a hop is charged as: nothing for gateway endpoints and internet gateways."""
    nat, endpoint = network.nat_gateway.get(hop.id), network.endpoint.get(hop.id)
    if nat:
        yield _usage(nat, DATA, nat_items(nat)[1])
        if hop.crosses_az:
            yield _usage(nat, INTER_AZ, Item.INTER_AZ_GB)
    elif endpoint and endpoint.type in _HOURLY and not endpoint.requester_managed:
        yield _usage(endpoint, DATA, _HOURLY[endpoint.type][1])
    elif hop.kind is HopKind.TRANSIT_GATEWAY:
        yield Usage(hop.id, DATA, Item.TRANSIT_GATEWAY_GB, network.region_of_transit_gateway.get(hop.id, ""), "")


def _tiered(usage: Usage, start: Decimal, end: Decimal, prices: Prices) -> Iterator[Line]:
    """One line a tier for the GB between `start` and `end` of the pool that shares the tiers."""
    tiers = prices.tiers(usage.region, usage.item)
    if not tiers or start == end:
        yield _line(usage, subtract(end, start), prices)
        return
    lowers = (Decimal("-Infinity"), *(price.from_quantity for price in tiers[1:]), Decimal("Infinity"))
    for price, (lower, upper) in zip(tiers, pairwise(lowers), strict=True):
        low, high = max(start, lower), min(end, upper)
        if high > low:
            yield Line.of(usage.resource, usage.label, subtract(high, low), price)


def _usage(resource: NatGateway | Endpoint, label: str, item: Item) -> Usage:
    return Usage(resource.id, label, item, resource.region, resource.account_id)


def _line(usage: Usage, quantity: Decimal | None, prices: Prices) -> Line:
    """A line at the lowest tier."""
    tiers = prices.tiers(usage.region, usage.item)
    if tiers:
        return Line.of(usage.resource, usage.label, quantity, tiers[0])
    unit = "GB" if usage.label in {DATA, INTER_AZ} else "hour"
    return Line.unpriced(usage.resource, usage.label, quantity, unit)
