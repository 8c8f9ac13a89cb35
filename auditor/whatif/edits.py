"""Changes to a network. Applying one to a network that it no longer fits, or twice, changes nothing."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from functools import reduce

from auditor.model.network import Network
from auditor.model.resources import Endpoint, NatGateway, Permission, Route, RouteTable, Subnet
from auditor.whatif.route_lookup import DEFAULT_ROUTE


@dataclass(frozen=True, slots=True)
class AddGatewayEndpoint:
    """Create a gateway endpoint in a VPC and associate it with route tables."""

    vpc_id: str
    account_id: str
    region: str
    service: str
    route_table_ids: tuple[str, ...]

    @property
    def endpoint_id(self) -> str:
        """The name under which the new endpoint stands in the changed network."""
        return f"new-{self.service}-endpoint-of-{self.vpc_id}"

    def apply(self, network: Network) -> Network:
        """The network with the endpoint."""
        if self.endpoint_id in network.endpoint:
            return network
        new = Endpoint(
            id=self.endpoint_id,
            account_id=self.account_id,
            region=self.region,
            vpc_id=self.vpc_id,
            type="Gateway",
            service=self.service,
            route_table_ids=self.route_table_ids,
        )
        return network.changed(endpoints=(*network.endpoints, new))


@dataclass(frozen=True, slots=True)
class AddInterfaceEndpoint:
    """Create an interface endpoint in some subnets, one a zone, that answers for its service's names in the VPC.

    `cidrs` are those that its security group admits.
    """

    vpc_id: str
    account_id: str
    region: str
    service: str
    subnet_ids: tuple[str, ...]
    cidrs: tuple[str, ...] = ()
    service_name: str = ""

    @property
    def endpoint_id(self) -> str:
        """The name under which the new endpoint stands in the changed network."""
        return f"new-{self.service}-interface-endpoint-of-{self.vpc_id}"

    def apply(self, network: Network) -> Network:
        """The network with the endpoint, and with the VPC's DNS attributes on, which its private names need."""
        if self.endpoint_id in network.endpoint:
            return network
        new = Endpoint(
            id=self.endpoint_id,
            account_id=self.account_id,
            region=self.region,
            vpc_id=self.vpc_id,
            type="Interface",
            service=self.service,
            service_name=self.service_name,
            private_dns=True,
            subnet_ids=self.subnet_ids,
        )
        return _with_dns(network.changed(endpoints=(*network.endpoints, new)), self.vpc_id)


@dataclass(frozen=True, slots=True)
class ShareInterfaceEndpoint:
    """Create an interface endpoint in a hub for other VPCs too: a private hosted zone leads them all to it.

    `dns_names` are the service's private DNS names, `cidrs` those that the endpoint's security group admits.
    """

    hub_vpc_id: str
    account_id: str
    region: str
    service: str
    subnet_ids: tuple[str, ...]
    vpc_ids: tuple[str, ...]
    cidrs: tuple[str, ...] = ()
    service_name: str = ""
    dns_names: tuple[str, ...] = ()

    @property
    def endpoint_id(self) -> str:
        """The name under which the new endpoint stands in the changed network."""
        return f"new-shared-{self.service}-endpoint-of-{self.hub_vpc_id}"

    @property
    def vpc_id(self) -> str:
        """The VPC in which the new endpoint is."""
        return self.hub_vpc_id

    @property
    def served(self) -> tuple[str, ...]:
        """The VPCs whose DNS leads to it."""
        return tuple(dict.fromkeys((self.hub_vpc_id, *self.vpc_ids)))

    def apply(self, network: Network) -> Network:
        """The network with the endpoint, and with the DNS attributes on of all VPCs that it serves."""
        if self.endpoint_id in network.endpoint:
            return network
        new = Endpoint(
            id=self.endpoint_id,
            account_id=self.account_id,
            region=self.region,
            vpc_id=self.hub_vpc_id,
            type="Interface",
            service=self.service,
            service_name=self.service_name,
            subnet_ids=self.subnet_ids,
            shared_with=self.served,
        )
        return reduce(_with_dns, self.served, network.changed(endpoints=(*network.endpoints, new)))


