"""For each rule evidence in which it fires, with everything known."""

from __future__ import annotations

from dataclasses import replace
from itertools import product

from auditor.model.evidence import Evidence, Series
from auditor.model.network import Network
from auditor.model.resources import (
    Endpoint,
    EndpointService,
    NatGateway,
    Permission,
    Route,
    RouteTable,
    SecurityGroup,
    Subnet,
    TransitGatewayAttachment,
    TransitGatewayRoute,
)
from tests.rules.build import (
    ACCOUNT,
    DAY,
    GIB,
    PUBLIC_B,
    REGION,
    A,
    B,
    app,
    attachment,
    attributed,
    default_to,
    endpoint_series,
    evidence,
    gateway,
    group,
    interface,
    named,
    nat,
    nat_series,
    offer,
    regional_nat,
    scan,
    subnet,
    table,
    vpc,
)


def hub_and_spoke(landing_to: str = "nat-a") -> Network:
    """A spoke whose attached subnet leads to the transit gateway, and the hub that has the NAT gateway."""
    public, land = subnet("hub-public", vpc_id="vpc-hub"), subnet("hub-land", vpc_id="vpc-hub")
    spoke = subnet("spoke", vpc_id="vpc-spoke")
    return Network(
        vpcs=(vpc("hub"), vpc("spoke")),
        subnets=(public, land, spoke),
        route_tables=(
            table("hub-public", None, public, vpc_id="vpc-hub"),
            table("hub-land", landing_to, land, vpc_id="vpc-hub"),
            table("spoke", "tgw-core", spoke, vpc_id="vpc-spoke"),
        ),
        nat_gateways=(nat(subnet_id=public.id, vpc_id="vpc-hub"),),
        attachments=(attachment("vpc-hub", land), attachment("vpc-spoke", spoke)),
        transit_routes=(default_to("vpc-hub"),),
    )


def sharing(*spokes: str, offers: tuple[EndpointService, ...] | None = None, **more: object) -> Network:
    """A hub whose two private subnets, in zones a and b, and these spokes, reach each other over a transit gateway.

    Each spoke has a subnet in zone a; the last two bytes of its CIDR, 10.2.0.0/16 and on, are the hub's 10.1's.
    """
    public = _placed("hub-public", 1, 0, vpc_id="vpc-hub")
    land = tuple(_placed(f"hub-land-{az}", 1, n, az, "vpc-hub") for n, az in enumerate("ab", start=1))
    clients = tuple(_placed(name, n, 0, vpc_id=f"vpc-{name}") for n, name in enumerate(spokes, start=2))
    hub = [
        table("hub-public", "igw-hub", public, vpc_id="vpc-hub"),
        table("hub-land", "nat-a", *land, vpc_id="vpc-hub"),
    ]
    tables = [replace(one, routes=(Route("10.0.0.0/8", "tgw-core"), *one.routes[1:])) for one in hub]
    tables += [table(one.name, "tgw-core", one, vpc_id=one.vpc_id) for one in clients]
    parts: dict[str, object] = {
        "vpcs": (vpc("hub", cidr="10.1.0.0/16"), *(vpc(n, cidr=f"10.{i}.0.0/16") for i, n in enumerate(spokes, 2))),
        "subnets": (public, *land, *clients),
        "route_tables": tuple(tables),
        "nat_gateways": (nat(subnet_id=public.id, vpc_id="vpc-hub"),),
        "attachments": (attachment("vpc-hub", *land), *(attachment(one.vpc_id, one) for one in clients)),
        "transit_routes": (default_to("vpc-hub"),),
        "endpoint_services": (offer("kms", "a", "b"),) if offers is None else offers,
    }
    return Network(**{**parts, **more})  # type: ignore[arg-type]


def _placed(name: str, vpc_number: int, number: int, az: str = "a", vpc_id: str = "") -> Subnet:
    return replace(subnet(name, az, vpc_id), cidr=f"10.{vpc_number}.{number}.0/24")


