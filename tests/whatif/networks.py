"""Random small networks with traffic, for laws that must hold of every network, even of one that nobody would build."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from random import Random

from hypothesis import strategies as st

from auditor.model.attributed import Attribution, Engine, FlowLogScan, NamedBy
from auditor.model.evidence import EVIDENCE_VERSION, Evidence, Scope, Series, Source, Window
from auditor.model.money import Item, Price, Prices
from auditor.model.network import Network
from auditor.model.resources import (
    Endpoint,
    NatAddress,
    NatGateway,
    PrefixList,
    Route,
    RouteTable,
    SecurityGroup,
    Subnet,
    TransitGatewayAttachment,
    TransitGatewayRoute,
    Vpc,
)
from auditor.whatif.edits import (
    AddGatewayEndpoint,
    AddInterfaceEndpoint,
    AdmitHttps,
    AssociateRouteTables,
    DropEndpoint,
    DropNatGateway,
    Edit,
    LimitPrivateDnsToInboundResolver,
    RouteSubnetToNat,
    ShareInterfaceEndpoint,
    TurnOnPrivateDns,
)

REGION, ELSEWHERE = "us-east-1", "eu-west-1"
ACCOUNTS = ("111111111111", "222222222222")
WINDOW = Window(datetime(2026, 10, 21, tzinfo=UTC), datetime(2026, 11, 20, tzinfo=UTC))
AZS = ("us-east-1a", "us-east-1b", "us-east-1c")
TRANSIT = "tgw-0"

SPECIAL, SPECIAL_TABLES = 0.2, 0.4
"""How many networks have route tables with more than a default route out, and how many of their tables are such."""
SPECIAL_ROUTES = [
    ("52.216.0.0/16",),
    ("52.216.0.0/15",),
    ("203.0.113.0/24",),
    ("0.0.0.0/1", "128.0.0.0/1"),
    ("pl-s3",),
    ("pl-own",),
    ("64:ff9b::/96",),
]
S3_LIST = PrefixList("pl-s3", REGION, f"com.amazonaws.{REGION}.s3", ("52.216.0.0/15", "54.231.0.0/16"))
"""The one prefix list that was read: DynamoDB's and the users' were not."""

USD = {
    Item.NAT_HOUR: {"0": "0.045"},
    Item.NAT_GB: {"0": "0.045"},
    Item.REGIONAL_NAT_HOUR: {"0": "0.045"},
    Item.REGIONAL_NAT_GB: {"0": "0.045"},
    Item.INTERFACE_ENDPOINT_HOUR: {"0": "0.01"},
    Item.INTERFACE_ENDPOINT_GB: {"0": "0.01", "1048576": "0.006", "5242880": "0.004"},
    Item.GATEWAY_LOAD_BALANCER_ENDPOINT_HOUR: {"0": "0.01"},
    Item.GATEWAY_LOAD_BALANCER_ENDPOINT_GB: {"0": "0.0035"},
    Item.TRANSIT_GATEWAY_GB: {"0": "0.02"},
    Item.PUBLIC_IPV4_HOUR: {"0": "0.005"},
    Item.INTER_AZ_GB: {"0": "0.01"},
}
"""The list prices of us-east-1."""


def prices_of(usd: dict[Item, dict[str, str]], region: str = REGION) -> Prices:
    """Prices from a table of them."""
    rows = (
        Price(
            region, item, Decimal(amount), "GB" if item.endswith("-gb") else "hour", "test", "2026-11-20", Decimal(low)
        )
        for item, tiers in usd.items()
        for low, amount in tiers.items()
    )
    return Prices(tuple(rows))


PRICES = prices_of(USD)


@st.composite
def evidences(draw: st.DrawFn, largest: int = 2**46, *, attributed: bool = True, hub: bool = False) -> Evidence:
    """Evidence of a region of one or two accounts, everything known, all prices known.

    `hub`: with a VPC that all others reach over a transit gateway, and that reaches them.
    """
    rng = draw(st.randoms(use_true_random=False))
    network = _with_hub(_network(rng)) if hub else _network(rng)
    series = tuple(_series(rng, network, largest))
    found = tuple(_attributions(rng, network, series)) if attributed else ()
    scans = tuple(_scans(rng, network)) if attributed else ()
    scopes = tuple(_scope(network, account, series, found, scans) for account in ACCOUNTS)
    return Evidence(EVIDENCE_VERSION, WINDOW.end, WINDOW, scopes, PRICES)


@st.composite
def edits(draw: st.DrawFn, network: Network) -> Edit:
    """Any edit, mostly of something that is there."""
    return _edit(draw(st.randoms(use_true_random=False)), network)


@st.composite
def choices_of_service(draw: st.DrawFn, network: Network) -> Edit:
    """An endpoint for KMS: a VPC's own, or one that several share."""
    rng = draw(st.randoms(use_true_random=False))
    subnet = rng.choice(network.subnets)
    own = AddInterfaceEndpoint(subnet.vpc_id, subnet.account_id, REGION, "kms", (subnet.id,))
    return rng.choice([own, _share(rng, network, "kms")])


