"""Where a flow goes: AWS's own routing rules, from private DNS over prefix lists to hub NAT gateways.

Sources: VPC guide "Route priority", PrivateLink guide "Gateway endpoints" and "Private DNS", Transit Gateway guide
"Route evaluation order" (read 2026-11-20).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

from auditor.model.network import Network
from auditor.model.resources import GATEWAY_SERVICES, NAT64, Endpoint, NatGateway, Route, RouteTable, Subnet
from auditor.model.traffic import INTERNET, Destination, Flow
from auditor.whatif.connected import transit_between
from auditor.whatif.route_lookup import NAT64_PART, Part, chosen, nat64_parts, parts, passes_endpoints
from auditor.whatif.transit import DROPPED, landing

_INTERNET = Destination(INTERNET)


class HopKind(StrEnum):
    """What a flow passes."""

    GATEWAY_ENDPOINT = "gateway endpoint"
    INTERFACE_ENDPOINT = "interface endpoint"
    NAT_GATEWAY = "NAT gateway"
    TRANSIT_GATEWAY = "transit gateway"
    INTERNET_GATEWAY = "internet gateway"
    OTHER = "other"


class End(StrEnum):
    """Whether the flow arrives, as far as the routes that were read tell."""

    ARRIVES = "arrives"
    NOWHERE = "nowhere"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Hop:
    """One thing on the way; `crosses_az` where a client uses a zonal NAT gateway of another zone.

    `vpc_id` is the VPC whose routes decide how it goes on, if it goes on.
    """

    kind: HopKind
    id: str
    crosses_az: bool = False
    vpc_id: str = ""


@dataclass(frozen=True, slots=True)
class Path:
    """The hops in order."""

    hops: tuple[Hop, ...] = ()
    end: End = End.ARRIVES

    def after(self, *hops: Hop) -> Path:
        """The same path with hops before it."""
        return Path((*hops, *self.hops), self.end)

    @property
    def vpcs(self) -> frozenset[str]:
        """The VPCs whose routes decide it, that of its start apart."""
        return frozenset(hop.vpc_id for hop in self.hops if hop.vpc_id)

    def measured_by(self, resource_id: str) -> tuple[Hop, ...]:
        """The hops that only bytes measured there stand for: those before an earlier NAT gateway are measured at it.

        Of a way that does not lead over it, all hops.
        """
        ids = [hop.id for hop in self.hops]
        if resource_id not in ids:
            return self.hops
        end = ids.index(resource_id)
        earlier = [number for number, hop in enumerate(self.hops[:end]) if hop.kind is HopKind.NAT_GATEWAY]
        return self.hops[earlier[-1] + 1 if earlier else 0 : end + 1]

    def passes(self, resource_id: str) -> bool:
        """Whether it leads over that resource."""
        return any(hop.id == resource_id for hop in self.hops)

    def through(self, kind: HopKind) -> bool:
        """Whether it leads over a hop of that kind."""
        return any(hop.kind is kind for hop in self.hops)


NOWHERE = Path(end=End.NOWHERE)
LOST = Path(end=End.UNKNOWN)


def routes(network: Network, flow: Flow) -> Iterator[Path]:
    """The ways of a flow's parts; one whose subnet is not known takes the way on which it was measured."""
    subnet = network.subnet.get(flow.client.subnet_id or "")
    if subnet is None:
        yield as_measured(network, flow.measured_at)
        return
    found = nat64_parts(network, subnet) if flow.client.ipv6 else parts(network, subnet, flow.destination)
    yield from (route_from(network, subnet, flow.destination, part) for part in found)


def route_from(network: Network, subnet: Subnet, destination: Destination, part: Part = None) -> Path:
    """From a subnet to a part of a destination: the VPC's DNS first, then the subnet's route table."""
    return to_endpoint(network, subnet, destination, part) or egress(network, subnet, destination, part)


