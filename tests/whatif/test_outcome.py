"""Savings: whatever the open bytes did, the saving lies between the bounds; where nothing is open, they are one."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from decimal import Decimal
from fractions import Fraction
from operator import itemgetter

from hypothesis import assume, given, settings
from hypothesis import strategies as st

from auditor.analyzer import situation_of
from auditor.model.evidence import Evidence
from auditor.model.money import Difference, Item
from auditor.model.network import Network
from auditor.model.resources import (
    Endpoint,
    Route,
    RouteTable,
    Subnet,
    TransitGatewayAttachment,
    TransitGatewayRoute,
    Vpc,
)
from auditor.model.traffic import Client, Destination, Flow, Level
from auditor.whatif.bill import Traffic, Usage, repriced
from auditor.whatif.edits import (
    AddGatewayEndpoint,
    DropEndpoint,
    DropNatGateway,
    Edit,
    LimitPrivateDnsToInboundResolver,
    RouteSubnetToNat,
    TurnOnPrivateDns,
    apply_all,
)
from auditor.whatif.flows import traffic_of
from auditor.whatif.outcome import Outcome
from auditor.whatif.saving import Bounds, Situation
from tests.whatif import oracle
from tests.whatif.networks import AZS, PRICES, REGION, USD, choices_of_service, edits, evidences, prices_of
from tests.whatif.test_routing import NETWORK, SERVICES

GIB, PIB = 2**30, 2**50


def situation(evidence: Evidence) -> Situation:
    return situation_of(evidence, REGION, traffic_of(evidence))


def price_alone(now: Situation, made: tuple[Edit, ...]) -> Bounds:
    """What some edits save if nothing else changes."""
    return Outcome.of(now).to(apply_all(now.network, made)).bounds


def amounts(bounds: Bounds) -> tuple[Fraction, Fraction]:
    low, high = bounds.low.usd, bounds.high.usd
    assert low is not None
    assert high is not None
    return Fraction(low), Fraction(high)


@settings(max_examples=25)
@given(evidences(), st.data())
def test_no_way_that_the_bytes_may_have_gone_saves_less_than_low_or_more_than_high(
    evidence: Evidence, data: st.DataObject
) -> None:
    """Bytes of an open flow may be split between any ways that lead over where they were measured."""
    now = situation(evidence)
    after = apply_all(now.network, data.draw(st.lists(edits(now.network), min_size=1, max_size=3)))
    low, high = amounts(Outcome.of(now).to(after).bounds)
    for _ in range(3):
        taken = [part for flow in now.traffic.flows for part in _parts(data, now.network, flow)]
        assert low <= oracle.saving(now.network, after, taken) <= high


def _parts(data: st.DataObject, network: Network, flow: Flow) -> list[tuple[Flow, oracle.Way, int]]:
    """A flow that is not open takes its one way; one that is takes one or two of its ways."""
    found = oracle.ways(network, flow, SERVICES)
    first, second = (data.draw(st.sampled_from(found)) for _ in range(2))
    some = data.draw(st.sampled_from([flow.bytes, flow.bytes // 2]))
    return [(flow, first, some), (flow, second, flow.bytes - some)]


@given(st.one_of(evidences(), evidences(hub=True)), st.data())
def test_bounds_are_reached(evidence: Evidence, data: st.DataObject) -> None:
    """Some way of each flow saves exactly `low`, some exactly `high`: they are no wider than what is not known."""
    now = situation(evidence)
    after = apply_all(now.network, [data.draw(st.one_of(edits(now.network), choices_of_service(now.network)))])
    low, high = amounts(Outcome.of(now).to(after).bounds)
    saved = [
        [
            (oracle.saving(now.network, after, [(flow, way, GIB)]), way)
            for way in oracle.ways(now.network, flow, SERVICES)
        ]
        for flow in now.traffic.flows
    ]
    for bound, choose in ((low, min), (high, max)):
        chosen = [choose(found, key=itemgetter(0))[1] for found in saved]
        taken = [(flow, way, flow.bytes) for flow, way in zip(now.traffic.flows, chosen, strict=True)]
        assert oracle.saving(now.network, after, taken) == bound


@given(st.one_of(evidences(2**54), evidences(2**54, hub=True)), st.data())
def test_where_nothing_is_open_the_saving_is_one_figure_across_all_tiers(
    evidence: Evidence, data: st.DataObject
) -> None:
    whole = situation(evidence)
    closed = tuple(flow for flow in whole.traffic.flows if len(oracle.ways(whole.network, flow, SERVICES)) == 1)
    assume(closed)
    now = replace(whole, traffic=Traffic(closed))
    any_edit = st.one_of(edits(now.network), choices_of_service(now.network))
    after = apply_all(now.network, data.draw(st.lists(any_edit, min_size=1, max_size=4)))
    low, high = amounts(Outcome.of(now).to(after).bounds)
    taken = [(flow, oracle.ways(now.network, flow, SERVICES)[0], flow.bytes) for flow in closed]
    assert low == high == oracle.saving(now.network, after, taken)


@given(evidences(), st.data())
def test_low_is_never_above_high(evidence: Evidence, data: st.DataObject) -> None:
    now = situation(evidence)
    low, high = amounts(price_alone(now, tuple(data.draw(st.lists(edits(now.network), max_size=4)))))
    assert low <= high


@given(evidences(), st.data())
def test_changes_one_by_one_add_up_to_all_at_once(evidence: Evidence, data: st.DataObject) -> None:
    now = situation(evidence)
    made = data.draw(st.lists(edits(now.network), max_size=5))
    outcome, sums = Outcome.of(now), [Fraction(0), Fraction(0)]
    for edit in made:
        outcome = outcome.to(edit.apply(outcome.network))
        sums = [old + new for old, new in zip(sums, amounts(outcome.bounds), strict=True)]
    assert tuple(sums) == amounts(price_alone(now, tuple(made)))


def test_a_closed_flow_saves_all_that_its_way_costs() -> None:
    """1,000 GB to S3 from another zone: 45 of the NAT gateway and 10 of the transfer between zones."""
    now = closed_s3(NETWORK, 1000 * GIB)
    add = AddGatewayEndpoint("vpc-1", "1", REGION, "s3", ("rtb-1",))
    bounds = price_alone(now, (add,))
    assert bounds.low.usd == bounds.high.usd == Decimal(55)
    assert {(line.label, line.usd) for line in bounds.high.avoided} == {
        ("data processed", Decimal(45)),
        ("transfer between availability zones", Decimal(10)),
    }


def test_bytes_that_move_to_an_unmeasured_nat_gateway_still_cost_there() -> None:
    """Only the dropped one's 32.85 are saved: its bytes are processed by the other, of whose own nothing is known."""
    other = replace(NETWORK.nat_gateways[0], id="nat-2")
    network = replace(NETWORK, nat_gateways=(*NETWORK.nat_gateways, other))
    now = closed_s3(network, 1000 * GIB, frozenset({"nat-2"}))
    assert price_alone(now, (DropNatGateway("nat-1", REGION, replaced_by="nat-2"),)).low.usd == Decimal("32.85")