def _with_hub(network: Network) -> Network:
    numbers = {vpc.id: number for number, vpc in enumerate(network.vpcs)}
    beside = [
        TransitGatewayAttachment(
            f"tgw-attach-{vpc.id}", TRANSIT, ACCOUNTS[0], REGION, "vpc", vpc.id, vpc.account_id,
            route_table_id="tgw-rtb-0", subnet_ids=tuple(s.id for s in network.subnets if s.vpc_id == vpc.id)[:1],
        )
        for vpc in network.vpcs
    ]  # fmt: skip
    return replace(
        network,
        vpcs=tuple(replace(vpc, cidrs=(f"10.{numbers[vpc.id]}.0.0/16",)) for vpc in network.vpcs),
        subnets=tuple(
            replace(one, cidr=f"10.{numbers[one.vpc_id]}.{number}.0/24") for number, one in enumerate(network.subnets)
        ),
        route_tables=tuple(_reaching(table, numbers[table.vpc_id]) for table in network.route_tables),
        attachments=tuple(beside),
        transit_routes=(TransitGatewayRoute("tgw-rtb-0", REGION, "0.0.0.0/0", "tgw-attach-vpc-0"),),
    )


def _reaching(table: RouteTable, number: int) -> RouteTable:
    default = (route for route in table.routes if route.destination == "0.0.0.0/0")
    return replace(table, routes=(Route(f"10.{number}.0.0/16", "local"), Route("10.0.0.0/8", TRANSIT), *default))


def _scope(
    network: Network,
    account: str,
    series: tuple[Series, ...],
    found: tuple[Attribution, ...],
    scans: tuple[FlowLogScan, ...],
) -> Scope:
    own = {
        part: tuple(x for x in getattr(network, part) if getattr(x, "account_id", ACCOUNTS[0]) == account)
        for part in network.__dataclass_fields__
    }
    here = {x.id for x in (*own["nat_gateways"], *own["endpoints"])}
    return Scope(
        account, REGION, tuple(Source), network=Network(**own),
        series=tuple(s for s in series if s.resource_id in here),
        attributions=tuple(a for a in found if a.nat_gateway_id in here),
        scans=tuple(scan for scan in scans if scan.nat_gateway_ids[0] in here),
    )  # fmt: skip


def _network(rng: Random) -> Network:
    vpcs = tuple(_vpc(rng, number) for number in range(rng.randint(1, 4)))
    subnets = tuple(subnet for vpc in vpcs for subnet in _subnets(rng, vpc))
    nats = tuple(nat for vpc in vpcs for nat in _nats(rng, vpc, subnets))
    tables = tuple(table for vpc in vpcs for table in _tables(rng, vpc, subnets, nats))
    is_special = rng.random() < SPECIAL
    if is_special:
        tables = tuple(_with_more_routes(rng, table, nats) for table in tables)
    endpoints = tuple(endpoint for vpc in vpcs for endpoint in _endpoints(rng, vpc, subnets, tables))
    groups = (SecurityGroup("sg-0", ACCOUNTS[0], REGION, vpcs[0].id),)
    attachments, routes = _transit(rng, vpcs, subnets, is_special=is_special)
    return Network(
        vpcs=vpcs, subnets=subnets, nat_gateways=nats, route_tables=tables, endpoints=endpoints,
        security_groups=groups, attachments=attachments, transit_routes=routes, prefix_lists=(S3_LIST,),
    )  # fmt: skip


def _vpc(rng: Random, number: int) -> Vpc:
    dns = rng.choice([True, True, True, False, None])
    cidr = f"10.{rng.choice([number, number, number, 0])}.0.0/16"
    return Vpc(f"vpc-{number}", rng.choice(ACCOUNTS), REGION, (cidr,), dns_support=True, dns_hostnames=dns)


def _subnets(rng: Random, vpc: Vpc) -> list[Subnet]:
    numbers = range(rng.randint(1, 4))
    place = (vpc.account_id, REGION, vpc.id)
    return [Subnet(f"subnet-{vpc.id}-{n}", *place, rng.choice(AZS), _cidr(rng, vpc, n)) for n in numbers]


