"""All resources of any number of scopes, found by what others ask for."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, fields, replace
from functools import cache, cached_property
from typing import Any, TypeVar

from auditor.model.longest_prefix import LongestPrefix
from auditor.model.resources import (
    Endpoint,
    EndpointService,
    FlowLog,
    Interface,
    NatGateway,
    NetworkAcl,
    PrefixList,
    RouteTable,
    SecurityGroup,
    Subnet,
    TransitGatewayAttachment,
    TransitGatewayRoute,
    Vpc,
    VpcPeering,
    Zone,
)

_INDEXED = {
    "vpc": {"vpcs"},
    "subnet": {"subnets"},
    "nat_gateway": {"nat_gateways"},
    "endpoint": {"endpoints"},
    "table_of_subnet": {"route_tables", "subnets"},
    "table": {"route_tables"},
    "tables_of_vpc": {"route_tables"},
    "routed_to": {"route_tables"},
    "endpoints_of_vpc": {"endpoints"},
    "endpoints_shared_with": {"endpoints"},
    "subnets_of_vpc": {"subnets"},
    "nat_gateways_of_vpc": {"nat_gateways"},
    "vpcs_of_scope": {"vpcs"},
    "nat_gateways_of_scope": {"nat_gateways"},
    "endpoints_of_scope": {"endpoints"},
    "region_of_transit_gateway": {"attachments"},
    "acl_of_subnet": {"network_acls"},
    "prefix_list_of": {"prefix_lists"},
    "transit_ways": {"transit_routes"},
    "landing_subnets": {"attachments"},
    "attachment_by_id": {"attachments"},
    "attachment_of_vpc": {"attachments"},
}
"""What each index of a network is made of."""

_LIVE_ATTACHMENT_STATES = frozenset({"available", "modifying"})

T = TypeVar("T")
K = TypeVar("K")


@dataclass(frozen=True)
class Network:
    """Everything that the VPC API said of any number of scopes."""

    zones: tuple[Zone, ...] = ()
    vpcs: tuple[Vpc, ...] = ()
    subnets: tuple[Subnet, ...] = ()
    route_tables: tuple[RouteTable, ...] = ()
    nat_gateways: tuple[NatGateway, ...] = ()
    endpoints: tuple[Endpoint, ...] = ()
    endpoint_services: tuple[EndpointService, ...] = ()
    prefix_lists: tuple[PrefixList, ...] = ()
    security_groups: tuple[SecurityGroup, ...] = ()
    attachments: tuple[TransitGatewayAttachment, ...] = ()
    transit_routes: tuple[TransitGatewayRoute, ...] = ()
    peerings: tuple[VpcPeering, ...] = ()
    flow_logs: tuple[FlowLog, ...] = ()
    interfaces: tuple[Interface, ...] = ()
    network_acls: tuple[NetworkAcl, ...] = ()

    @classmethod
    def merge(cls, parts: Iterable[tuple[str, Network]]) -> Network:
        """One network of many, each with the account that described it.

        What several accounts describe (shared subnets and their VPC) stays once, as its owner sees it: a participant
        sees neither tags nor all routes.
        """
        found = list(parts)
        return cls(
            **{f.name: _merged((who, x) for who, part in found for x in getattr(part, f.name)) for f in fields(cls)}
        )

    @cached_property
    def derived(self) -> dict[object, object]:
        """What others work out of it once, by who does."""
        return {}

    @cached_property
    def vpc(self) -> dict[str, Vpc]:
        """VPCs by id."""
        return {vpc.id: vpc for vpc in self.vpcs}

    @cached_property
    def subnet(self) -> dict[str, Subnet]:
        """Subnets by id."""
        return {subnet.id: subnet for subnet in self.subnets}

    @cached_property
    def nat_gateway(self) -> dict[str, NatGateway]:
        """NAT gateways by id."""
        return {nat.id: nat for nat in self.nat_gateways}

    @cached_property
    def endpoint(self) -> dict[str, Endpoint]:
        """Endpoints by id."""
        return {endpoint.id: endpoint for endpoint in self.endpoints}

    @cached_property
    def table_of_subnet(self) -> dict[str, RouteTable]:
        """The route table that each subnet uses: its explicit one, else its VPC's main one."""
        main = {table.vpc_id: table for table in self.route_tables if table.is_main}
        explicit = {subnet_id: table for table in self.route_tables for subnet_id in table.subnet_ids}
        tables = {subnet.id: explicit.get(subnet.id) or main.get(subnet.vpc_id) for subnet in self.subnets}
        return {subnet_id: table for subnet_id, table in tables.items() if table}

    @cached_property
    def endpoints_of_vpc(self) -> dict[str, tuple[Endpoint, ...]]:
        """Endpoints by VPC."""
        return _grouped((endpoint.vpc_id, endpoint) for endpoint in self.endpoints)

    @cached_property
    def endpoints_shared_with(self) -> dict[str, tuple[Endpoint, ...]]:
        """Endpoints by the VPCs whose private hosted zones lead to them."""
        return _grouped((vpc_id, endpoint) for endpoint in self.endpoints for vpc_id in endpoint.shared_with)

    @cached_property
    def subnets_of_vpc(self) -> dict[str, tuple[Subnet, ...]]:
        """Subnets by VPC."""
        return _grouped((subnet.vpc_id, subnet) for subnet in self.subnets)

    @cached_property
    def nat_gateways_of_vpc(self) -> dict[str, tuple[NatGateway, ...]]:
        """NAT gateways by VPC."""
        return _grouped((nat.vpc_id, nat) for nat in self.nat_gateways)

    @cached_property
    def vpcs_of_scope(self) -> dict[tuple[str, str], tuple[Vpc, ...]]:
        """VPCs by account and region."""
        return _grouped(((vpc.account_id, vpc.region), vpc) for vpc in self.vpcs)

    @cached_property
    def nat_gateways_of_scope(self) -> dict[tuple[str, str], tuple[NatGateway, ...]]:
        """NAT gateways by account and region."""
        return _grouped(((nat.account_id, nat.region), nat) for nat in self.nat_gateways)

    @cached_property
    def endpoints_of_scope(self) -> dict[tuple[str, str], tuple[Endpoint, ...]]:
        """Endpoints by account and region."""
        return _grouped(((endpoint.account_id, endpoint.region), endpoint) for endpoint in self.endpoints)

    @cached_property
    def tables_of_vpc(self) -> dict[str, tuple[RouteTable, ...]]:
        """Route tables by VPC."""
        return _grouped((table.vpc_id, table) for table in self.route_tables)

    @cached_property
    def routed_to(self) -> dict[str, frozenset[str]]:
        """By what routes lead to, the VPCs in whose route tables they stand."""
        pairs = ((route.target, table.vpc_id) for table in self.route_tables for route in table.routes)
        return {target: frozenset(vpc_ids) for target, vpc_ids in _grouped(pairs).items()}

    @cached_property
    def table(self) -> dict[str, RouteTable]:
        """Route tables by id."""
        return {table.id: table for table in self.route_tables}

    @cached_property
    def acl_of_subnet(self) -> dict[str, NetworkAcl]:
        """The network ACL of each subnet, where it was read."""
        return {subnet_id: acl for acl in self.network_acls for subnet_id in acl.subnet_ids}

    @cached_property
    def prefix_list_of(self) -> dict[tuple[str, str], PrefixList]:
        """The prefix lists of AWS's services, by the service's short name and region."""
        named = ((one.name.partition(f".{one.region}."), one) for one in self.prefix_lists)
        return {(service, one.region): one for (_, _, service), one in named if service}

    @cached_property
    def transit_ways(self) -> dict[str, LongestPrefix[TransitGatewayRoute]]:
        """The routes of each transit gateway route table, prepared for looking up IPv4 addresses."""
        routes = sorted(self.transit_routes, key=lambda route: route.propagated)
        groups = _grouped((route.route_table_id, route) for route in routes)
        return {table: LongestPrefix.of((one.destination, one) for one in found) for table, found in groups.items()}

    @cached_property
    def landing_subnets(self) -> frozenset[str]:
        """Subnets in which a transit gateway is attached: traffic of other VPCs leaves it there."""
        return frozenset(subnet_id for attachment in self.attachments for subnet_id in attachment.subnet_ids)

    @cached_property
    def region_of_transit_gateway(self) -> dict[str, str]:
        """The region of each transit gateway that something is attached to."""
        return {one.transit_gateway_id: one.region for one in reversed(self.attachments)}

    @cached_property
    def attachment_of_vpc(self) -> dict[tuple[str, str], TransitGatewayAttachment]:
        """Attachments by transit gateway and VPC; the owner's and the VPC's view of one are joined."""
        joined: dict[tuple[str, str], TransitGatewayAttachment] = {}
        for seen in (one for one in self.attachments if one.state in _LIVE_ATTACHMENT_STATES):
            key = (seen.transit_gateway_id, seen.resource_id)
            known = joined.get(key, seen)
            joined[key] = replace(
                known,
                route_table_id=known.route_table_id or seen.route_table_id,
                subnet_ids=known.subnet_ids or seen.subnet_ids,
            )
        return joined

    @cached_property
    def attachment_by_id(self) -> dict[tuple[str, str], TransitGatewayAttachment]:
        """The same by transit gateway and the attachment's own id."""
        return {(one.transit_gateway_id, one.id): one for one in self.attachment_of_vpc.values()}

    def changed(self, **parts: Any) -> Network:
        """The network with other parts; the indexes that do not depend on them are handed on, not built again."""
        changed = replace(self, **parts)
        mine = vars(self)
        vars(changed).update((name, mine[name]) for name in _unaffected(frozenset(parts)) if name in mine)
        return changed

    def part(self, vpc_ids: frozenset[str]) -> Network:
        """What stands in these VPCs, even where a VPC itself was not read; transit gateways stay whole."""
        if vpc_ids not in self._parts:
            self._parts[vpc_ids] = self._part(sorted(vpc_ids))
        return self._parts[vpc_ids]

    @cached_property
    def _parts(self) -> dict[frozenset[str], Network]:
        return {}

    def _part(self, ids: list[str]) -> Network:
        return self.changed(
            vpcs=tuple(self.vpc[one] for one in ids if one in self.vpc),
            subnets=_of(self.subnets_of_vpc, ids),
            route_tables=_of(self.tables_of_vpc, ids),
            nat_gateways=_of(self.nat_gateways_of_vpc, ids),
            endpoints=_of(self.endpoints_of_vpc, ids),
        )


@cache
def _unaffected(parts: frozenset[str]) -> tuple[str, ...]:
    """The indexes that are made of other parts."""
    return tuple(name for name, made_of in _INDEXED.items() if made_of.isdisjoint(parts))


def _of(groups: dict[str, tuple[T, ...]], keys: Iterable[str]) -> tuple[T, ...]:
    return tuple(value for key in keys for value in groups.get(key, ()))


def _merged(described: Iterable[tuple[str, Any]]) -> tuple[Any, ...]:
    """Each resource once; those without an owner of their own are told apart by all that they say."""
    kept: dict[object, Any] = {}
    for who, one in described:
        owner = getattr(one, "account_id", None)
        key = (owner, one.id) if owner else one
        if who == owner or key not in kept:
            kept[key] = one
    return tuple(kept.values())


def _grouped(pairs: Iterable[tuple[K, T]]) -> dict[K, tuple[T, ...]]:
    groups: dict[K, list[T]] = {}
    for key, value in pairs:
        groups.setdefault(key, []).append(value)
    return {key: tuple(values) for key, values in groups.items()}
