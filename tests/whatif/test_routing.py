"""Routes: what AWS documents, and a naive second router on random networks."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given

from auditor.model.evidence import Evidence
from auditor.model.network import Network
from auditor.model.resources import (
    Endpoint,
    NatGateway,
    Route,
    RouteTable,
    Subnet,
    TransitGatewayAttachment,
    TransitGatewayRoute,
    Vpc,
)
from auditor.model.traffic import Destination
from auditor.whatif.route_lookup import NAT64_PART, parts
from auditor.whatif.routing import HopKind, Path, route_from
from tests.whatif import oracle
from tests.whatif.networks import AZS, ELSEWHERE, REGION, evidences

NAMES = ("s3", "dynamodb", "s3express", "kms", "logs")
SERVICES = [(name, region) for name in NAMES for region in (REGION, ELSEWHERE)]
SERVICES_AND_INTERNET: list[tuple[str, str | None]] = [*SERVICES, ("internet", None)]

S3 = Destination("s3", REGION)
SUBNET = Subnet("subnet-a", "1", REGION, "vpc-1", AZS[0])
NETWORK = Network(
    vpcs=(Vpc("vpc-1", "1", REGION, dns_support=True, dns_hostnames=True),),
    subnets=(SUBNET, replace(SUBNET, id="subnet-b", az=AZS[1])),
    nat_gateways=(NatGateway("nat-1", "1", REGION, "vpc-1", subnet_id="subnet-b"),),
    route_tables=(RouteTable("rtb-1", "1", REGION, "vpc-1", is_main=True, routes=(Route("0.0.0.0/0", "nat-1"),)),),
)
GATEWAY = Endpoint("vpce-gw", "1", REGION, "vpc-1", "Gateway", "s3", route_table_ids=("rtb-1",))
INTERFACE = Endpoint("vpce-if", "1", REGION, "vpc-1", "Interface", "s3", private_dns=True)


@given(evidences())
def test_a_naive_router_finds_the_same_ways(evidence: Evidence) -> None:
    network = evidence.network
    for subnet in network.subnets:
        for service, region in SERVICES_AND_INTERNET:
            to = Destination(service, region)
            ways = [route_from(network, subnet, to, part) for part in parts(network, subnet, to)]
            trips = [oracle.walk(network, subnet, (service, region), s) for s in oracle.spots(network, service, region)]
            assert {(told(path), path.end.value) for path in ways} == {(tuple(one.hops), one.end) for one in trips}
            (by_nat64,) = [route_from(network, subnet, to, part) for part in (NAT64_PART,)]
            expected = oracle.walk(network, subnet, (service, region), oracle.Spot(0, nat64=True))
            assert (told(by_nat64), by_nat64.end.value) == (tuple(expected.hops), expected.end)


def told(path: Path) -> tuple[tuple[str, str, bool], ...]:
    return tuple((hop.kind.value, hop.id, hop.crosses_az) for hop in path.hops)


@pytest.mark.parametrize(
    ("endpoints", "expected"),
    [
        ((GATEWAY,), "vpce-gw"),
        ((INTERFACE,), "vpce-if"),
        ((GATEWAY, INTERFACE), "vpce-if"),
        ((GATEWAY, replace(INTERFACE, inbound_resolver_only=True)), "vpce-gw"),
        ((replace(INTERFACE, inbound_resolver_only=True),), "nat-1"),
        ((replace(INTERFACE, private_dns=False), GATEWAY), "vpce-gw"),
        ((replace(GATEWAY, route_table_ids=("rtb-2",)),), "nat-1"),
        ((replace(GATEWAY, state="deleting"),), "nat-1"),
        ((replace(GATEWAY, vpc_id="vpc-2"), replace(INTERFACE, vpc_id="vpc-2")), "nat-1"),
        ((replace(INTERFACE, service_region=ELSEWHERE),), "nat-1"),
        ((INTERFACE, replace(INTERFACE, id="vpce-other")), "vpce-if"),
    ],
)
def test_s3_takes_the_way_that_dns_and_the_longest_prefix_give(endpoints: tuple[Endpoint, ...], expected: str) -> None:
    """Private DNS comes before routes; an endpoint for the inbound resolver leaves the VPC's clients alone."""
    assert route_from(replace(NETWORK, endpoints=endpoints), SUBNET, S3).hops[0].id == expected


def test_one_table_for_several_zones_crosses_zones_only_from_those_without_the_nat_gateway() -> None:
    """Both subnets use the main table; the NAT gateway stands in the second's zone."""
    crossings = {s.id: route_from(NETWORK, s, Destination("internet")).hops[0].crosses_az for s in NETWORK.subnets}
    assert crossings == {"subnet-a": True, "subnet-b": False}


def test_a_table_may_lead_to_a_nat_gateway_of_another_vpc() -> None:
    """As shared route tables never do; but what is read is followed."""
    table = replace(NETWORK.route_tables[0], vpc_id="vpc-2", id="rtb-2")
    far = Subnet("subnet-far", "1", REGION, "vpc-2", AZS[1])
    network = replace(NETWORK, subnets=(*NETWORK.subnets, far), route_tables=(*NETWORK.route_tables, table))
    (hop,) = route_from(network, far, S3).hops
    assert (hop.kind, hop.id, hop.crosses_az, hop.vpc_id) == (HopKind.NAT_GATEWAY, "nat-1", False, "vpc-1")


def test_a_transit_gateway_puts_traffic_down_in_the_clients_own_zone() -> None:
    """The hub is attached in zones a and b, its NAT gateway stands in b: a client in b crosses none."""
    spoke = Subnet("subnet-spoke", "1", REGION, "vpc-2", AZS[1])
    zones = ("subnet-a", "subnet-b")
    hub = TransitGatewayAttachment("attach-1", "tgw-1", "1", REGION, "vpc", "vpc-1", "1", subnet_ids=zones)
    table = RouteTable("rtb-2", "1", REGION, "vpc-2", is_main=True, routes=(Route("0.0.0.0/0", "tgw-1"),))
    network = replace(
        NETWORK,
        subnets=(*NETWORK.subnets, spoke),
        route_tables=(*NETWORK.route_tables, table),
        attachments=(hub, replace(hub, id="attach-2", resource_id="vpc-2", subnet_ids=(), route_table_id="tgw-rtb-1")),
        transit_routes=(TransitGatewayRoute("tgw-rtb-1", REGION, "0.0.0.0/0", "attach-1"),),
    )
    for zone, crosses in ((AZS[1], False), (AZS[0], True)):
        assert route_from(network, replace(spoke, az=zone), S3).hops[-1].crosses_az is crosses
