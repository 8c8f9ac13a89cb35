"""Longest prefixes: a slow oracle that looks at every route for every address finds the same."""

from __future__ import annotations

from dataclasses import replace
from ipaddress import IPv4Address, ip_network
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from auditor.model.longest_prefix import LongestPrefix
from auditor.model.money import Prices
from auditor.model.network import Network
from auditor.model.resources import (
    Endpoint,
    NatGateway,
    PrefixList,
    Route,
    RouteTable,
    Subnet,
    TransitGatewayAttachment,
    TransitGatewayRoute,
    Vpc,
)
from auditor.model.traffic import INTERNET, Client, Destination, Flow, Level
from auditor.whatif.bill import Traffic, counted
from auditor.whatif.route_lookup import NAT64_PART, Address, nat64_parts, parts
from auditor.whatif.routing import End, HopKind, Path, route_from
from auditor.whatif.saving import Situation

REGION = "us-east-1"
S3 = Destination("s3", REGION)
KMS, OUT = Destination("kms", REGION), Destination(INTERNET)
LIST = PrefixList("pl-s3", REGION, f"com.amazonaws.{REGION}.s3", ("52.216.0.0/15", "54.231.0.0/16", "3.5.0.0/19"))
SUBNET = Subnet("subnet-a", "1", REGION, "vpc-1", "us-east-1a")
GATEWAY = Endpoint("vpce-s3", "1", REGION, "vpc-1", "Gateway", "s3", route_table_ids=("rtb-1",))
NATS = tuple(NatGateway(f"nat-{n}", "1", REGION, "vpc-1", subnet_id="subnet-a") for n in (1, 2))
BLOCKS = (
    "52.216.0.0/15",
    "52.217.128.0/17",
    "52.0.0.0/8",
    "54.231.0.0/16",
    "54.231.7.0/24",
    "3.5.0.0/18",
    "9.9.9.0/24",
)
HALVES = ("0.0.0.0/1", "128.0.0.0/1")


def network(*routes: Route, endpoint: bool = False, lists: tuple[PrefixList, ...] = (LIST,)) -> Network:
    """One VPC with one subnet, whose table has these routes."""
    return Network(
        vpcs=(Vpc("vpc-1", "1", REGION),),
        subnets=(SUBNET,),
        route_tables=(RouteTable("rtb-1", "1", REGION, "vpc-1", is_main=True, routes=routes),),
        nat_gateways=NATS,
        endpoints=(GATEWAY,) if endpoint else (),
        prefix_lists=lists,
    )


def ways(of: Network, destination: Destination = S3) -> list[Path]:
    """The ways of all parts of a destination."""
    return [route_from(of, SUBNET, destination, part) for part in parts(of, SUBNET, destination)]


def ends(of: Network, destination: Destination = S3) -> set[str]:
    """Where they lead: the last hop, or how they end without one."""
    return {path.hops[-1].id if path.hops else path.end.value for path in ways(of, destination)}


def oracle(of: Network, address: IPv4Address) -> str:
    """Where one address of S3 goes: every route and every entry of the list is tried."""
    best: tuple[int, int, str] = (-1, 0, "nowhere")
    for route in of.route_tables[0].routes:
        if "." in route.destination and address in ip_network(route.destination):
            rank = (ip_network(route.destination).prefixlen, 0 if route.propagated else 2)
            end = route.target if route.active else "nowhere"
            best = max(best, (*rank, end), key=lambda one: one[:2])
    for entry in map(ip_network, LIST.cidrs):
        if address in entry and of.endpoints and (entry.prefixlen, 1) > best[:2]:
            best = (entry.prefixlen, 1, GATEWAY.id)
    return best[2]


def any_network(rng: Random) -> Network:
    """Random routes, of which no two have the same destination and origin."""
    found = {}
    for _ in range(rng.randint(0, 7)):
        destination = rng.choice(["0.0.0.0/0", "0.0.0.0/0", *HALVES, *BLOCKS, *BLOCKS, "10.0.0.0/8", "::/0", "odd"])
        route = Route(destination, rng.choice(["nat-1", "nat-2", "igw-1"]), rng.random() < 0.8, rng.random() < 0.3)
        found[destination, route.propagated] = route
    routes = list(found.values())
    rng.shuffle(routes)
    return network(*routes, endpoint=rng.random() < 0.5)