@dataclass(frozen=True, slots=True)
class AssociateRouteTables:
    """Associate a gateway endpoint that exists with more route tables."""

    endpoint_id: str
    region: str
    route_table_ids: tuple[str, ...]

    def apply(self, network: Network) -> Network:
        """The network with the associations."""
        endpoint = network.endpoint.get(self.endpoint_id)
        if endpoint is None:
            return network
        tables = tuple(dict.fromkeys((*endpoint.route_table_ids, *self.route_table_ids)))
        return _with_endpoint(network, replace(endpoint, route_table_ids=tables))


@dataclass(frozen=True, slots=True)
class DropNatGateway:
    """Delete a NAT gateway; routes to it lead to another one afterwards, or are deleted with it."""

    nat_gateway_id: str
    region: str
    route_table_ids: tuple[str, ...] = ()
    replaced_by: str | None = None

    def apply(self, network: Network) -> Network:
        """The network without the NAT gateway; unchanged where its replacement is gone."""
        gone = self.nat_gateway_id not in network.nat_gateway
        if gone or (self.replaced_by and self.replaced_by not in network.nat_gateway):
            return network
        nats = tuple(nat for nat in network.nat_gateways if nat.id != self.nat_gateway_id)
        tables = tuple(self._reroute(table) for table in network.route_tables)
        return network.changed(nat_gateways=nats, route_tables=tables)

    def _reroute(self, table: RouteTable) -> RouteTable:
        if all(route.target != self.nat_gateway_id for route in table.routes):
            return table
        routes = (self._moved(route) for route in table.routes)
        return replace(table, routes=tuple(route for route in routes if route))

    def _moved(self, route: Route) -> Route | None:
        if route.target != self.nat_gateway_id:
            return route
        return replace(route, target=self.replaced_by) if self.replaced_by else None


@dataclass(frozen=True, slots=True)
class RouteSubnetToNat:
    """Give a subnet a route table of its own, a copy of the one it uses, that leads to another NAT gateway."""

    subnet_id: str
    region: str
    route_table_id: str
    nat_gateway_id: str

    @property
    def table_id(self) -> str:
        """The name under which the new table stands in the changed network."""
        return f"new-table-of-{self.subnet_id}"

    def apply(self, network: Network) -> Network:
        """The network in which the subnet uses its new table."""
        old = network.table_of_subnet.get(self.subnet_id)
        if old is None or old.id == self.table_id or self.nat_gateway_id not in network.nat_gateway:
            return network
        routes = tuple(
            replace(r, target=self.nat_gateway_id) if r.destination == DEFAULT_ROUTE else r for r in old.routes
        )
        new = replace(old, id=self.table_id, is_main=False, subnet_ids=(self.subnet_id,), routes=routes)
        rest = tuple(_without_subnet(table, self.subnet_id) for table in network.route_tables)
        endpoints = tuple(_also(endpoint, old.id, new.id) for endpoint in network.endpoints)
        return network.changed(route_tables=(*rest, new), endpoints=endpoints)


@dataclass(frozen=True, slots=True)
class DropEndpoint:
    """Delete an endpoint."""

    endpoint_id: str
    region: str

    def apply(self, network: Network) -> Network:
        """The network without it."""
        if self.endpoint_id not in network.endpoint:
            return network
        return network.changed(endpoints=tuple(e for e in network.endpoints if e.id != self.endpoint_id))


@dataclass(frozen=True, slots=True)
class TurnOnPrivateDns:
    """Let an interface endpoint answer for its service's names, and the VPC's DNS attributes with it."""

    endpoint_id: str
    vpc_id: str
    region: str

    def apply(self, network: Network) -> Network:
        """The network in which the VPC's clients reach the service through the endpoint."""
        endpoint = network.endpoint.get(self.endpoint_id)
        if endpoint is None:
            return network
        return _with_dns(_with_endpoint(network, replace(endpoint, private_dns=True)), self.vpc_id)


