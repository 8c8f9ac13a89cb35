"""Small networks built by hand, in one account of eu-central-1, at its list prices.

The window has 720 hours, so 720 GB in it are 730 GB a month: figures come out even.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

from auditor.model.attributed import Attribution, Engine, FlowLogScan, NamedBy
from auditor.model.evidence import EVIDENCE_VERSION, Evidence, Scope, Series, Source, Window
from auditor.model.money import Item, Price, Prices
from auditor.model.network import Network
from auditor.model.resources import (
    Endpoint,
    EndpointService,
    FlowLog,
    NatAddress,
    NatGateway,
    Permission,
    Route,
    RouteTable,
    SecurityGroup,
    Subnet,
    TransitGatewayAttachment,
    TransitGatewayRoute,
    Vpc,
)

ACCOUNT, REGION = "111122223333", "eu-central-1"
GIB = 2**30
WINDOW = Window(datetime(2026, 10, 17, tzinfo=UTC), datetime(2026, 11, 16, tzinfo=UTC))
OLD, YOUNG = WINDOW.start - timedelta(days=100), WINDOW.start + timedelta(days=15)
DAY = (WINDOW.end - timedelta(days=1)).date()

HOSTILE = '<b>x</b> {0} {service} %s $(id) `id` \x1b[31m "; rm -rf / #\n=1+1'
"""What anybody may write into a tag."""

_USD = {
    Item.NAT_HOUR: ("0.052", "hour"),
    Item.NAT_GB: ("0.052", "GB"),
    Item.REGIONAL_NAT_HOUR: ("0.052", "AZ-hour"),
    Item.REGIONAL_NAT_GB: ("0.052", "GB"),
    Item.INTERFACE_ENDPOINT_HOUR: ("0.012", "AZ-hour"),
    Item.INTERFACE_ENDPOINT_GB: ("0.01", "GB"),
    Item.TRANSIT_GATEWAY_GB: ("0.02", "GB"),
    Item.PUBLIC_IPV4_HOUR: ("0.005", "hour"),
}
"""List prices of eu-central-1 (AWS pricing feeds of 2025-10-28 and 2025-11-04)."""

PRICES = Prices(
    tuple(Price(REGION, item, Decimal(usd), unit, "test", "2025-11-04") for item, (usd, unit) in _USD.items())
)
INTER_AZ = Price(REGION, Item.INTER_AZ_GB, Decimal("0.01"), "GB", "test", "2026-07-20")
PRICES_WITH_INTER_AZ = Prices((*PRICES.rows, INTER_AZ))


def vpc(name: str = "app", *, cidr: str = "10.0.0.0/16", dns: bool | None = True, is_default: bool = False) -> Vpc:
    """A VPC; `dns` are both of its DNS attributes."""
    return Vpc(f"vpc-{name}", ACCOUNT, REGION, (cidr,), (), is_default, dns, dns, name=name)


def subnet(name: str, az: str = "a", vpc_id: str = "vpc-app") -> Subnet:
    """A subnet in `eu-central-1a`, `b` and so on."""
    return Subnet(f"subnet-{name}", ACCOUNT, REGION, vpc_id, f"{REGION}{az}", name=name)


def table(
    name: str, target: str | None, *subnets: Subnet, main: bool = False, vpc_id: str = "vpc-app", to: str = "0.0.0.0/0"
) -> RouteTable:
    """A route table of some subnets whose route to `to` leads to `target`."""
    routes = (Route("10.0.0.0/16", "local"), *((Route(to, target),) if target else ()))
    return RouteTable(f"rtb-{name}", ACCOUNT, REGION, vpc_id, main, tuple(s.id for s in subnets), routes, name)


def nat(  # noqa: PLR0913 -- a NAT gateway is its settings
    name: str = "a",
    subnet_id: str | None = "subnet-public-a",
    *,
    vpc_id: str = "vpc-app",
    created: datetime | None = OLD,
    state: str = "available",
    connectivity: str = "public",
    title: str = "",
) -> NatGateway:
    """A zonal NAT gateway with one address, public unless it is private."""
    public = "203.0.113.5" if connectivity == "public" else None
    return NatGateway(
        id=f"nat-{name}",
        account_id=ACCOUNT,
        region=REGION,
        vpc_id=vpc_id,
        state=state,
        connectivity=connectivity,
        subnet_id=subnet_id,
        addresses=(NatAddress("10.0.0.220", public, f"eni-{name}", f"{REGION}a", "succeeded"),),
        created=created,
        name=title,
    )


def regional_nat(name: str = "r", zones: tuple[str, ...] = ("a", "b"), *, created: datetime | None = OLD) -> NatGateway:
    """A regional NAT gateway: no subnet, billed in each of its zones."""
    azs = tuple(f"{REGION}{zone}" for zone in zones)
    addresses = tuple(NatAddress(None, f"203.0.113.{n}", None, az, "succeeded") for n, az in enumerate(azs, start=10))
    return NatGateway(
        id=f"nat-{name}",
        account_id=ACCOUNT,
        region=REGION,
        vpc_id="vpc-app",
        mode="regional",
        route_table_id=f"rtb-of-{name}",
        zones=azs,
        addresses=addresses,
        created=created,
    )


def gateway(service: str = "s3", *tables: RouteTable, vpc_id: str = "vpc-app", state: str = "available") -> Endpoint:
    """A gateway endpoint that is associated with these tables."""
    name = f"com.amazonaws.{REGION}.{service}"
    ids = tuple(one.id for one in tables)
    return Endpoint(
        f"vpce-{service}", ACCOUNT, REGION, vpc_id, "Gateway", service, name, None, state, route_table_ids=ids
    )


def interface(  # noqa: PLR0913 -- an endpoint is its settings
    service: str = "sqs",
    *subnets: Subnet,
    vpc_id: str = "vpc-app",
    created: datetime | None = OLD,
    private_dns: bool = True,
    inbound_resolver_only: bool = False,
    groups: tuple[SecurityGroup, ...] = (),
    state: str = "available",
    requester_managed: bool = False,
    service_region: str | None = None,
    title: str = "",
) -> Endpoint:
    """An interface endpoint in these subnets."""
    return Endpoint(
        id=f"vpce-{service}",
        account_id=ACCOUNT,
        region=REGION,
        vpc_id=vpc_id,
        type="Interface",
        service=service,
        service_name=f"com.amazonaws.{service_region or REGION}.{service}",
        service_region=service_region,
        state=state,
        private_dns=private_dns,
        inbound_resolver_only=inbound_resolver_only,
        requester_managed=requester_managed,
        subnet_ids=tuple(one.id for one in subnets),
        security_group_ids=tuple(group.id for group in groups),
        created=created,
        name=title,
    )


def offer(
    service: str, *zones: str, names: tuple[str, ...] = ("a-name.example",), kind: str = "Interface"
) -> EndpointService:
    """A service that offers endpoints in these zones (`a`, `b`), with these private names."""
    name = f"com.amazonaws.{REGION}.{service}"
    return EndpointService(name, service, REGION, (kind,), tuple(f"{REGION}{zone}" for zone in zones), names)


def group(*ingress: Permission) -> SecurityGroup:
    """A security group of an endpoint."""
    return SecurityGroup("sg-endpoint", ACCOUNT, REGION, "vpc-app", ingress)


def flow_log(resource_id: str, *, traffic_type: str = "ALL", status: str = "ACTIVE") -> FlowLog:
    """A flow log to S3."""
    return FlowLog(f"fl-{resource_id}", ACCOUNT, REGION, resource_id, "s3", traffic_type=traffic_type, status=status)


def attachment(vpc_id: str, *subnets: Subnet) -> TransitGatewayAttachment:
    """A VPC's attachment to the one transit gateway, `tgw-core`, with its one route table, `tgw-rtb`."""
    ids = tuple(one.id for one in subnets)
    return TransitGatewayAttachment(
        f"attach-{vpc_id}", "tgw-core", ACCOUNT, REGION, "vpc", vpc_id, ACCOUNT, "available", "tgw-rtb", ids
    )


