"""Reads one scope (account and region): in three steps, each asking only what the one before makes worth asking.

First NAT gateways, endpoints and route tables: they tell whether there is anything to pay for. Then everything
about them, side by side. Last the DNS attributes, two calls a VPC, of the few VPCs where a rule can need them.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field, replace
from typing import Any, TypeVar

from auditor.aws.calls import ScopeCalls
from auditor.aws.failures import AwsFailureError, Kind
from auditor.aws.operations import action_of
from auditor.collectors.endpoints import fetch_endpoint_services, fetch_endpoints, services_to_ask
from auditor.collectors.gateways import fetch_attachments, fetch_peerings, fetch_transit_routes
from auditor.collectors.metrics import (
    endpoint_queries,
    fetch_endpoint_metrics,
    fetch_nat_metrics,
    nat_queries,
)
from auditor.collectors.nat_gateways import fetch_nat_gateways
from auditor.collectors.network_acls import fetch_network_acls
from auditor.collectors.route_tables import fetch_route_tables
from auditor.collectors.surroundings import (
    fetch_flow_logs,
    fetch_interfaces,
    fetch_prefix_lists,
    fetch_security_groups,
)
from auditor.collectors.vpcs import fetch_dns, fetch_subnets, fetch_vpcs, fetch_zones, with_dns
from auditor.model.evidence import Gap, Scope, Series, Source, Window
from auditor.model.network import Network
from auditor.model.resources import Endpoint, NatGateway, RouteTable

T = TypeVar("T")
Fetch = Callable[..., Awaitable[tuple[T, ...]]]

_HOPELESS = {Kind.DISABLED_REGION, Kind.CREDENTIALS, Kind.UNREACHABLE}
"""After these the rest of the scope would fail the same way: no further call is sent."""


@dataclass
class Reading:
    """What is known of a scope so far, and what could not be read."""

    calls: ScopeCalls
    known: set[Source] = field(default_factory=set)
    gaps: list[Gap] = field(default_factory=list)
    hopeless: bool = False

    async def read(self, source: Source, fetch: Fetch[T], *args: Any) -> tuple[T, ...]:
        """What `fetch(calls, *args)` answers, or a gap and nothing."""
        try:
            found = await fetch(self.calls, *args)
        except AwsFailureError as failure:
            self.hopeless |= failure.kind in _HOPELESS
            gap = Gap(self.calls.account_id, self.calls.region, source, action_of(source), failure.reason)
            self.gaps.append(gap)
            return ()
        self.known.add(source)
        return found

    async def read_if(
        self, needed: object, told_by: set[Source], source: Source, fetch: Fetch[T], *args: Any
    ) -> tuple[T, ...]:
        """The answer where it is needed; else it is known without asking that nothing depends on it.

        Either is only known where all is known that tells what is needed.
        """
        found = await self.read(source, fetch, *args) if needed else ()
        if not told_by <= self.known:
            self.known.discard(source)
        elif not needed:
            self.known.add(source)
        return found


@dataclass(frozen=True)
class Core:
    """The first step: what tells whether there is anything to pay for."""

    nats: tuple[NatGateway, ...]
    endpoints: tuple[Endpoint, ...]
    tables: tuple[RouteTable, ...]

    def leads_to(self, prefix: str) -> bool:
        """Whether any route leads to a target of that kind."""
        return any(route.target.startswith(prefix) for table in self.tables for route in table.routes)

    @property
    def billed(self) -> tuple[NatGateway, ...]:
        """NAT gateways that cost something: the only ones whose metrics matter."""
        return tuple(nat for nat in self.nats if nat.is_billed)

    @property
    def groups(self) -> tuple[str, ...]:
        """Security groups of endpoints."""
        return tuple(group for endpoint in self.endpoints for group in endpoint.security_group_ids)

    @property
    def has_interface_endpoints(self) -> bool:
        """Whether PrivateLink may have metrics."""
        return any(endpoint.type == "Interface" for endpoint in self.endpoints)

    @property
    def metrics(self) -> int:
        """How many metrics CloudWatch is asked for, which is what it charges."""
        return sum(1 for _ in nat_queries(self.billed)) + sum(1 for _ in endpoint_queries(self.endpoints))

    @property
    def interface_ids(self) -> tuple[str, ...]:
        """Interfaces of NAT gateways and endpoints."""
        of_nats = (address.interface_id for nat in self.nats for address in nat.addresses if address.interface_id)
        return (*of_nats, *(eni for endpoint in self.endpoints for eni in endpoint.interface_ids))


async def collect_scope(calls: ScopeCalls, window: Window | None, want_prices: Callable[[str], None]) -> Scope:
    """Everything of one scope; what cannot be read is a gap, never an exception of AWS. Without a window no metrics.

    `want_prices` is told the region as soon as it is clear that there is something to pay for.
    """
    reading = Reading(calls)
    core = await _read_core(reading)
    if reading.hopeless:
        return _scope(reading, Network(nat_gateways=core.nats, endpoints=core.endpoints, route_tables=core.tables))
    if not reading.gaps and not (core.nats or core.endpoints or core.leads_to("tgw-")):
        reading.known |= set(Source)
        return _scope(reading, Network(route_tables=core.tables))
    want_prices(calls.region)
    network, series = await _read_rest(reading, core, window)
    return _scope(reading, await _with_dns(reading, network, series), series, core.metrics)


async def _read_core(reading: Reading) -> Core:
    return Core(
        *await asyncio.gather(
            reading.read(Source.NAT_GATEWAYS, fetch_nat_gateways),
            reading.read(Source.ENDPOINTS, fetch_endpoints),
            reading.read(Source.ROUTE_TABLES, fetch_route_tables),
        )
    )


async def _read_rest(reading: Reading, core: Core, window: Window | None) -> tuple[Network, tuple[Series, ...]]:
    """Everything about what the core showed, side by side."""
    *parts, series = await asyncio.gather(
        _read_transit(reading, core),  # sent first, for it alone has a second step
        _read_vpcs(reading),
        _read_services(reading, core),
        _read_surroundings(reading, core),
        _read_metrics(reading, core, window),
    )
    own = Network(nat_gateways=core.nats, endpoints=core.endpoints, route_tables=core.tables)
    return Network.merge((reading.calls.account_id, part) for part in (own, *parts)), series


async def _read_vpcs(reading: Reading) -> Network:
    zones, vpcs, subnets = await asyncio.gather(
        reading.read(Source.ZONES, fetch_zones),
        reading.read(Source.VPCS, fetch_vpcs),
        reading.read(Source.SUBNETS, fetch_subnets),
    )
    return Network(zones=zones, vpcs=vpcs, subnets=subnets)


async def _read_services(reading: Reading, core: Core) -> Network:
    names = services_to_ask(core.endpoints)
    services, lists = await asyncio.gather(
        reading.read_if(names, {Source.ENDPOINTS}, Source.ENDPOINT_SERVICES, fetch_endpoint_services, names),
        reading.read(Source.PREFIX_LISTS, fetch_prefix_lists),
    )
    return Network(endpoint_services=services, prefix_lists=lists)


async def _read_surroundings(reading: Reading, core: Core) -> Network:
    read_if = reading.read_if
    groups, acls, interfaces, flow_logs, peerings = await asyncio.gather(
        read_if(core.groups, {Source.ENDPOINTS}, Source.SECURITY_GROUPS, fetch_security_groups, core.groups),
        reading.read(Source.NETWORK_ACLS, fetch_network_acls),
        read_if(
            core.interface_ids,
            {Source.NAT_GATEWAYS, Source.ENDPOINTS},
            Source.INTERFACES,
            fetch_interfaces,
            core.interface_ids,
        ),
        read_if(core.nats, {Source.NAT_GATEWAYS}, Source.FLOW_LOGS, fetch_flow_logs),
        read_if(core.leads_to("pcx-"), {Source.ROUTE_TABLES}, Source.PEERINGS, fetch_peerings),
    )
    return Network(
        security_groups=groups, network_acls=acls, interfaces=interfaces, flow_logs=flow_logs, peerings=peerings
    )


async def _read_transit(reading: Reading, core: Core) -> Network:
    needed = core.leads_to("tgw-")
    attachments = await reading.read_if(needed, {Source.ROUTE_TABLES}, Source.TRANSIT_GATEWAYS, fetch_attachments)
    if Source.TRANSIT_GATEWAYS not in reading.known:
        return Network()
    routes = await reading.read_if(
        needed, {Source.ROUTE_TABLES}, Source.TRANSIT_ROUTES, fetch_transit_routes, attachments
    )
    return Network(attachments=attachments, transit_routes=routes)


async def _read_metrics(reading: Reading, core: Core, window: Window | None) -> tuple[Series, ...]:
    if window is None:
        return ()
    nats, endpoints = await asyncio.gather(
        reading.read_if(core.billed, {Source.NAT_GATEWAYS}, Source.NAT_METRICS, fetch_nat_metrics, core.billed, window),
        reading.read_if(
            core.has_interface_endpoints,
            {Source.ENDPOINTS},
            Source.ENDPOINT_METRICS,
            fetch_endpoint_metrics,
            core.endpoints,
            window,
        ),
    )
    return (*nats, *endpoints)


async def _with_dns(reading: Reading, network: Network, series: tuple[Series, ...]) -> Network:
    busy = {one.resource_id for one in series if one.sum}
    vpc_ids = {endpoint.vpc_id for endpoint in network.endpoints if _may_be_bypassed(endpoint, busy)}
    dns = await reading.read_if(vpc_ids, {Source.ENDPOINTS}, Source.VPC_DNS, fetch_dns, vpc_ids)
    return replace(network, vpcs=with_dns(network.vpcs, dns))


def _may_be_bypassed(endpoint: Endpoint, busy: set[str]) -> bool:
    """Private DNS is on and yet nothing came: then the VPC's DNS may be why."""
    return endpoint.type == "Interface" and endpoint.private_dns and endpoint.id not in busy


def _scope(reading: Reading, network: Network, series: tuple[Series, ...] = (), metrics: int = 0) -> Scope:
    target = reading.calls.target
    return Scope(
        account_id=target.account_id,
        region=target.region,
        known=tuple(source for source in Source if source in reading.known),
        network=network,
        series=series,
        gaps=tuple(sorted(reading.gaps, key=lambda gap: gap.source)),
        calls=target.calls,
        metrics_requested=metrics,
    )