def _cidr(rng: Random, vpc: Vpc, number: int) -> str:
    """One of the VPC's, not known now and then."""
    return rng.choice([vpc.cidrs[0].replace(".0.0/16", f".{number}.0/24")] * 9 + [""])


def _nats(rng: Random, vpc: Vpc, subnets: tuple[Subnet, ...]) -> list[NatGateway]:
    return [_nat(rng, f"nat-{vpc.id}-{n}", vpc, subnets) for n in range(rng.choice([0, 1, 1, 2, 3]))]


def _nat(rng: Random, nat_id: str, vpc: Vpc, subnets: tuple[Subnet, ...]) -> NatGateway:
    own = [subnet.id for subnet in subnets if subnet.vpc_id == vpc.id]
    is_zonal = rng.random() < 0.8
    is_public = rng.random() < 0.85
    address = NatAddress("10.0.0.1", "198.51.100.1" if is_public else None)
    return NatGateway(
        nat_id, vpc.account_id, REGION, vpc.id,
        state=rng.choice(["available"] * 6 + ["failed", "pending"]),
        mode="zonal" if is_zonal else "regional",
        connectivity="public" if is_public else "private",
        subnet_id=rng.choice(own) if is_zonal else None,
        zones=() if is_zonal else tuple(AZS[: rng.randint(0, 3)]),
        addresses=(address,) * rng.randint(1, 2),
        created=_created(rng),
    )  # fmt: skip


def _created(rng: Random) -> datetime:
    return WINDOW.start + timedelta(days=rng.choice([-100, -100, -100, 10, 29]))


def _tables(rng: Random, vpc: Vpc, subnets: tuple[Subnet, ...], nats: tuple[NatGateway, ...]) -> list[RouteTable]:
    own = [subnet.id for subnet in subnets if subnet.vpc_id == vpc.id]
    tables = [_table(rng, f"rtb-{vpc.id}-main", vpc, nats)] if rng.random() < 0.9 else []
    for number in range(rng.randint(0, 2)):
        mine = tuple(subnet_id for subnet_id in own if rng.random() < 0.5)
        own = [subnet_id for subnet_id in own if subnet_id not in mine]
        tables.append(_table(rng, f"rtb-{vpc.id}-{number}", vpc, nats, mine))
    return tables


def _table(
    rng: Random, table_id: str, vpc: Vpc, nats: tuple[NatGateway, ...], subnet_ids: tuple[str, ...] = ()
) -> RouteTable:
    own = [nat.id for nat in nats if nat.vpc_id == vpc.id]
    target = rng.choice([*own * 5, TRANSIT, TRANSIT, "igw-0", "eni-0", "nat-gone", *[nat.id for nat in nats]])
    routes = (Route(vpc.cidrs[0], "local"), Route("0.0.0.0/0", target, rng.random() < 0.9))
    given = (*(routes if rng.random() < 0.95 else routes[:1]), *_private_routes(rng))
    return RouteTable(table_id, vpc.account_id, REGION, vpc.id, table_id.endswith("main"), subnet_ids, given)


def _with_more_routes(rng: Random, table: RouteTable, nats: tuple[NatGateway, ...]) -> RouteTable:
    if rng.random() > SPECIAL_TABLES:
        return table
    targets = [*[nat.id for nat in nats if nat.vpc_id == table.vpc_id] * 3, TRANSIT, "igw-0", "pcx-0", "eni-0"]
    found = rng.sample(SPECIAL_ROUTES, rng.randint(1, 2))
    more = (Route(to, rng.choice(targets), rng.random() < 0.9) for several in found for to in several)
    return replace(table, routes=(*table.routes, *more))


def _private_routes(rng: Random) -> list[Route]:
    """Mostly to all other VPCs over the transit gateway; some of them, or parts, elsewhere or nowhere."""
    found = [Route("10.0.0.0/8", TRANSIT)] if rng.random() < 0.7 else []
    if rng.random() < 0.15:
        where = f"10.{rng.randint(0, 3)}.{rng.choice(['0.0/16', '1.0/24', '0.0/24'])}"
        found.append(Route(where, rng.choice([TRANSIT, "pcx-0"]), rng.random() < 0.8))
    return found


def _endpoints(rng: Random, vpc: Vpc, subnets: tuple[Subnet, ...], tables: tuple[RouteTable, ...]) -> list[Endpoint]:
    return [_endpoint(rng, f"vpce-{vpc.id}-{n}", vpc, subnets, tables) for n in range(rng.choice([0, 1, 2, 3]))]