def addresses(rng: Random) -> list[IPv4Address]:
    """Some of S3's, at the edges of blocks above all."""
    edges = [int(ip_network(block)[at]) + more for block in (*BLOCKS, *LIST.cidrs) for at in (0, -1) for more in (0, 1)]
    inside = [rng.randrange(int(cidr[0]), int(cidr[-1])) for cidr in map(ip_network, LIST.cidrs) for _ in range(5)]
    all_of_them = [IPv4Address(number) for number in (*edges, *inside)]
    return [one for one in all_of_them if any(one in ip_network(cidr) for cidr in LIST.cidrs)]


@given(st.randoms(use_true_random=False))
def test_every_address_of_a_service_goes_as_the_oracle_says_and_no_part_is_invented(rng: Random) -> None:
    of = any_network(rng)
    by_hand = {oracle(of, address) for address in addresses(rng)}
    assert ends(of) == by_hand
    for part in parts(of, SUBNET, S3):
        if part:
            path = route_from(of, SUBNET, S3, part)
            assert oracle(of, IPv4Address(part.number)) == (path.hops[-1].id if path.hops else "nowhere")


@given(st.randoms(use_true_random=False))
def test_prepared_routes_hold_every_address_as_the_longest_of_all_does(rng: Random) -> None:
    cidrs = [f"{IPv4Address(rng.randrange(2**32))}/{rng.choice([0, 1, 2, 8, 16, 24, 32])}" for _ in range(10)]
    nested = [f"{cidr.split('/')[0]}/{rng.randint(0, 32)}" for cidr in cidrs]
    known = {ip_network(cidr, strict=False): number for number, cidr in enumerate((*cidrs, *nested))}
    prepared = LongestPrefix.of((str(cidr), number) for cidr, number in known.items())
    edges = [int(cidr[at]) for cidr in known for at in (0, -1)]
    for address in {0, 2**32 - 1, *edges, *(min(edge + 1, 2**32 - 1) for edge in edges)}:
        held = [cidr for cidr in known if IPv4Address(address) in cidr]
        longest = max(held, key=lambda cidr: cidr.prefixlen, default=None)
        found = prepared.at(address)
        assert (found.value, found.length) == ((known[longest], longest.prefixlen) if longest else (None, 0))


DEFAULT = Route("0.0.0.0/0", "nat-1")


@pytest.mark.parametrize(
    ("route", "expected"),
    [
        (Route("52.216.0.0/15", "nat-2"), {"vpce-s3", "nat-2"}),
        (Route("52.216.0.0/16", "nat-2"), {"vpce-s3", "nat-2"}),
        (Route("52.0.0.0/8", "nat-2"), {"vpce-s3"}),
        (Route("52.216.0.0/15", "nat-2", propagated=True), {"vpce-s3"}),
        (Route("52.216.0.0/16", "nat-2", propagated=True), {"vpce-s3", "nat-2"}),
        (Route("52.216.0.0/16", "nat-2", active=False), {"vpce-s3", "nowhere"}),
        (Route("52.216.0.0/16", "nat-1"), {"vpce-s3", "nat-1"}),
        (Route("203.0.113.0/24", "nat-2"), {"vpce-s3"}),
        (Route("10.8.0.0/16", "tgw-1"), {"vpce-s3"}),
        (Route("::/0", "eigw-1"), {"vpce-s3"}),
    ],
    ids=["as long", "longer", "shorter", "propagated", "longer propagated", "dead", "to the same", "other addresses",
         "private", "IPv6"],
)  # fmt: skip
def test_a_gateway_endpoint_gets_what_no_more_specific_route_takes(route: Route, expected: set[str]) -> None:
    assert ends(network(DEFAULT, route, endpoint=True)) == expected


def test_halves_of_the_internet_are_a_default_that_no_endpoint_yields_to() -> None:
    halves = [Route(half, "nat-2") for half in HALVES]
    assert ends(network(*halves, endpoint=True)) == {"vpce-s3"}
    assert ends(network(DEFAULT, *halves), OUT) == {"nat-2"}
    assert ends(network(*halves, Route("52.216.0.0/16", "nat-2"), endpoint=True)) == {"vpce-s3", "nat-2"}
    assert ends(network(halves[0], replace(halves[1], target="nat-1")), OUT) == {"nat-1", "nat-2"}