def test_bytes_that_lose_their_way_save_nothing_and_are_told() -> None:
    """Dropping the NAT gateway saves its hours; that its 1,000 GB go nowhere is no saving of 55."""
    outcome = Outcome.of(closed_s3(NETWORK, 1000 * GIB))
    after = outcome.to(DropNatGateway("nat-1", REGION).apply(NETWORK))
    assert after.cut
    assert after.bounds.low.usd == Decimal("32.85")


def test_a_way_that_adds_a_cost_of_unknown_price_makes_the_least_saving_unknown() -> None:
    """The bytes may come from the zone of the NAT gateway that goes: then they cross zones, at an unknown price."""
    prices = prices_of({item: usd for item, usd in USD.items() if item is not Item.INTER_AZ_GB})
    other = replace(NETWORK.nat_gateways[0], id="nat-2", subnet_id="subnet-a")
    network = replace(NETWORK, nat_gateways=(*NETWORK.nat_gateways, other))
    flow = Flow(Client("1", REGION), Destination("unknown"), 0, GIB, Level.METRICS, "nat-1")
    bounds = price_alone(
        Situation(network, Traffic((flow,)), prices), (DropNatGateway("nat-1", REGION, replaced_by="nat-2"),)
    )
    assert bounds.low.usd is None


def test_a_subnet_is_told_from_others_that_share_its_zone_and_table() -> None:
    """Only the second subnet is moved to the NAT gateway of its zone: at the most all bytes are its own."""
    twin = replace(NETWORK.subnets[0], id="subnet-twin")
    near = replace(NETWORK.nat_gateways[0], id="nat-2", subnet_id="subnet-a")
    network = replace(NETWORK, subnets=(*NETWORK.subnets, twin), nat_gateways=(*NETWORK.nat_gateways, near))
    flow = Flow(Client("1", REGION), Destination("unknown"), 0, 1000 * GIB, Level.METRICS, "nat-1")
    edit = RouteSubnetToNat("subnet-twin", REGION, "rtb-1", "nat-2")
    bounds = price_alone(Situation(network, Traffic((flow,)), PRICES), (edit,))
    assert (bounds.low.usd, bounds.high.usd) == (Decimal(0), Decimal(10))