def _endpoint(
    rng: Random, endpoint_id: str, vpc: Vpc, subnets: tuple[Subnet, ...], tables: tuple[RouteTable, ...]
) -> Endpoint:
    kind = rng.choice(["Gateway", "Interface", "Interface", "Interface", "GatewayLoadBalancer", "Wormhole"])
    own = tuple(subnet.id for subnet in subnets if subnet.vpc_id == vpc.id)
    mine = tuple(table.id for table in tables if table.vpc_id == vpc.id and rng.random() < 0.5)
    return Endpoint(
        endpoint_id, vpc.account_id, REGION, vpc.id, kind,
        rng.choice(["s3", "dynamodb"] if kind == "Gateway" else ["s3", "kms", "logs"]),
        service_region=rng.choice([None, None, None, REGION, ELSEWHERE]) if kind == "Interface" else None,
        state=rng.choice(["available"] * 6 + ["deleting", "pending"]),
        private_dns=rng.random() < 0.7,
        inbound_resolver_only=rng.random() < 0.2,
        requester_managed=rng.random() < 0.1,
        subnet_ids=own[: rng.randint(1, 3)] if kind != "Gateway" else (),
        route_table_ids=mine if kind == "Gateway" else (),
        created=_created(rng),
        shared_with=_served(rng) if kind == "Interface" and rng.random() < 0.3 else (),
    )  # fmt: skip


def _served(rng: Random) -> tuple[str, ...]:
    return tuple(rng.sample(["vpc-0", "vpc-1", "vpc-2", "vpc-3", "vpc-gone"], rng.randint(1, 4)))


def _transit(
    rng: Random, vpcs: tuple[Vpc, ...], subnets: tuple[Subnet, ...], *, is_special: bool
) -> tuple[tuple[TransitGatewayAttachment, ...], tuple[TransitGatewayRoute, ...]]:
    """Attachments as the owner of the transit gateway sees them, and as the owner of the VPC does."""
    seen: list[TransitGatewayAttachment] = []
    for vpc in vpcs:
        if rng.random() < 0.8:
            base = (f"tgw-attach-{vpc.id}", TRANSIT, ACCOUNTS[0], REGION, "vpc", vpc.id, vpc.account_id)
            own = tuple(subnet.id for subnet in subnets if subnet.vpc_id == vpc.id)[: rng.randint(0, 2)]
            seen.append(TransitGatewayAttachment(*base, route_table_id="tgw-rtb-0"))
            seen.append(TransitGatewayAttachment(*base, subnet_ids=own))
    rng.shuffle(seen)
    hub = f"tgw-attach-{rng.choice(vpcs).id}"
    routes = [TransitGatewayRoute("tgw-rtb-0", REGION, "0.0.0.0/0", hub, rng.random() < 0.9)]
    if is_special and rng.random() < 0.5:
        other = f"tgw-attach-{rng.choice(vpcs).id}"
        routes.append(TransitGatewayRoute("tgw-rtb-0", REGION, "52.216.0.0/16", other, rng.random() < 0.8))
    if rng.random() < 0.2:
        vpc = rng.choice(vpcs)
        to = rng.choice([f"tgw-attach-{vpc.id}", hub, None])
        routes.append(TransitGatewayRoute("tgw-rtb-0", REGION, vpc.cidrs[0], to, rng.random() < 0.9))
    return tuple(seen), tuple(routes) if rng.random() < 0.9 else ()


def _bytes(rng: Random, largest: int) -> int:
    return rng.choice([0, 1, rng.randint(0, 2**30), rng.randint(0, largest), largest])


def _series(rng: Random, network: Network, largest: int) -> list[Series]:
    metrics = [
        (nat.id, name) for nat in network.nat_gateways for name in ("BytesInFromSource", "BytesInFromDestination")
    ]
    metrics += [(endpoint.id, "BytesProcessed") for endpoint in network.endpoints if endpoint.type == "Interface"]
    kept = [metric for metric in metrics if rng.random() < 0.85]
    created = [(nat.id, nat.created) for nat in network.nat_gateways]
    created += [(endpoint.id, endpoint.created) for endpoint in network.endpoints]
    young = {resource_id for resource_id, when in created if when and when > WINDOW.start}
    return [
        Series(*metric, *_split(rng, _bytes(rng, largest), is_young=metric[0] in young))
        if rng.random() < 0.9
        else Series(*metric, (), ())
        for metric in kept
    ]