_BUSY = nat_series("nat-a", 180 * GIB, 540 * GIB)
_NAT_B = nat("b", PUBLIC_B.id)
_ECR = EndpointService(f"com.amazonaws.{REGION}.ecr.api", "ecr.api", REGION, private_dns_names=("api.ecr.example",))
_OPEN = group(Permission("tcp", 443, 443, ("0.0.0.0/0",)))

_TWIN = replace(interface("sqs", A, private_dns=False), id="vpce-twin")

FIRING: dict[str, Evidence] = {
    "barely-used-nat-gateway": evidence(app((A, "nat-a")), nat_series("nat-a", GIB)),
    "central-egress-endpoint": evidence(hub_and_spoke(), _BUSY),
    "cross-az-nat": evidence(app((A, "nat-a"), (B, "nat-a"), nat_gateways=(nat(), _NAT_B)), _BUSY),
    "endpoint-policy-open": evidence(app((A, None), endpoints=(replace(gateway("s3"), policy_open=True),))),
    "endpoint-security-group-open": evidence(
        app((A, None), endpoints=(interface("sqs", A, groups=(_OPEN,)),), security_groups=(_OPEN,))
    ),
    "duplicate-interface-endpoint": evidence(
        app(endpoints=(interface("sqs", A), _TWIN)), endpoint_series("vpce-sqs", GIB), endpoint_series("vpce-twin", 0)
    ),
    "gateway-endpoint-not-associated": evidence(app((A, "nat-a"), endpoints=(gateway("s3"),)), _BUSY),
    "idle-interface-endpoint": evidence(
        app((A, "nat-a"), endpoints=(interface("sqs", A),)), _BUSY, endpoint_series("vpce-sqs", 0)
    ),
    "idle-nat-gateway": evidence(app((A, "nat-a")), nat_series("nat-a")),
    "interface-endpoint-single-az": evidence(app((A, "nat-a"), (B, "nat-a"), endpoints=(interface("sqs", A),))),
    "interface-endpoint-bypassed": evidence(
        app((A, "nat-a"), endpoints=(interface("ecr.api", A, private_dns=False),), endpoint_services=(_ECR,)),
        _BUSY,
        endpoint_series("vpce-ecr.api", 0),
    ),
    "measured-elsewhere": evidence(
        app((A, "nat-b"), nat_gateways=(nat(), _NAT_B)),
        _BUSY,
        nat_series("nat-b"),
        attributions=(attributed("nat-a", A, "internet", 720 * GIB),),
        scans=(scan("nat-a"),),
    ),
    "interface-endpoint-does-not-pay": evidence(
        app((A, "nat-a"), endpoints=(interface("sqs", A),)), _BUSY, endpoint_series("vpce-sqs", GIB)
    ),
    "interface-endpoint-pays": evidence(
        app((A, "nat-a"), endpoint_services=(offer("kms", "a"),)),
        _BUSY,
        attributions=(named("nat-a", A, "kms", 360 * GIB),),
    ),
    "missing-gateway-endpoint": evidence(app((A, "nat-a")), _BUSY),
    "nat-port-exhaustion": evidence(app((A, "nat-a")), _BUSY, (Series("nat-a", "ErrorPortAllocation", (DAY,), (7,)),)),
    "redundant-nat-gateway": evidence(app((A, "nat-a"), nat_gateways=(nat(), nat("z"))), _BUSY),
    "replaceable-nat-gateway": evidence(
        app((A, "nat-a"), endpoint_services=(offer("kms", "a"),)),
        nat_series("nat-a", 0, 720 * GIB),
        attributions=(attributed("nat-a", A, "s3", 700 * GIB), named("nat-a", A, "kms", 20 * GIB)),
        scans=(scan("nat-a"),),
    ),
    "s3-interface-endpoint-in-vpc": evidence(
        app((A, "nat-a"), endpoints=(interface("s3", A),)), _BUSY, endpoint_series("vpce-s3", GIB)
    ),
    "shared-interface-endpoint": evidence(
        sharing("crm", "erp"),
        nat_series("nat-a", 0, 720 * GIB),
        attributions=tuple(
            named("nat-a", subnet(one, vpc_id=f"vpc-{one}"), "kms", 360 * GIB) for one in ("crm", "erp")
        ),
    ),
    "single-az-nat": evidence(app((A, "nat-a"), (B, "nat-a")), _BUSY),
    "unmeasured-nat": evidence(app((A, "nat-a")), _BUSY),
    "unrouted-nat-gateway": evidence(app(), nat_series("nat-a")),
}