def test_an_endpoint_of_another_vpc_moves_the_tier_in_which_bytes_are_saved() -> None:
    """The account has used 6 PiB; the 1,000 GB that leave the S3 endpoint were the last ones, at 0.004."""
    used = Endpoint("vpce-far", "1", REGION, "vpc-2", "Interface", "kms")
    own = Endpoint("vpce-s3", "1", REGION, "vpc-1", "Interface", "s3", private_dns=True, subnet_ids=("subnet-a",))
    gateway = Endpoint("vpce-gw", "1", REGION, "vpc-1", "Gateway", "s3", route_table_ids=("rtb-1",))
    network = replace(NETWORK, endpoints=(used, own, gateway))
    flows = (
        Flow(Client("1", REGION, "vpc-1"), Destination("s3", REGION), 0, 1000 * GIB, Level.METRICS, "vpce-s3"),
        Flow(Client("1", REGION, "vpc-2"), Destination("kms", REGION), 0, 6 * PIB, Level.METRICS, "vpce-far"),
    )
    bounds = price_alone(Situation(network, Traffic(flows), PRICES), (DropEndpoint("vpce-s3", REGION),))
    assert bounds.low.usd == bounds.high.usd == Decimal("7.3") + 4


def test_a_spoke_saves_the_transit_gateway_too() -> None:
    """1,000 GB through the hub: 45 + 20; how many of the hub's bytes are the spoke's nobody measured."""
    now = Situation(hub_and_spoke(), Traffic((open_flow("nat-1", 1000 * GIB),)), PRICES)
    bounds = price_alone(now, (AddGatewayEndpoint("vpc-spoke", "2", REGION, "s3", ("rtb-spoke",)),))
    assert (bounds.low.usd, bounds.high.usd) == (Decimal(0), Decimal(65))


def test_of_two_endpoints_for_one_service_only_the_first_has_the_vpcs_traffic() -> None:
    """The second has private DNS too but is not asked; what it measured stays with it, and is not moved by its end."""
    first = Endpoint("vpce-1", "1", REGION, "vpc-1", "Interface", "kms", private_dns=True)
    network = replace(NETWORK, endpoints=(first, replace(first, id="vpce-2", subnet_ids=("subnet-a",))))
    flow = Flow(Client("1", REGION, "vpc-1"), Destination("kms", REGION), 0, 1000 * GIB, Level.METRICS, "vpce-2")
    outcome = Outcome.of(Situation(network, Traffic((flow,)), PRICES))
    dropped = outcome.to(DropEndpoint("vpce-2", REGION).apply(network))
    assert (dropped.bounds.low.usd, bool(dropped.cut)) == (Decimal("7.3"), True)


def test_private_dns_moves_unknown_bytes_at_the_most_all_of_them() -> None:
    """1,000 GB at 0.045 − 0.01 a GB, and 10 where they cross zones."""
    endpoint = Endpoint("vpce-1", "1", REGION, "vpc-1", "Interface", "kms", subnet_ids=("subnet-a",))
    now = Situation(replace(NETWORK, endpoints=(endpoint,)), Traffic((open_flow("nat-1", 1000 * GIB),)), PRICES)
    bounds = price_alone(now, (TurnOnPrivateDns("vpce-1", "vpc-1", REGION),))
    assert (bounds.low.usd, bounds.high.usd) == (Decimal(0), Decimal(45))


def test_the_vpcs_dns_attributes_alone_move_them_too() -> None:
    """Private DNS is on, the VPC's DNS hostnames are off: turning them on is worth the same."""
    endpoint = Endpoint("vpce-1", "1", REGION, "vpc-1", "Interface", "kms", private_dns=True, subnet_ids=("subnet-a",))
    vpc = replace(NETWORK.vpcs[0], dns_hostnames=False)
    network = replace(NETWORK, vpcs=(vpc,), endpoints=(endpoint,))
    now = Situation(network, Traffic((open_flow("nat-1", 1000 * GIB),)), PRICES)
    bounds = price_alone(now, (TurnOnPrivateDns("vpce-1", "vpc-1", REGION),))
    assert (bounds.low.usd, bounds.high.usd) == (Decimal(0), Decimal(45))


