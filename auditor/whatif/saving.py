"""What a change saves: `bill(before) − bill(after)`, between the least and the most favourable reading of the traffic.

A flow that nobody attributed may have come from any subnet that leads to its NAT gateway and may have gone
anywhere. Every such way is routed through both networks; the one that saves least makes `low`, the one that saves
most makes `high`. Only ways that pass the resource which measured the bytes are possible at all.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from decimal import Decimal
from functools import cached_property

from auditor.model.money import ZERO, Difference, Prices, difference
from auditor.model.network import Network, Subnet
from auditor.model.traffic import INTERNET, UNKNOWN, Client, Destination, Flow
from auditor.whatif.bill import Traffic, bill, unit_price
from auditor.whatif.routing import HopKind, Path, egress, route

_OUTSIDE = ("tgw-", "vgw-", "pcx-", "lgw-", "arn:")
"""Routes by which clients outside a VPC can reach its interface endpoints."""


@dataclass(frozen=True, slots=True)
class Bounds:
    """The least and the most that a change can save; equal where everything that decides it was measured."""

    low: Difference
    high: Difference


@dataclass(frozen=True)
class Situation:
    """A network as it is, with its traffic and prices: what changes are measured against."""

    network: Network
    traffic: Traffic
    prices: Prices

    @cached_property
    def clients_of_nat(self) -> dict[str, tuple[Subnet, ...]]:
        """The subnets whose way to the internet passes each NAT gateway, spokes behind a transit gateway included."""
        found: dict[str, list[Subnet]] = {}
        for subnet in self.network.subnets:
            for hop in egress(self.network, subnet).hops:
                if hop.kind is HopKind.NAT_GATEWAY:
                    found.setdefault(hop.id, []).append(subnet)
        return {nat_id: tuple(subnets) for nat_id, subnets in found.items()}

    def saving(self, after: Network) -> Bounds:
        """The saving of a changed network."""
        ways = [self._ways(flow, after) for flow in self.traffic.flows]
        return Bounds(self._difference(after, ways, min), self._difference(after, ways, max))

    def _difference(self, after: Network, ways: list[tuple[Flow, ...]], choose: Callable[..., Flow]) -> Difference:
        flows = tuple(one[0] if len(one) == 1 else choose(one, key=lambda f: self._gain(f, after)) for one in ways)
        traffic = Traffic(flows, self.traffic.unmeasured)
        return difference(bill(self.network, traffic, self.prices), bill(after, traffic, self.prices))

    def _gain(self, flow: Flow, after: Network) -> Decimal:
        """USD a GB that this way would save, to rank ways by."""
        before = self._rate(self.network, route(self.network, flow))
        return before - self._rate(after, route(after, flow))

    def _rate(self, network: Network, path: Path) -> Decimal:
        return sum((unit_price(network, hop, self.prices) for hop in path.hops), ZERO)

    def _ways(self, flow: Flow, after: Network) -> tuple[Flow, ...]:
        """Every way that an open flow can have taken, given where it was measured; a closed flow has one."""
        if not flow.is_open:
            return (flow,)
        at_nat = flow.measured_at in self.network.nat_gateway
        subnets = self._client_subnets(flow) if at_nat else self._endpoint_subnets(flow)
        destinations = _destinations(flow, self.network, after)
        pinned = (_pin(flow, subnet, destination) for subnet in subnets for destination in destinations)
        possible = tuple(one for one in pinned if route(self.network, one).passes(flow.measured_at))
        if at_nat or not self._reachable_from_outside(flow.client.vpc_id):
            return possible or (flow,)
        return (*possible, flow)

    def _client_subnets(self, flow: Flow) -> tuple[Subnet, ...]:
        known = self.network.subnet.get(flow.client.subnet_id or "")
        return (known,) if known else self._distinct(self.clients_of_nat.get(flow.measured_at, ()))

    def _endpoint_subnets(self, flow: Flow) -> tuple[Subnet, ...]:
        return self._distinct(self.network.subnets_of_vpc.get(flow.client.vpc_id or "", ()))

    def _distinct(self, subnets: Iterable[Subnet]) -> tuple[Subnet, ...]:
        """One subnet of each kind that routes alike: same VPC, zone and route table."""
        kinds: dict[tuple[str, str, str], Subnet] = {}
        for subnet in subnets:
            table = self.network.table_of_subnet.get(subnet.id)
            kinds.setdefault((subnet.vpc_id, subnet.az, table.id if table else ""), subnet)
        return tuple(kinds.values())

    def _reachable_from_outside(self, vpc_id: str | None) -> bool:
        tables = (table for table in self.network.route_tables if table.vpc_id == vpc_id)
        return any(r.target.startswith(_OUTSIDE) for table in tables for r in table.routes)


def _destinations(flow: Flow, before: Network, after: Network) -> tuple[Destination, ...]:
    """The internet, and each service whose endpoints the change touches."""
    if flow.destination.service != UNKNOWN:
        return (flow.destination,)
    touched = set(after.endpoints) ^ set(before.endpoints)
    services = sorted({(endpoint.service, endpoint.service_region or endpoint.region) for endpoint in touched})
    return (Destination(INTERNET), *(Destination(*service) for service in services))


def _pin(flow: Flow, subnet: Subnet, destination: Destination) -> Flow:
    client = Client(subnet.account_id, subnet.region, subnet.vpc_id, subnet.id)
    return replace(flow, client=client, destination=destination)