def test_a_blackholed_default_drops_and_nothing_falls_back() -> None:
    """The static one counts though it is dead; a shorter route never takes over for a longer one that is dead."""
    dead = replace(DEFAULT, active=False)
    assert ends(network(dead, Route("0.0.0.0/0", "nat-2", propagated=True)), OUT) == {"nowhere"}
    assert ends(network(DEFAULT, *(Route(half, "nat-2", active=False) for half in HALVES)), OUT) == {"nowhere"}


@pytest.mark.parametrize("service", [KMS, OUT], ids=["without a list", "internet"])
def test_a_destination_without_a_prefix_list_may_be_anywhere_that_is_public(service: Destination) -> None:
    """A route to a partner's addresses may be the way of some of them; one to private addresses never is."""
    special = (Route("203.0.113.0/24", "nat-2"), Route("10.9.0.0/16", "tgw-1"), Route("100.64.0.0/10", "tgw-1"))
    assert ends(network(DEFAULT, *special), service) == {"nat-1", "nat-2"}


def test_a_list_that_was_not_read_may_hold_what_a_specific_route_takes() -> None:
    special = network(DEFAULT, Route("203.0.113.0/24", "nat-2"), endpoint=True, lists=())
    assert ends(special) == {"vpce-s3", "nat-2"}


def test_a_route_to_the_services_list_goes_before_the_default() -> None:
    """To a firewall, say; a static route to as long a CIDR goes before it, and a dead one drops."""
    listed = Route("pl-s3", "nat-2")
    assert ends(network(DEFAULT, listed)) == {"nat-2"}
    assert ends(network(DEFAULT, listed, Route("52.216.0.0/15", "nat-1"))) == {"nat-1", "nat-2"}
    assert ends(network(DEFAULT, replace(listed, active=False))) == {"nowhere"}
    assert ends(network(DEFAULT, Route("pl-s3", "vpce-gone", active=False))) == {"nowhere"}
    assert ends(network(DEFAULT, listed), OUT) == {"nat-1"}


def test_a_users_own_list_may_hold_any_address() -> None:
    """Its entries are not read: both readings stand, and the default stays possible."""
    assert ends(network(DEFAULT, Route("pl-own", "tgw-1"), endpoint=True)) == {"vpce-s3", "tgw-1"}
    assert ends(network(DEFAULT, Route("pl-own", "tgw-1")), OUT) == {"nat-1", "tgw-1"}


def test_the_route_of_a_gateway_endpoint_parts_nothing() -> None:
    of = network(DEFAULT, Route("pl-s3", "vpce-s3"), endpoint=True)
    assert parts(of, SUBNET, S3) == (None,)
    assert ends(of) == {"vpce-s3"}
    assert ends(replace(of, endpoints=())) == {"nat-1"}


def test_peering_carries_nothing_to_the_internet() -> None:
    """Neither its NAT gateway nor its endpoints are reached from the other VPC."""
    other = replace(GATEWAY, vpc_id="vpc-2")
    of = replace(network(Route("0.0.0.0/0", "pcx-1")), endpoints=(other,))
    assert {path.end for destination in (S3, OUT) for path in ways(of, destination)} == {End.NOWHERE}


def test_egress_only_gateways_are_not_in_the_way_of_ipv4() -> None:
    assert ends(network(Route("::/0", "eigw-1")), OUT) == {"nowhere"}
    assert ends(network(DEFAULT, Route("::/0", "eigw-1")), OUT) == {"nat-1"}


@pytest.mark.parametrize(
    ("routes", "expected"),
    [
        ((Route("64:ff9b::/96", "nat-2"),), "nat-2"),
        ((Route("64:ff9b::/96", "nat-2"), Route("::/0", "eigw-1")), "nat-2"),
        ((Route("64:ff9b::/96", "nat-2", active=False),), "nowhere"),
        ((Route("::/0", "nat-2"),), "nowhere"),
        ((Route("::/0", "eigw-1"),), "nowhere"),
    ],
)
def test_nat64_goes_where_its_own_route_leads_past_every_endpoint(routes: tuple[Route, ...], expected: str) -> None:
    of = network(DEFAULT, *routes, endpoint=True)
    assert nat64_parts(of, SUBNET) == (NAT64_PART,)
    path = route_from(of, SUBNET, S3, NAT64_PART)
    assert (path.hops[-1].id if path.hops else path.end.value) == expected
    assert nat64_parts(network(DEFAULT), SUBNET) == ()