def default_to(vpc_id: str) -> TransitGatewayRoute:
    """The transit gateway's default route, to that VPC."""
    return TransitGatewayRoute("tgw-rtb", REGION, "0.0.0.0/0", f"attach-{vpc_id}")


def nat_series(nat_id: str, up: int = 0, down: int = 0) -> tuple[Series, ...]:
    """Bytes that came in from clients (`up`) and from destinations (`down`), all on one day."""
    metrics = {
        "BytesInFromSource": up,
        "BytesInFromDestination": down,
        "BytesOutToDestination": up,
        "BytesOutToSource": down,
    }
    return tuple(Series(nat_id, metric, (DAY,), (count,)) for metric, count in metrics.items())


def silent_series(resource_id: str, metric: str = "BytesProcessed") -> tuple[Series, ...]:
    """A metric that was asked for and has no datapoint."""
    return (Series(resource_id, metric, (), ()),)


def endpoint_series(endpoint_id: str, count: int) -> tuple[Series, ...]:
    """Bytes of an interface endpoint, all on one day."""
    return (Series(endpoint_id, "BytesProcessed", (DAY,), (count,)),)


def attributed(
    nat_id: str, from_subnet: Subnet | None, service: str, down: int, named_by: NamedBy = NamedBy.ADDRESS
) -> Attribution:
    """Bytes that flow logs attribute to a service of the region; no subnet where they do not name the client."""
    return Attribution(nat_id, from_subnet.id if from_subnet else None, service, REGION, 0, down, named_by)


