"""What changes are measured against: a network as it is, and every way that its bytes can have taken.

A flow that nobody attributed may have come from any subnet that leads to its NAT gateway and may have gone
anywhere. Only ways that pass the resource which measured the bytes are possible at all.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property

from auditor.model.money import Difference, Prices
from auditor.model.network import Network
from auditor.model.resources import GATEWAY_SERVICES, NatGateway, Subnet
from auditor.model.traffic import INTERNET, UNKNOWN, Destination, Flow
from auditor.whatif.bill import Pool, Traffic, used
from auditor.whatif.route_lookup import NAT64_PART, Part, nat64_parts, parts
from auditor.whatif.routing import HopKind, Path, as_measured, egress, to_endpoint

_INTERNET = Destination(INTERNET)

OUTSIDE = ("tgw-", "vgw-", "pcx-", "lgw-", "arn:")
"""Routes by which clients outside a VPC can reach its interface endpoints."""

UNNAMED = "aws"
"""Bytes to some service of AWS that has no address range of its own: KMS, STS, Logs, ECR …"""

Key = tuple[int, str]
"""The number of a flow and a VPC; no VPC for clients of which nothing is known."""


@dataclass(frozen=True, slots=True)
class Bounds:
    """The least and the most that a change can save; equal where everything that decides it was measured.

    `moved` are the numbers of the flows that can take another way than today, `split` those that also may not. `shared`
    are flows that may come from several VPCs and surely take another way if they come from one that was changed.
    """

    low: Difference
    high: Difference
    moved: frozenset[int] = frozenset()
    split: frozenset[int] = frozenset()
    shared: frozenset[int] = frozenset()


@dataclass(frozen=True, slots=True)
class Origin:
    """A subnet from which a flow may come, with the way of today; no subnet where nothing is known of the clients.

    `part` are the addresses of its destination that take this way; `None` for all of them.
    """

    subnet: Subnet | None
    path: Path
    part: Part = None


@dataclass(frozen=True)
class Situation:
    """A network as it is, with its traffic and prices."""

    network: Network
    traffic: Traffic
    prices: Prices

    @cached_property
    def ways_out(self) -> dict[str, Path]:
        """Each subnet's way to the internet, as most of its addresses go."""
        return {subnet_id: paths[0] for subnet_id, paths in self.all_ways_out.items()}

    @cached_property
    def all_ways_out(self) -> dict[str, tuple[Path, ...]]:
        """The same first, then those of the internet's other addresses, of services and of NAT64 that go elsewhere."""
        return {subnet.id: tuple(dict.fromkeys(exits(self.network, subnet))) for subnet in self.network.subnets}

    @cached_property
    def clients_of_nat(self) -> dict[str, tuple[Subnet, ...]]:
        """The subnets whose way to the internet passes each NAT gateway, spokes behind a transit gateway included."""
        found: dict[str, list[Subnet]] = {}
        for subnet in self.network.subnet.values():
            hops = (hop for path in self.all_ways_out[subnet.id] for hop in path.hops)
            for nat_id in dict.fromkeys(hop.id for hop in hops if hop.kind is HopKind.NAT_GATEWAY):
                found.setdefault(nat_id, []).append(subnet)
        return {nat_id: tuple(subnets) for nat_id, subnets in found.items()}

    @cached_property
    def nats_of_vpc_clients(self) -> dict[str, tuple[NatGateway, ...]]:
        """By VPC, the NAT gateways that its subnets' ways to the internet pass, those of hubs included."""
        found: dict[str, dict[str, NatGateway]] = {}
        for nat_id, subnets in self.clients_of_nat.items():
            for vpc_id in {subnet.vpc_id for subnet in subnets}:
                found.setdefault(vpc_id, {})[nat_id] = self.network.nat_gateway[nat_id]
        return {vpc_id: tuple(nats.values()) for vpc_id, nats in found.items()}

    @cached_property
    def used(self) -> Counter[Pool]:
        """Bytes of today by what shares tiers."""
        return used(self.network, self.traffic)

    @cached_property
    def origins(self) -> dict[Key, tuple[Origin, ...]]:
        """Every place from which a flow's bytes pass where they were measured, by flow and VPC."""
        found: dict[Key, list[Origin]] = {}
        for number, flow in enumerate(self.traffic.flows):
            for origin in self._origins(flow):
                key = (number, origin.subnet.vpc_id if origin.subnet else "")
                found.setdefault(key, []).append(origin)
        return {key: tuple(origins) for key, origins in found.items()}

    @cached_property
    def open_flows_at(self) -> dict[str, tuple[Flow, ...]]:
        """The flows of which the service is not known, by what measured them."""
        found: dict[str, list[Flow]] = {}
        for flow in self.traffic.flows:
            if flow.destination.service in {UNKNOWN, UNNAMED}:
                found.setdefault(flow.measured_at, []).append(flow)
        return {resource_id: tuple(flows) for resource_id, flows in found.items()}

    @cached_property
    def services_of_vpc(self) -> dict[str | None, frozenset[str]]:
        """The services to which clients of each VPC are known to send."""
        found: dict[str | None, set[str]] = {}
        for flow in self.traffic.flows:
            found.setdefault(flow.client.vpc_id, set()).add(flow.destination.service)
        return {vpc_id: frozenset(services) for vpc_id, services in found.items()}

    @cached_property
    def origins_at(self) -> dict[str, tuple[Origin, ...]]:
        """Every place from which bytes of each NAT gateway and endpoint may have come."""
        found: dict[str, list[Origin]] = {}
        for (number, _), origins in self.origins.items():
            found.setdefault(self.traffic.flows[number].measured_at, []).extend(origins)
        return {resource_id: tuple(origins) for resource_id, origins in found.items()}

    @cached_property
    def vpcs_of_flow(self) -> Counter[int]:
        """From how many VPCs each flow may come."""
        return Counter(number for number, _ in self.origins)

    @cached_property
    def decided_by(self) -> dict[str, dict[Key, None]]:
        """Which flows from which VPCs take a way that a VPC's routes decide: the keys, in order."""
        found: dict[str, dict[Key, None]] = {}
        for key, origins in self.origins.items():
            for vpc_id in {key[1]}.union(*(origin.path.vpcs for origin in origins)):
                found.setdefault(vpc_id, {})[key] = None
        return found

    @cached_property
    def leads_over(self) -> dict[str, frozenset[str]]:
        """By VPC, the VPCs over which its subnets' ways to the internet lead, and those whose endpoints serve it."""
        found: dict[str, frozenset[str]] = {}
        for subnet in self.network.subnets:
            led = (path.vpcs for path in self.all_ways_out[subnet.id])
            found[subnet.vpc_id] = found.get(subnet.vpc_id, frozenset()).union(*led)
        for vpc_id, endpoints in self.network.endpoints_shared_with.items():
            found[vpc_id] = found.get(vpc_id, frozenset()).union(one.vpc_id for one in endpoints)
        return found

    def around(self, vpc_ids: Iterable[str]) -> frozenset[str]:
        """All VPCs that decide the ways of the flows that these VPCs decide, however these VPCs change."""
        keys = {key for vpc_id in vpc_ids for key in self.decided_by.get(vpc_id, ())}
        found = frozenset((*vpc_ids, *(vpc_id for _, vpc_id in keys)))
        while more := frozenset().union(*(self.leads_over.get(vpc_id, frozenset()) for vpc_id in found)) - found:
            found |= more
        return found

    def ways(self, subnet: Subnet, destination: Destination, *, ipv6: bool | None = False) -> Iterator[Origin]:
        """The ways of today from a subnet to the parts of a destination; `ipv6` is `None` where clients may be any."""
        by_nat64 = () if ipv6 is False else nat64_parts(self.network, subnet)
        for part in (*(() if ipv6 else parts(self.network, subnet, destination)), *by_nat64):
            way = self.ways_out[subnet.id] if part is None else egress(self.network, subnet, destination, part)
            yield Origin(subnet, to_endpoint(self.network, subnet, destination, part) or way, part)

    def _origins(self, flow: Flow) -> Iterator[Origin]:
        ipv6 = None if flow.client.subnet_id is None and not flow.client.ipv6 else flow.client.ipv6
        placed = (
            way for subnet in self._candidates(flow) for way in self.ways(subnet, destination_of(flow), ipv6=ipv6)
        )
        possible = [origin for origin in placed if origin.path.passes(flow.measured_at)]
        yield from possible
        if not possible or self._may_come_from_outside(flow):
            yield Origin(None, as_measured(self.network, flow.measured_at))

    def _candidates(self, flow: Flow) -> tuple[Subnet, ...]:
        if flow.client.subnet_id:
            known = self.network.subnet.get(flow.client.subnet_id)
            return (known,) if known else ()
        if flow.measured_at in self.network.nat_gateway:
            return self.clients_of_nat.get(flow.measured_at, ())
        endpoint = self.network.endpoint.get(flow.measured_at)
        served = dict.fromkeys((flow.client.vpc_id or "", *(endpoint.shared_with if endpoint else ())))
        return tuple(subnet for vpc_id in served for subnet in self.network.subnets_of_vpc.get(vpc_id, ()))

    def _may_come_from_outside(self, flow: Flow) -> bool:
        """Whether an endpoint's bytes may be of clients beyond its VPC."""
        if flow.client.subnet_id or flow.measured_at not in self.network.endpoint:
            return False
        tables = self.network.tables_of_vpc.get(flow.client.vpc_id or "", ())
        return any(route.target.startswith(OUTSIDE) for table in tables for route in table.routes)


def exits(network: Network, subnet: Subnet) -> Iterator[Path]:
    """A subnet's way to the internet, as most of its addresses go, and those of other addresses that lead elsewhere."""
    yield egress(network, subnet)
    if parts(network, subnet, _INTERNET) != (None,):
        services = (Destination(one, subnet.region) for one in GATEWAY_SERVICES)
        for destination in (_INTERNET, *services):
            for part in parts(network, subnet, destination):
                yield egress(network, subnet, destination, part)
    if nat64_parts(network, subnet):
        yield egress(network, subnet, _INTERNET, NAT64_PART)


def destination_of(flow: Flow) -> Destination:
    """Where a flow goes; where that is not known the internet, so that no endpoint takes it."""
    return Destination(INTERNET) if flow.destination.service == UNKNOWN else flow.destination


def may_be(destination: Destination, service: Destination) -> bool:
    """Whether bytes of which no more is known than this destination may in truth go to a service.

    Those with gateway endpoints have address ranges of their own, so unnamed bytes are never theirs.
    """
    if destination.service == UNNAMED:
        return service.service not in GATEWAY_SERVICES and destination.region == service.region
    return destination.service == UNKNOWN
