"""Where a flow goes: AWS's own routing rules, from private DNS over prefix lists to hub NAT gateways.

Sources: VPC guide "Route priority", PrivateLink guide "Gateway endpoints" and "Private DNS", Transit Gateway guide
"Route evaluation order" (read 2026-11-20).
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from auditor.model.network import GATEWAY_SERVICES, Endpoint, NatGateway, Network, RouteTable, Subnet
from auditor.model.traffic import Destination, Flow

DEFAULT_ROUTE = "0.0.0.0/0"


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


def route(network: Network, flow: Flow) -> Path:
    """The way of a flow; one whose subnet is not known takes the way on which it was measured."""
    subnet = network.subnet.get(flow.client.subnet_id or "")
    return route_from(network, subnet, flow.destination) if subnet else as_measured(network, flow.measured_at)


def route_from(network: Network, subnet: Subnet, destination: Destination) -> Path:
    """From a subnet to a destination: the VPC's DNS first, then the subnet's route table."""
    hop = endpoint_hop(network, subnet, destination)
    return Path((hop,)) if hop else egress(network, subnet)


def endpoint_hop(network: Network, subnet: Subnet, destination: Destination) -> Hop | None:
    """The endpoint of its own VPC that takes what a subnet sends to a destination, if any."""
    interface = capturing_endpoint(network, subnet.vpc_id, destination)
    if interface:
        return Hop(HopKind.INTERFACE_ENDPOINT, interface.id, vpc_id=subnet.vpc_id)
    table = network.table_of_subnet.get(subnet.id)
    gateway = gateway_endpoint(network, table, destination) if table else None
    return Hop(HopKind.GATEWAY_ENDPOINT, gateway.id, vpc_id=subnet.vpc_id) if gateway else None


def egress(network: Network, subnet: Subnet) -> Path:
    """From a subnet to the internet."""
    table = network.table_of_subnet.get(subnet.id)
    return _egress(network, subnet, table, ()) if table else LOST


def capturing_endpoint(network: Network, vpc_id: str, destination: Destination) -> Endpoint | None:
    """The interface endpoint to which the VPC's DNS sends this destination, if any."""
    vpc = network.vpc.get(vpc_id)
    if vpc and (vpc.dns_support is False or vpc.dns_hostnames is False):
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


def default_target(table: RouteTable) -> str | None:
    """Where the table sends the internet; `None` without an active default route."""
    targets = (route.target for route in table.routes if route.destination == DEFAULT_ROUTE and route.active)
    return next(targets, None)


def zone_of_nat(network: Network, nat: NatGateway) -> str | None:
    """A zonal NAT gateway's AZ; `None` for a regional one, which keeps clients in their own."""
    subnet = network.subnet.get(nat.subnet_id or "")
    return subnet.az if subnet and nat.mode == "zonal" else None


def _captures(endpoint: Endpoint, destination: Destination) -> bool:
    here = (endpoint.service, endpoint.service_region or endpoint.region)
    return (
        endpoint.type == "Interface"
        and endpoint.is_available
        and endpoint.private_dns
        and not endpoint.inbound_resolver_only
        and here == (destination.service, destination.region)
    )


def as_measured(network: Network, resource_id: str) -> Path:
    """The way of bytes of which only the NAT gateway or endpoint is known that measured them."""
    nat = network.nat_gateway.get(resource_id)
    if nat and nat.is_billed:
        return Path((Hop(HopKind.NAT_GATEWAY, nat.id, vpc_id=nat.vpc_id),))
    endpoint = network.endpoint.get(resource_id)
    return Path((Hop(HopKind.INTERFACE_ENDPOINT, endpoint.id, vpc_id=endpoint.vpc_id),)) if endpoint else LOST


def _egress(network: Network, subnet: Subnet, table: RouteTable, seen: tuple[str, ...]) -> Path:
    target = default_target(table)
    if target is None or target in seen:
        return NOWHERE
    if target.startswith("nat-"):
        return _through_nat(network, subnet, target, seen)
    if target.startswith("tgw-"):
        return _through_transit(network, subnet, target, (*seen, target))
    if target.startswith("igw-"):
        return Path((Hop(HopKind.INTERNET_GATEWAY, target),))
    return LOST.after(Hop(HopKind.OTHER, target))


def _through_nat(network: Network, subnet: Subnet, nat_id: str, seen: tuple[str, ...]) -> Path:
    nat = network.nat_gateway.get(nat_id)
    if nat is None:
        return LOST
    if not nat.is_billed:
        return NOWHERE
    zone = zone_of_nat(network, nat)
    hop = Hop(HopKind.NAT_GATEWAY, nat.id, zone is not None and zone != subnet.az, nat.vpc_id)
    if nat.connectivity == "public":
        return Path((hop,))
    own = network.subnet.get(nat.subnet_id or "")
    table = network.table_of_subnet.get(own.id) if own else None
    return _egress(network, own, table, (*seen, nat.id)).after(hop) if own and table else LOST.after(hop)


def _through_transit(network: Network, subnet: Subnet, gateway_id: str, seen: tuple[str, ...]) -> Path:
    landing = _landing_subnet(network, subnet, gateway_id)
    hop = Hop(HopKind.TRANSIT_GATEWAY, gateway_id, vpc_id=landing.vpc_id if landing else "")
    table = network.table_of_subnet.get(landing.id) if landing else None
    return _egress(network, landing, table, seen).after(hop) if landing and table else LOST.after(hop)


def _landing_subnet(network: Network, subnet: Subnet, gateway_id: str) -> Subnet | None:
    """The subnet in which egress leaves the transit gateway: the client's AZ where the hub is attached there."""
    origin = network.attachment_of_vpc.get((gateway_id, subnet.vpc_id))
    if origin is None or origin.route_table_id is None:
        return None
    hub = _default_attachment(network, gateway_id, origin.route_table_id)
    subnets = (
        [network.subnet[i] for i in network.attachment_of_vpc[hub].subnet_ids if i in network.subnet] if hub else []
    )
    return next((s for s in subnets if s.az == subnet.az), subnets[0] if subnets else None)


def _default_attachment(network: Network, gateway_id: str, table_id: str) -> tuple[str, str] | None:
    wanted = {
        route.attachment_id
        for route in network.transit_routes
        if (route.route_table_id, route.destination, route.active) == (table_id, DEFAULT_ROUTE, True)
    }
    keys = (key for key, attachment in network.attachment_of_vpc.items() if attachment.id in wanted)
    return next((key for key in keys if key[0] == gateway_id), None)