@dataclass(frozen=True, slots=True)
class LimitPrivateDnsToInboundResolver:
    """Let only clients outside the VPC resolve S3 to the interface endpoint."""

    endpoint_id: str
    region: str

    def apply(self, network: Network) -> Network:
        """The network in which the VPC's own clients no longer use the endpoint."""
        endpoint = network.endpoint.get(self.endpoint_id)
        return _with_endpoint(network, replace(endpoint, inbound_resolver_only=True)) if endpoint else network


@dataclass(frozen=True, slots=True)
class AdmitHttps:
    """Admit port 443 from CIDRs in a security group."""

    security_group_id: str
    region: str
    cidrs: tuple[str, ...]

    def apply(self, network: Network) -> Network:
        """The network in which the group admits them."""
        rule = Permission("tcp", 443, 443, self.cidrs)
        groups = tuple(
            replace(group, ingress=(*group.ingress, rule))
            if group.id == self.security_group_id and rule not in group.ingress
            else group
            for group in network.security_groups
        )
        return network if groups == network.security_groups else network.changed(security_groups=groups)


Edit = (
    AddGatewayEndpoint
    | AddInterfaceEndpoint
    | ShareInterfaceEndpoint
    | AssociateRouteTables
    | DropNatGateway
    | RouteSubnetToNat
    | DropEndpoint
    | TurnOnPrivateDns
    | LimitPrivateDnsToInboundResolver
    | AdmitHttps
)


def apply_all(network: Network, edits: Iterable[Edit]) -> Network:
    """The network after all edits, in order."""
    return reduce(lambda changed, edit: edit.apply(changed), edits, network)


def vpcs_of(edit: Edit, network: Network) -> frozenset[str]:
    """The VPCs that an edit may change, or lead traffic to."""
    match edit:
        case AddGatewayEndpoint() | AddInterfaceEndpoint() | TurnOnPrivateDns():
            return frozenset({edit.vpc_id, *_home(network.endpoint.get(getattr(edit, "endpoint_id", "")))})
        case ShareInterfaceEndpoint():
            return frozenset(edit.served)
        case AssociateRouteTables() | DropEndpoint() | LimitPrivateDnsToInboundResolver():
            return _home(network.endpoint.get(edit.endpoint_id))
        case DropNatGateway():
            nats = [network.nat_gateway.get(one) for one in (edit.nat_gateway_id, edit.replaced_by or "")]
            return network.routed_to.get(edit.nat_gateway_id, frozenset()).union(*(_home(nat) for nat in nats))
        case RouteSubnetToNat():
            table, nat = network.table_of_subnet.get(edit.subnet_id), network.nat_gateway.get(edit.nat_gateway_id)
            return _home(table) | _home(nat) | _home(network.subnet.get(edit.subnet_id))
        case AdmitHttps():
            return frozenset()


def _home(resource: Endpoint | NatGateway | Subnet | RouteTable | None) -> frozenset[str]:
    """The VPC in which it is, and those which an endpoint serves besides."""
    served = resource.shared_with if isinstance(resource, Endpoint) else ()
    return frozenset({resource.vpc_id, *served} if resource else ())


def _with_endpoint(network: Network, changed: Endpoint) -> Network:
    if network.endpoint.get(changed.id) == changed:
        return network
    return network.changed(endpoints=tuple(changed if e.id == changed.id else e for e in network.endpoints))


def _with_dns(network: Network, vpc_id: str) -> Network:
    """The network in which the VPC's DNS attributes are on."""
    vpc = network.vpc.get(vpc_id)
    if vpc is None or (vpc.dns_support and vpc.dns_hostnames):
        return network
    on = replace(vpc, dns_support=True, dns_hostnames=True)
    return network.changed(vpcs=tuple(on if one.id == vpc_id else one for one in network.vpcs))


def _without_subnet(table: RouteTable, subnet_id: str) -> RouteTable:
    if subnet_id not in table.subnet_ids:
        return table
    return replace(table, subnet_ids=tuple(i for i in table.subnet_ids if i != subnet_id))


def _also(endpoint: Endpoint, old_table: str, new_table: str) -> Endpoint:
    if endpoint.type != "Gateway" or old_table not in endpoint.route_table_ids or new_table in endpoint.route_table_ids:
        return endpoint
    return replace(endpoint, route_table_ids=(*endpoint.route_table_ids, new_table))