def test_bytes_at_an_endpoint_may_be_of_clients_beyond_a_transit_gateway() -> None:
    """They stay on it whatever its VPC does: 1,000 GB at 0.01 are saved at the most, nothing at the least."""
    paid = Endpoint("vpce-1", "1", REGION, "vpc-1", "Interface", "s3", private_dns=True)
    free = Endpoint("vpce-2", "1", REGION, "vpc-1", "Gateway", "s3", route_table_ids=("rtb-1",))
    flow = Flow(Client("1", REGION, "vpc-1"), Destination("s3", REGION), 0, 1000 * GIB, Level.METRICS, "vpce-1")
    way_in = (*NETWORK.route_tables[0].routes, Route("10.9.0.0/16", "tgw-1"))
    connected = replace(NETWORK, route_tables=(replace(NETWORK.route_tables[0], routes=way_in),))
    for network, low in ((NETWORK, 10), (connected, 0)):
        now = Situation(replace(network, endpoints=(paid, free)), Traffic((flow,)), PRICES)
        bounds = price_alone(now, (LimitPrivateDnsToInboundResolver("vpce-1", REGION),))
        assert (bounds.low.usd, bounds.high.usd) == (Decimal(low), Decimal(10))


def test_a_change_in_a_vpc_to_which_an_earlier_change_led_is_seen() -> None:
    """First subnet-a is led to a private NAT gateway of another VPC and pays twice, then that VPC's way moves."""
    far = replace(NETWORK.subnets[1], id="subnet-far", vpc_id="vpc-2", az=AZS[0])
    way = RouteTable("rtb-far", "1", REGION, "vpc-2", is_main=True, routes=(Route("0.0.0.0/0", "nat-far-1"),))
    nat = replace(NETWORK.nat_gateways[0], id="nat-far-1", vpc_id="vpc-2", subnet_id="subnet-far")
    network = replace(
        NETWORK,
        subnets=(*NETWORK.subnets, far),
        route_tables=(*NETWORK.route_tables, way),
        nat_gateways=(*NETWORK.nat_gateways, nat, replace(nat, id="nat-private", connectivity="private")),
    )
    table = replace(way, routes=(Route("0.0.0.0/0", "igw-1"),))
    first = RouteSubnetToNat("subnet-a", REGION, "rtb-1", "nat-private").apply(network)
    second = replace(first, route_tables=tuple(table if t.id == "rtb-far" else t for t in first.route_tables))
    one = Outcome.of(closed_s3(network, 1000 * GIB)).to(first)
    assert (one.bounds.low.usd, one.to(second).bounds.low.usd) == (Decimal(-35), Decimal(45))


def test_endpoints_of_one_pool_give_back_their_tiers_one_after_the_other() -> None:
    """3 PiB and 3 PiB leave a pool of 6: all three tiers are saved, whichever endpoint is named first."""
    usages = [Usage(name, "data processed", Item.INTERFACE_ENDPOINT_GB, REGION, "1") for name in ("vpce-a", "vpce-b")]
    pools = Counter({usages[0].pool: 6 * PIB})
    assert repriced(dict.fromkeys(usages, 3 * PIB), pools, PRICES).usd == Decimal("39845.888")
    assert repriced(dict.fromkeys(usages, -3 * PIB), pools, PRICES).usd == Decimal("-39845.888")


def test_no_change_is_no_difference() -> None:
    nothing = Bounds(Difference(), Difference())
    assert price_alone(closed_s3(NETWORK, GIB), ()) == nothing


def closed_s3(network: Network, count: int, unmeasured: frozenset[str] = frozenset()) -> Situation:
    """Bytes from subnet-a to S3, known to the last."""
    flow = Flow(Client("1", REGION, "vpc-1", "subnet-a"), Destination("s3", REGION), 0, count, Level.FLOW_LOGS, "nat-1")
    return Situation(network, Traffic((flow,), unmeasured), PRICES)


def open_flow(nat_id: str, count: int) -> Flow:
    return Flow(Client("1", REGION), Destination("unknown"), 0, count, Level.METRICS, nat_id)


def hub_and_spoke() -> Network:
    """A hub with the NAT gateway in one account, a spoke in another; each sees its half of the attachments."""
    attached = TransitGatewayAttachment(
        "tgw-attach-hub", "tgw-1", "1", REGION, "vpc", "vpc-1", "1", subnet_ids=("subnet-b",)
    )
    spoke = TransitGatewayAttachment("tgw-attach-spoke", "tgw-1", "1", REGION, "vpc", "vpc-spoke", "2")
    return replace(
        NETWORK,
        vpcs=(*NETWORK.vpcs, Vpc("vpc-spoke", "2", REGION)),
        subnets=(*NETWORK.subnets, Subnet("subnet-spoke", "2", REGION, "vpc-spoke", AZS[1])),
        route_tables=(
            *NETWORK.route_tables,
            RouteTable("rtb-spoke", "2", REGION, "vpc-spoke", is_main=True, routes=(Route("0.0.0.0/0", "tgw-1"),)),
        ),
        attachments=(attached, spoke, replace(spoke, route_table_id="tgw-rtb-1")),
        transit_routes=(TransitGatewayRoute("tgw-rtb-1", REGION, "0.0.0.0/0", "tgw-attach-hub"),),
    )