HUB = Subnet("subnet-hub", "2", REGION, "vpc-2", "us-east-1a")
SPOKE_TABLE = RouteTable("rtb-1", "1", REGION, "vpc-1", is_main=True, routes=(Route("0.0.0.0/0", "tgw-1"),))
HUB_NAT = NatGateway("nat-hub", "2", REGION, "vpc-2", subnet_id="subnet-hub")


def central(*routes: TransitGatewayRoute, hub: tuple[Route, ...] = (Route("0.0.0.0/0", "nat-hub"),)) -> Network:
    """A spoke and two hubs of another account, all attached to one transit gateway."""
    spoke = TransitGatewayAttachment("at-1", "tgw-1", "2", REGION, "vpc", "vpc-1", "1", route_table_id="tgw-rtb")
    first = replace(spoke, id="at-2", resource_id="vpc-2", resource_owner_id="2", subnet_ids=("subnet-hub",))
    unread = replace(first, id="at-3", resource_id="vpc-3", subnet_ids=())
    return Network(
        vpcs=(Vpc("vpc-1", "1", REGION), Vpc("vpc-2", "2", REGION)),
        subnets=(SUBNET, HUB),
        route_tables=(SPOKE_TABLE, RouteTable("rtb-2", "2", REGION, "vpc-2", is_main=True, routes=hub)),
        nat_gateways=(HUB_NAT,),
        attachments=(spoke, first, unread),
        transit_routes=routes,
        prefix_lists=(LIST,),
    )


def transit(
    destination: str, attachment: str | None, *, active: bool = True, static: bool = True
) -> TransitGatewayRoute:
    return TransitGatewayRoute("tgw-rtb", REGION, destination, attachment, active, not static)


@pytest.mark.parametrize(
    ("routes", "expected", "end"),
    [
        ([transit("0.0.0.0/0", "at-2")], "nat-hub", End.ARRIVES),
        ([transit("0.0.0.0/0", "at-3")], "tgw-1", End.UNKNOWN),
        ([transit("0.0.0.0/0", "at-gone")], "tgw-1", End.UNKNOWN),
        ([transit("0.0.0.0/0", None, active=False)], "tgw-1", End.NOWHERE),
        ([transit("0.0.0.0/0", "at-3", static=False), transit("0.0.0.0/0", "at-2")], "nat-hub", End.ARRIVES),
        ([transit("0.0.0.0/0", "at-2", static=False), transit("0.0.0.0/0", None, active=False)], "tgw-1", End.NOWHERE),
        ([transit("10.0.0.0/8", "at-2")], "tgw-1", End.UNKNOWN),
        ([], "tgw-1", End.UNKNOWN),
    ],
    ids=["hub", "hub not read", "attachment not read", "dead", "static first", "dead static", "no default", "unread"],
)  # fmt: skip
def test_a_transit_gateways_table_leads_to_a_hub_or_nobody_knows(
    routes: list[TransitGatewayRoute], expected: str, end: End
) -> None:
    """What was not read is lost, never invented; the hub stands in another account."""
    (path,) = ways(central(*routes), OUT)
    assert (path.hops[-1].id, path.end) == (expected, end)


def test_a_transit_gateways_more_specific_route_takes_a_part_of_a_service() -> None:
    """52.216.0.0/15 goes to a hub that was not read, the rest of S3 to the one that was."""
    of = central(transit("0.0.0.0/0", "at-2"), transit("52.216.0.0/15", "at-3"))
    assert {(path.hops[-1].id, path.end) for path in ways(of)} == {("nat-hub", End.ARRIVES), ("tgw-1", End.UNKNOWN)}
    assert {path.end for path in ways(of, OUT)} == {End.ARRIVES, End.UNKNOWN}