def to_endpoint(network: Network, subnet: Subnet, destination: Destination, part: Part = None) -> Path | None:
    """The way to the endpoint that takes what a subnet sends to a part of a destination, if any.

    The VPC's own endpoint with private DNS answers before a private hosted zone, and DNS comes before routes. Clients
    behind NAT64 ask for IPv6 addresses, which no endpoint is taken to answer.
    """
    if part is NAT64_PART:
        return None
    interface = capturing_endpoint(network, subnet.vpc_id, destination)
    if interface:
        return Path((Hop(HopKind.INTERFACE_ENDPOINT, interface.id, vpc_id=subnet.vpc_id),))
    if shared := _to_shared(network, subnet, destination):
        return shared
    table = network.table_of_subnet.get(subnet.id)
    if table is None or passes_endpoints(table, part):
        return None
    gateway = gateway_endpoint(network, table, destination)
    return Path((Hop(HopKind.GATEWAY_ENDPOINT, gateway.id, vpc_id=subnet.vpc_id),)) if gateway else None


def _to_shared(network: Network, subnet: Subnet, destination: Destination) -> Path | None:
    """To an endpoint that serves the VPC by a private hosted zone, if the way to it is certain."""
    for endpoint in network.endpoints_shared_with.get(subnet.vpc_id, ()):
        if not _resolves(network, subnet.vpc_id) or not _is_for(endpoint, destination):
            continue
        hop = Hop(HopKind.INTERFACE_ENDPOINT, endpoint.id, vpc_id=endpoint.vpc_id)
        if endpoint.vpc_id == subnet.vpc_id:
            return Path((hop,))
        if gateway := transit_between(network, subnet, endpoint.subnet_ids):
            return Path((Hop(HopKind.TRANSIT_GATEWAY, gateway, vpc_id=endpoint.vpc_id), hop))
    return None


def egress(network: Network, subnet: Subnet, destination: Destination = _INTERNET, part: Part = None) -> Path:
    """From a subnet out of its VPC: as most of the internet's addresses go, unless a part of a destination is meant."""
    return _Trip(network, destination, part).from_subnet(subnet)


def capturing_endpoint(network: Network, vpc_id: str, destination: Destination) -> Endpoint | None:
    """The interface endpoint to which the VPC's DNS sends this destination, if any."""
    if not _resolves(network, vpc_id):
        return None
    for endpoint in network.endpoints_of_vpc.get(vpc_id, ()):
        if endpoint.service == destination.service and _captures(endpoint, destination):
            return endpoint
    return None


def gateway_endpoint(network: Network, table: RouteTable, destination: Destination) -> Endpoint | None:
    """The gateway endpoint whose prefix-list route beats the table's default route, if any."""
    if destination.service not in GATEWAY_SERVICES:
        return None
    for endpoint in network.endpoints_of_vpc.get(table.vpc_id, ()):
        serves = endpoint.type == "Gateway" and endpoint.is_available and table.id in endpoint.route_table_ids
        if serves and (endpoint.service, endpoint.region) == (destination.service, destination.region):
            return endpoint
    return None


def zone_of_nat(network: Network, nat: NatGateway) -> str | None:
    """A zonal NAT gateway's AZ; `None` for a regional one, which keeps clients in their own."""
    subnet = network.subnet.get(nat.subnet_id or "")
    return subnet.az if subnet and nat.mode == "zonal" else None


def _resolves(network: Network, vpc_id: str) -> bool:
    """Whether private names may work in a VPC: they need both of its DNS attributes, which not every audit reads."""
    vpc = network.vpc.get(vpc_id)
    return vpc is None or (vpc.dns_support is not False and vpc.dns_hostnames is not False)


def _captures(endpoint: Endpoint, destination: Destination) -> bool:
    return endpoint.private_dns and not endpoint.inbound_resolver_only and _is_for(endpoint, destination)