CENTRAL_EGRESS = evidence(hub_and_spoke(), _BUSY)


def strange() -> Evidence:
    """What AWS has, may have and should never have, all in one VPC."""
    zoneless = replace(regional_nat("nowhere"), zones=(), addresses=(), route_table_id=None)
    nats: tuple[NatGateway, ...] = (
        nat("failed", state="failed"),
        nat("deleted", state="deleted"),
        nat("new", state="a-state-of-2030"),
        nat("lost", "subnet-that-is-not-there"),
        nat("bare", None),
        nat("ageless", created=None),
        nat("homeless", vpc_id="vpc-that-is-not-there"),
        replace(nat("hybrid"), mode="a-mode-of-2030", connectivity="a-kind-of-2030"),
        regional_nat("regional"),
        zoneless,
    )
    kinds = ("GatewayLoadBalancer", "Resource", "ServiceNetwork", "Tunnel", "a-type-of-2030", "Interface", "Gateway")
    services = ("s3", "s3express", "com.amazonaws.vpce.eu-central-1.vpce-svc-1", "")
    endpoints: tuple[Endpoint, ...] = tuple(
        Endpoint(f"vpce-{kind}-{service}-{vpc_id}", ACCOUNT, REGION, vpc_id, kind, service, private_dns=bool(service))
        for kind, service, vpc_id in product(kinds, services, ("vpc-app", "vpc-that-is-not-there", ""))
    )
    odd_tables = (
        table("loop", "tgw-core", Subnet("subnet-loop", ACCOUNT, REGION, "vpc-app", "")),
        table("regional", "nat-regional", B),
        table("blackhole", "nat-deleted", vpc_id="vpc-that-is-not-there", main=True),
        RouteTable("rtb-odd", ACCOUNT, REGION, "vpc-app", routes=(Route("pl-1", "", active=False), Route("::/0", ""))),
    )
    return evidence(
        app(
            (A, "nat-lost"),
            vpcs=(vpc(cidr="fd00::/8"), replace(vpc("bare"), cidrs=())),
            subnets=(B, Subnet("subnet-loop", ACCOUNT, REGION, "vpc-app", ""), Subnet("subnet-x", "4", REGION, "", "")),
            route_tables=odd_tables,
            nat_gateways=nats,
            endpoints=endpoints,
            security_groups=(SecurityGroup("sg-1", ACCOUNT, REGION, "", (Permission("a-protocol-of-2030"),)),),
            attachments=(
                TransitGatewayAttachment(
                    "tgw-attach-1", "tgw-core", "4", REGION, "vpc", "vpc-app", "4", route_table_id="t"
                ),
                TransitGatewayAttachment("tgw-attach-2", "tgw-core", "4", REGION, "a-type-of-2030", "", "4"),
            ),
            transit_routes=(
                TransitGatewayRoute("t", REGION, "0.0.0.0/0", "tgw-attach-1"),
                TransitGatewayRoute("t", REGION, "pl-1", None),
            ),
        ),
        *(nat_series(one.id, 1, 2) for one in nats[:5]),
        *(nat_series(one.id) for one in nats[8:]),
        *(endpoint_series(one.id, number % 2) for number, one in enumerate(endpoints)),
    )