def test_a_hubs_more_specific_route_takes_a_part_of_what_comes_from_a_spoke() -> None:
    hub = (Route("0.0.0.0/0", "nat-hub"), Route("52.216.0.0/15", "igw-hub"))
    assert ends(central(transit("0.0.0.0/0", "at-2"), hub=hub)) == {"nat-hub", "igw-hub"}


def test_todays_bill_and_clients_know_the_part_over_which_bytes_were_measured() -> None:
    """Most of the internet goes free of charge; 52.216.0.0/15 over the transit gateway to the hub's NAT gateway."""
    ways_out = (Route("0.0.0.0/0", "igw-1"), Route("52.216.0.0/15", "tgw-1"))
    of = central(transit("0.0.0.0/0", "at-2"))
    of = replace(of, route_tables=(replace(SPOKE_TABLE, routes=ways_out), *of.route_tables[1:]))
    flow = Flow(Client("1", REGION, "vpc-1", SUBNET.id), S3, 0, 7, Level.FLOW_LOGS, "nat-hub")
    assert {(one.resource, count) for one, count in counted(of, Traffic((flow,))).items()} == {
        ("tgw-1", 7),
        ("nat-hub", 7),
    }
    now = Situation(of, Traffic((flow,)), Prices())
    assert now.clients_of_nat["nat-hub"] == (SUBNET, HUB)
    assert now.around(["vpc-1"]) == {"vpc-1", "vpc-2"}


def test_no_endpoint_of_a_hub_takes_what_comes_from_a_spoke() -> None:
    """Gateway endpoints are not reached over a transit gateway."""
    of = central(transit("0.0.0.0/0", "at-2"))
    endpoint = replace(GATEWAY, vpc_id="vpc-2", account_id="2", route_table_ids=("rtb-2",))
    assert ends(replace(of, endpoints=(endpoint,))) == {"nat-hub"}


def test_nat64_over_a_transit_gateway_needs_a_route_in_each_table() -> None:
    spoke = replace(SPOKE_TABLE, routes=(*SPOKE_TABLE.routes, Route("::/0", "tgw-1")))
    hub = (Route("64:ff9b::/96", "nat-hub"), Route("::/0", "eigw-1"))
    of = central(transit("0.0.0.0/0", "at-3"), transit("::/0", "at-2"), hub=hub)
    of = replace(of, route_tables=(spoke, *of.route_tables[1:]))
    assert [hop.id for hop in route_from(of, SUBNET, S3, NAT64_PART).hops] == ["tgw-1", "nat-hub"]
    only_ipv4 = replace(of, transit_routes=of.transit_routes[:1])
    assert route_from(only_ipv4, SUBNET, S3, NAT64_PART).end is End.UNKNOWN


def test_a_firewall_behind_an_endpoint_hands_back_what_goes_on_by_its_subnets_table() -> None:
    """Client to firewall endpoint to NAT gateway: a gateway endpoint in the client's table saves both."""
    firewall = Endpoint("vpce-fw", "1", REGION, "vpc-1", "GatewayLoadBalancer", "fw", subnet_ids=("subnet-fw",))
    of = network(Route("0.0.0.0/0", "vpce-fw"))
    of = replace(
        of,
        subnets=(SUBNET, replace(SUBNET, id="subnet-fw")),
        route_tables=(
            *of.route_tables,
            RouteTable("rtb-fw", "1", REGION, "vpc-1", subnet_ids=("subnet-fw",), routes=(DEFAULT,)),
        ),
        endpoints=(firewall,),
    )
    (path,) = ways(of)
    assert [(hop.kind, hop.id) for hop in path.hops] == [(HopKind.OTHER, "vpce-fw"), (HopKind.NAT_GATEWAY, "nat-1")]
    loop = replace(of, route_tables=of.route_tables[:1])
    assert ways(loop)[0].end is End.NOWHERE
    unread = replace(of, endpoints=(replace(firewall, state="deleting"),))
    assert ways(unread)[0].end is End.UNKNOWN


def test_parts_of_a_plain_table_are_one_and_cost_no_look() -> None:
    assert parts(network(DEFAULT, Route("10.0.0.0/8", "tgw-1")), SUBNET, S3) == (None,)
    assert all(isinstance(one, Address) for one in parts(network(Route("9.9.9.0/24", "nat-1")), SUBNET, S3))