def _split(rng: Random, count: int, *, is_young: bool) -> tuple[tuple[date, ...], tuple[int, ...]]:
    """Bytes of the last day of the window, or of some days before it too."""
    ages = [] if is_young else sorted(rng.sample(range(2, 10), rng.choice([0, 0, 1, 2])), reverse=True)
    parts = [rng.choice([0, count // 2, count // 3]) for _ in ages]
    days = [WINDOW.end.date() - timedelta(days=age) for age in (*ages, 1)]
    return tuple(days), (*parts, count - sum(parts)) if sum(parts) <= count else (*(0 for _ in ages), count)


def _scans(rng: Random, network: Network) -> list[FlowLogScan]:
    """Flow logs that were read for the whole window, or for some of its last days."""
    found: list[FlowLogScan] = []
    for nat in network.nat_gateways:
        days = rng.choice([None, 30, 30, 7, 3, 1])
        if days is not None:
            start = WINDOW.end - timedelta(days=days)
            found.append(FlowLogScan(f"fl-{nat.id}", Engine.DUCKDB, start, WINDOW.end, (nat.id,)))
    return found


def _attributions(rng: Random, network: Network, series: tuple[Series, ...]) -> list[Attribution]:
    """What flow logs say of some NAT gateways: most of the bytes, all of them, or more than CloudWatch measured."""
    found: list[Attribution] = []
    for nat in network.nat_gateways:
        if rng.random() < 0.5:
            measured = sum(one.sum for one in series if one.resource_id == nat.id)
            for _ in range(rng.randint(1, 5)):
                subnet = rng.choice([*(subnet.id for subnet in network.subnets), None, "subnet-of-nobody"])
                service = rng.choice(["s3", "s3", "dynamodb", "kms", "aws", "internet", "unknown", "ec2-hosted"])
                region = rng.choice([REGION, REGION, ELSEWHERE, None])
                up, down = (rng.randint(0, measured // 3 + 1) for _ in range(2))
                named_by = rng.choice(list(NamedBy))
                found.append(Attribution(nat.id, subnet, service, region, up, down, named_by))
    return found


def _share(rng: Random, network: Network, service: str | None = None) -> Edit:
    """Mostly in the VPC to which the transit gateway's default route leads, for all others."""
    hubs = [route.attachment_id for route in network.transit_routes]
    likely = [vpc for vpc in network.vpcs if f"tgw-attach-{vpc.id}" in hubs]
    hub = rng.choice(likely * 5 or network.vpcs)
    subnets = tuple(subnet.id for subnet in network.subnets if subnet.vpc_id == hub.id)
    served = tuple(vpc.id for vpc in network.vpcs if vpc != hub and rng.random() < 0.8)
    service = service or rng.choice(["kms", "kms", "logs", "s3"])
    return ShareInterfaceEndpoint(hub.id, hub.account_id, REGION, service, subnets[: rng.randint(1, 2)], served)


def _edit(rng: Random, network: Network) -> Edit:
    vpc, subnet = rng.choice(network.vpcs), rng.choice(network.subnets)
    table_ids = tuple(table.id for table in network.route_tables if table.vpc_id == vpc.id and rng.random() < 0.7)
    nat = rng.choice([*(nat.id for nat in network.nat_gateways), "nat-gone"])
    other = rng.choice([*(nat.id for nat in network.nat_gateways), "nat-gone", None])
    endpoints = network.endpoints_of_vpc.get(vpc.id, ()) or network.endpoints
    endpoint = rng.choice([*(endpoint.id for endpoint in endpoints), "vpce-gone"])
    gateways = [endpoint.id for endpoint in network.endpoints if endpoint.type == "Gateway"]
    table = rng.choice([*(table.id for table in network.route_tables), "rtb-gone"])
    service = rng.choice(["s3", "dynamodb", "s3express"])
    choices: list[Edit] = [
        AddGatewayEndpoint(vpc.id, vpc.account_id, REGION, service, table_ids),
        AddInterfaceEndpoint(vpc.id, vpc.account_id, REGION, rng.choice(["kms", "logs", "s3"]), (subnet.id,)),
        _share(rng, network),
        AssociateRouteTables(rng.choice([*gateways, "vpce-gone"]), REGION, table_ids),
        DropNatGateway(nat, REGION, replaced_by=other if other != nat else None),
        RouteSubnetToNat(subnet.id, REGION, table, nat),
        DropEndpoint(endpoint, REGION),
        TurnOnPrivateDns(endpoint, vpc.id, REGION),
        LimitPrivateDnsToInboundResolver(endpoint, REGION),
        AdmitHttps("sg-0", REGION, vpc.cidrs),
    ]
    return rng.choice(choices)