def named(nat_id: str, from_subnet: Subnet | None, service: str, down: int) -> Attribution:
    """The same to a service whose name Resolver query logs told."""
    return attributed(nat_id, from_subnet, service, down, NamedBy.QUERY_LOG)


def scan(*nat_ids: str, days: int = 30, skipdata: int = 0) -> FlowLogScan:
    """A flow log of these NAT gateways that was read for the last days of the window."""
    start = WINDOW.end - timedelta(days=days)
    return FlowLogScan("fl-1", Engine.DUCKDB, start, WINDOW.end, nat_ids, skipdata=skipdata, clients_known=True)


def evidence(
    network: Network,
    *series: tuple[Series, ...],
    known: tuple[Source, ...] = tuple(Source),
    prices: Prices = PRICES,
    attributions: tuple[Attribution, ...] = (),
    scans: tuple[FlowLogScan, ...] = (),
) -> Evidence:
    """One scope with this network."""
    scope = Scope(
        ACCOUNT,
        REGION,
        known=known,
        network=network,
        series=tuple(one for several in series for one in several),
        attributions=attributions,
        scans=scans,
    )
    return Evidence(EVIDENCE_VERSION, WINDOW.end, WINDOW, (scope,), prices)


PUBLIC_A, PUBLIC_B = subnet("public-a"), subnet("public-b", "b")
A, B, C = subnet("private-a"), subnet("private-b", "b"), subnet("private-c", "c")
PUBLIC = table("public", "igw-app", PUBLIC_A, PUBLIC_B)


def app(*ways: tuple[Subnet, str | None], **more: Any) -> Network:
    """The VPC `app` with public subnets in a and b, and `ways`: private subnets, each with a table to its target.

    `more` are further fields of the network; tables among them come on top.
    """
    tables = tuple(table(one.name, target, one) for one, target in ways)
    subnets = (PUBLIC_A, PUBLIC_B, *(one for one, _ in ways), *more.pop("subnets", ()))
    return Network(
        vpcs=more.pop("vpcs", (vpc(),)),
        subnets=subnets,
        route_tables=(PUBLIC, *tables, *more.pop("route_tables", ())),
        nat_gateways=more.pop("nat_gateways", (nat(),)),
        **more,
    )