def _is_for(endpoint: Endpoint, destination: Destination) -> bool:
    here = (endpoint.service, endpoint.service_region or endpoint.region)
    is_up = endpoint.type == "Interface" and endpoint.is_available
    return is_up and here == (destination.service, destination.region)


def as_measured(network: Network, resource_id: str) -> Path:
    """The way of bytes of which only the NAT gateway or endpoint is known that measured them."""
    nat = network.nat_gateway.get(resource_id)
    if nat and nat.is_billed:
        return Path((Hop(HopKind.NAT_GATEWAY, nat.id, vpc_id=nat.vpc_id),))
    endpoint = network.endpoint.get(resource_id)
    return Path((Hop(HopKind.INTERFACE_ENDPOINT, endpoint.id, vpc_id=endpoint.vpc_id),)) if endpoint else LOST


@dataclass(frozen=True, slots=True)
class _Trip:
    """What is on its way out: to which part of which destination."""

    network: Network
    destination: Destination
    part: Part

    def from_subnet(self, subnet: Subnet | None, seen: tuple[str, ...] = ()) -> Path:
        """On from a subnet, after what was passed already."""
        table = self.network.table_of_subnet.get(subnet.id) if subnet else None
        if subnet is None or table is None:
            return LOST
        route = chosen(self.network, table, self.destination, self.part)
        if route is None or not route.active or route.target in seen:
            return NOWHERE
        return self._along(subnet, route, seen)

    def _along(self, subnet: Subnet, route: Route, seen: tuple[str, ...]) -> Path:
        """Peering connections carry nothing that is not in the other VPC; NAT64 is in no default route."""
        target = route.target
        is_wrong = self.part is NAT64_PART and route.destination != NAT64 and not target.startswith("tgw-")
        if is_wrong or target.startswith("pcx-"):
            return NOWHERE
        if target.startswith("nat-"):
            return self._through_nat(subnet, target, seen)
        if target.startswith("tgw-"):
            return self._through_transit(subnet, target, (*seen, target))
        if target.startswith("igw-"):
            return Path((Hop(HopKind.INTERNET_GATEWAY, target),))
        return self._through_appliance(target, seen)

    def _through_nat(self, subnet: Subnet, nat_id: str, seen: tuple[str, ...]) -> Path:
        nat = self.network.nat_gateway.get(nat_id)
        if nat is None:
            return LOST
        if not nat.is_billed:
            return NOWHERE
        zone = zone_of_nat(self.network, nat)
        hop = Hop(HopKind.NAT_GATEWAY, nat.id, zone is not None and zone != subnet.az, nat.vpc_id)
        if nat.connectivity == "public":
            return Path((hop,))
        own = None if self.part is NAT64_PART else self.network.subnet.get(nat.subnet_id or "")
        return self.from_subnet(own, (*seen, nat.id)).after(hop)

    def _through_transit(self, subnet: Subnet, gateway_id: str, seen: tuple[str, ...]) -> Path:
        found = landing(self.network, subnet, gateway_id, self.part)
        hub = found if isinstance(found, Subnet) else None
        hop = Hop(HopKind.TRANSIT_GATEWAY, gateway_id, vpc_id=hub.vpc_id if hub else "")
        return (NOWHERE if found is DROPPED else self.from_subnet(hub, seen)).after(hop)

    def _through_appliance(self, target: str, seen: tuple[str, ...]) -> Path:
        """A firewall behind an endpoint hands back what it lets pass, and the endpoint's own subnet leads it on."""
        hop = Hop(HopKind.OTHER, target)
        endpoint = self.network.endpoint.get(target)
        if endpoint is None or endpoint.type != "GatewayLoadBalancer" or not endpoint.is_available:
            return LOST.after(hop)
        own = self.network.subnet.get(next(iter(endpoint.subnet_ids), ""))
        return self.from_subnet(own, (*seen, target)).after(Hop(HopKind.OTHER, target, vpc_id=endpoint.vpc_id))
