"""Endpoints that serve other VPCs: who certainly reaches them, what that costs, and for whom it is the best."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from auditor.model.evidence import Evidence
from auditor.model.money import Item, Prices
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
from auditor.model.traffic import Client, Destination, Flow, Level
from auditor.whatif.bill import Traffic, bill
from auditor.whatif.edits import AddInterfaceEndpoint, DropEndpoint, Edit, ShareInterfaceEndpoint, apply_all
from auditor.whatif.forecast import Forecast
from auditor.whatif.islands import Candidate, service_of
from auditor.whatif.plan import make_plan
from auditor.whatif.routing import route_from
from auditor.whatif.saving import Situation
from auditor.whatif.sharing import Spoke, bytes_of, gaining
from tests.whatif.networks import AZS, PRICES, REGION, choices_of_service, evidences
from tests.whatif.test_outcome import GIB, price_alone, situation

KMS = Destination("kms", REGION)
HUB, SPOKE, LANDING, FAR = (
    Subnet("subnet-hub", "1", REGION, "vpc-hub", AZS[0], "10.1.0.0/24"),
    Subnet("subnet-spoke", "2", REGION, "vpc-spoke", AZS[0], "10.2.0.0/24"),
    Subnet("subnet-landing", "1", REGION, "vpc-hub", AZS[0], "10.1.1.0/24"),
    Subnet("subnet-far", "1", REGION, "vpc-far", AZS[0], "10.3.0.0/24"),
)
SHARE = ShareInterfaceEndpoint("vpc-hub", "1", REGION, "kms", ("subnet-hub",), ("vpc-spoke",))


def table(vpc_id: str, *routes: tuple[str, str]) -> RouteTable:
    return RouteTable(f"rtb-{vpc_id}", "1", REGION, vpc_id, is_main=True, routes=tuple(Route(*one) for one in routes))


def attached(vpc_id: str, *subnets: str) -> TransitGatewayAttachment:
    return TransitGatewayAttachment(
        f"attach-{vpc_id}", "tgw-1", "1", REGION, "vpc", vpc_id, "1", route_table_id="tgw-rtb", subnet_ids=subnets
    )


TABLES = {
    "vpc-hub": table("vpc-hub", ("10.1.0.0/16", "local"), ("0.0.0.0/0", "nat-1"), ("10.0.0.0/8", "tgw-1")),
    "vpc-spoke": table("vpc-spoke", ("10.2.0.0/16", "local"), ("0.0.0.0/0", "tgw-1")),
}
NETWORK = Network(
    vpcs=(Vpc("vpc-hub", "1", REGION, ("10.1.0.0/16",)), Vpc("vpc-spoke", "2", REGION, ("10.2.0.0/16",))),
    subnets=(HUB, SPOKE, LANDING),
    route_tables=tuple(TABLES.values()),
    nat_gateways=(NatGateway("nat-1", "1", REGION, "vpc-hub", subnet_id="subnet-landing"),),
    attachments=(attached("vpc-hub", "subnet-landing"), attached("vpc-spoke", "subnet-spoke")),
    transit_routes=(TransitGatewayRoute("tgw-rtb", REGION, "0.0.0.0/0", "attach-vpc-hub"),),
)
"""A hub of account 1 and a spoke of account 2 that leaves through it."""


def hops(network: Network, subnet: Subnet = SPOKE, destination: Destination = KMS) -> list[str]:
    return [hop.id for hop in route_from(network, subnet, destination).hops]


def routed(vpc_id: str, *routes: tuple[str, str]) -> Network:
    """The network with other routes in a VPC."""
    tables = TABLES | {vpc_id: table(vpc_id, *routes)}
    return replace(NETWORK, route_tables=tuple(tables.values()))


def flow(gigabytes: int, subnet: Subnet = SPOKE) -> Flow:
    client = Client("1", REGION, subnet.vpc_id, subnet.id)
    return Flow(client, KMS, 0, gigabytes * GIB, Level.NAMES, "nat-1")


def test_a_spoke_goes_over_the_transit_gateway_and_the_hub_straight() -> None:
    assert hops(NETWORK) == ["tgw-1", "nat-1"]
    shared = SHARE.apply(NETWORK)
    assert hops(shared) == ["tgw-1", SHARE.endpoint_id]
    assert hops(shared, HUB) == [SHARE.endpoint_id]
    assert hops(shared, destination=Destination("kms", "eu-west-1")) == ["tgw-1", "nat-1"]
    assert hops(replace(SHARE, vpc_ids=()).apply(NETWORK)) == ["tgw-1", "nat-1"]


def test_the_vpcs_own_endpoint_with_private_dns_answers_first() -> None:
    own = AddInterfaceEndpoint("vpc-spoke", "2", REGION, "kms", ("subnet-spoke",))
    assert hops(apply_all(NETWORK, [SHARE, own])) == [own.endpoint_id]
    silent = Endpoint("vpce-1", "2", REGION, "vpc-spoke", "Interface", "kms", subnet_ids=("subnet-spoke",))
    assert hops(SHARE.apply(replace(NETWORK, endpoints=(silent,)))) == ["tgw-1", SHARE.endpoint_id]


def test_a_hosted_zone_comes_before_the_route_of_a_gateway_endpoint() -> None:
    gateway = Endpoint("vpce-s3", "2", REGION, "vpc-spoke", "Gateway", "s3", route_table_ids=("rtb-vpc-spoke",))
    share = replace(SHARE, service="s3")
    assert hops(share.apply(replace(NETWORK, endpoints=(gateway,))), destination=Destination("s3", REGION)) == [
        "tgw-1",
        share.endpoint_id,
    ]


def test_hosted_zones_need_the_vpcs_dns_attributes_which_the_edit_turns_on() -> None:
    off = replace(NETWORK, vpcs=tuple(replace(vpc, dns_hostnames=False) for vpc in NETWORK.vpcs))
    shared = SHARE.apply(off)
    assert hops(shared) == ["tgw-1", SHARE.endpoint_id]
    assert {(vpc.dns_support, vpc.dns_hostnames) for vpc in shared.vpcs} == {(True, True)}
    assert hops(replace(shared, vpcs=off.vpcs)) == ["tgw-1", "nat-1"]
    assert service_of([SHARE], NETWORK) == (frozenset({"vpc-hub", "vpc-spoke"}), "kms")
    assert service_of([SHARE], off) is None


OUT = ("0.0.0.0/0", "tgw-1")


@pytest.mark.parametrize(
    ("routes", "reaches"),
    [
        ([OUT], True),
        ([OUT, ("10.1.0.0/16", "tgw-1")], True),
        ([OUT, ("10.1.0.0/16", "pcx-1")], False),
        ([OUT, ("10.1.0.0/16", "pcx-1"), ("10.1.0.0/24", "tgw-1")], True),
        ([OUT, ("10.1.0.128/25", "pcx-1")], False),
        ([OUT, ("10.1.0.128/25", "tgw-1")], True),
        ([OUT, ("10.1.1.0/24", "pcx-1")], True),
        ([OUT, ("10.0.0.0/8", "local")], False),
        ([OUT, ("pl-customer", "pcx-1")], False),
        ([OUT, ("pl-customer", "tgw-1")], True),
        ([OUT, ("pl-s3", "vpce-1")], True),
        ([OUT, ("::/0", "eigw-1")], True),
        ([("0.0.0.0/0", "nat-1")], False),
        ([], False),
    ],
    ids=str,
)
def test_the_longest_prefix_decides_whether_a_spoke_reaches_the_hub(
    routes: list[tuple[str, str]], *, reaches: bool
) -> None:
    """The endpoint is in 10.1.0.0/24; all of it must lead to the transit gateway."""
    assert (SHARE.endpoint_id in hops(SHARE.apply(routed("vpc-spoke", *routes)))) == reaches


@pytest.mark.parametrize(
    ("back", "reaches"), [("10.0.0.0/8", True), ("10.2.0.0/24", True), ("10.2.0.0/25", False), ("10.3.0.0/16", False)]
)
def test_the_hub_must_lead_back(back: str, *, reaches: bool) -> None:
    network = routed("vpc-hub", ("0.0.0.0/0", "nat-1"), (back, "tgw-1"))
    assert (SHARE.endpoint_id in hops(SHARE.apply(network))) == reaches


def test_every_subnet_of_the_endpoint_must_be_reached() -> None:
    table_of_landing = replace(table("vpc-hub", ("0.0.0.0/0", "nat-1")), id="rtb-2", is_main=False)
    split = replace(table_of_landing, subnet_ids=("subnet-landing",))
    network = replace(NETWORK, route_tables=(*NETWORK.route_tables, split))
    both = replace(SHARE, subnet_ids=("subnet-hub", "subnet-landing"))
    assert hops(SHARE.apply(network)) == ["tgw-1", SHARE.endpoint_id]
    assert hops(both.apply(network)) == ["tgw-1", "nat-1"]
    assert hops(replace(SHARE, subnet_ids=("subnet-hub", "subnet-gone")).apply(NETWORK)) == ["tgw-1", "nat-1"]
    assert hops(replace(SHARE, subnet_ids=()).apply(NETWORK)) == ["tgw-1", "nat-1"]


@pytest.mark.parametrize("gone", ["attach-vpc-hub", "attach-vpc-spoke"])
def test_both_must_be_attached(gone: str) -> None:
    network = replace(NETWORK, attachments=tuple(one for one in NETWORK.attachments if one.id != gone))
    assert SHARE.endpoint_id not in hops(SHARE.apply(network))


def test_a_spoke_with_a_nat_gateway_of_its_own_pays_the_transit_gateway_instead() -> None:
    """1,000 GB: 45 before, 20 + 10 + 7.30 after. The VPCs' DNS attributes are on: nothing but the endpoint changes."""
    nat = NatGateway("nat-own", "2", REGION, "vpc-spoke", subnet_id="subnet-spoke")
    network = replace(
        routed("vpc-spoke", ("0.0.0.0/0", "nat-own"), ("10.0.0.0/8", "tgw-1")),
        nat_gateways=(*NETWORK.nat_gateways, nat),
        vpcs=tuple(replace(vpc, dns_support=True, dns_hostnames=True) for vpc in NETWORK.vpcs),
    )
    now = Situation(network, Traffic((replace(flow(1000), measured_at="nat-own"),)), PRICES)
    bounds = price_alone(now, (SHARE,))
    assert bounds.low.usd == bounds.high.usd == Decimal("7.7")


def test_applied_and_priced_again_the_bill_falls_by_what_was_promised() -> None:
    """Central egress pays the transit gateway before and after: 1,000 GB at 0.045 − 0.01, less 7.30."""
    traffic = Traffic((flow(1000), flow(500, LANDING)))
    now = Situation(NETWORK, traffic, PRICES)
    promised = price_alone(now, (SHARE,)).low.usd
    assert promised == Decimal(35) + Decimal("17.5") - Decimal("7.3")
    after = SHARE.apply(NETWORK)
    there = tuple(replace(one, measured_at=SHARE.endpoint_id) for one in traffic.flows)
    before, now_usd = bill(NETWORK, traffic, PRICES).usd, bill(after, Traffic(there), PRICES).usd
    assert before is not None
    assert now_usd is not None
    assert before - now_usd == promised


def test_dropping_a_shared_endpoint_sends_its_clients_back_to_the_nat_gateway() -> None:
    """1,000 GB that a spoke sent: the hours are saved, the NAT gateway costs 45, the endpoint's 10 go."""
    shared = SHARE.apply(NETWORK)
    client = Client("2", REGION, "vpc-spoke", "subnet-spoke")
    measured = Flow(client, KMS, 0, 1000 * GIB, Level.NAMES, SHARE.endpoint_id)
    drop = DropEndpoint(SHARE.endpoint_id, REGION)
    now = Situation(shared, Traffic((measured,)), PRICES)
    assert price_alone(now, (drop,)).low.usd == Decimal("7.3") + 10 - 45
    assert Forecast.of(now, now.traffic).after((drop,)).saved.low.usd == Decimal("7.3") + 10 - 45


@pytest.mark.parametrize(
    ("gigabytes", "zones", "joins"), [(365, 1, True), (366, 1, False), (730, 2, True), (731, 2, False), (0, 1, False)]
)
def test_a_spoke_gains_while_the_transit_gateway_costs_no_more_than_its_own_hours(
    gigabytes: int, zones: int, *, joins: bool
) -> None:
    """730 hours at 0.01 a zone over 0.02 a GB."""
    now = Situation(NETWORK, Traffic((flow(gigabytes),)), PRICES)
    own = AddInterfaceEndpoint("vpc-spoke", "2", REGION, "kms", ("subnet-spoke", "subnet-other")[:zones])
    assert gaining(now, SHARE, [Spoke("vpc-spoke", (SPOKE,), own)]) == (("vpc-spoke",) if joins else ())
    assert bytes_of(now, "vpc-spoke", KMS) == gigabytes * GIB


def test_without_an_endpoint_of_its_own_to_be_had_any_amount_joins() -> None:
    now = Situation(NETWORK, Traffic((flow(100_000),)), PRICES)
    assert gaining(now, SHARE, [Spoke("vpc-spoke", (SPOKE,), None)]) == ("vpc-spoke",)


def test_a_spoke_whose_way_to_the_hub_costs_more_than_today_stays_away() -> None:
    rows = tuple(replace(p, usd=Decimal("0.009")) if p.item is Item.NAT_GB else p for p in PRICES.rows)
    now = Situation(NETWORK, Traffic((flow(100),)), Prices(rows))
    assert gaining(now, SHARE, [Spoke("vpc-spoke", (SPOKE,), None)]) == ()


def test_bytes_that_may_be_of_another_vpc_are_nobodys() -> None:
    unknown = replace(flow(100), client=Client("1", REGION))
    hub = replace(HUB, id="subnet-more")
    now = Situation(replace(NETWORK, subnets=(*NETWORK.subnets, hub)), Traffic((unknown,)), PRICES)
    assert bytes_of(now, "vpc-spoke", KMS) == 0


@given(evidences(hub=True), st.data())
def test_whoever_is_left_out_would_gain_nothing_by_joining(evidence: Evidence, data: st.DataObject) -> None:
    """With one more spoke the shared endpoint saves no more than without it and with that spoke's own endpoint.

    Spokes whose bytes may go several ways are left out for their doubt alone.
    """
    now = situation(evidence)
    edit = data.draw(choices_of_service(now.network).filter(lambda one: isinstance(one, ShareInterfaceEndpoint)))
    assert isinstance(edit, ShareInterfaceEndpoint)
    spokes = [spoke_of(now.network, vpc_id) for vpc_id in edit.vpc_ids]
    best = gaining(now, edit, spokes)
    with_best = expected(now, replace(edit, vpc_ids=best))
    certain = [one for one in spokes if all(len([*now.ways(subnet, KMS)]) == 1 for subnet in one.subnets)]
    for spoke in (one for one in certain if one.vpc_id not in best):
        more = expected(now, replace(edit, vpc_ids=(*best, spoke.vpc_id)))
        alone = expected(now, replace(edit, vpc_ids=best), spoke.own) if spoke.own else with_best
        assert more is None or more <= max(one for one in (with_best, alone) if one is not None)


def spoke_of(network: Network, vpc_id: str) -> Spoke:
    subnets = tuple(subnet for subnet in network.subnets if subnet.vpc_id == vpc_id)
    return Spoke(vpc_id, subnets, AddInterfaceEndpoint(vpc_id, "1", REGION, "kms", (subnets[0].id,)))


def expected(now: Situation, *made: Edit) -> Decimal | None:
    return Forecast.of(now, now.traffic).to(apply_all(now.network, made)).saved.expected.usd


def test_a_shared_endpoint_and_one_of_a_vpcs_own_for_one_service_exclude_each_other() -> None:
    """Spoke and hub have 300 GB each: shared 600 × 0.035 − 7.30 = 13.70.

    The spoke's own saves 300 × 0.055 − 7.30 = 9.20, the hub's own 300 × 0.035 − 7.30 = 3.20: 12.40 together. An
    endpoint for Logs goes with either.
    """
    hub = replace(HUB, id="subnet-app")
    network = replace(NETWORK, subnets=(*NETWORK.subnets, hub))
    now = Situation(
        network,
        Traffic((flow(300), flow(300, hub), replace(flow(300), destination=Destination("logs", REGION)))),
        PRICES,
    )
    changes: list[Edit] = [
        SHARE,
        AddInterfaceEndpoint("vpc-spoke", "2", REGION, "kms", ("subnet-spoke",)),
        AddInterfaceEndpoint("vpc-hub", "1", REGION, "kms", ("subnet-hub",)),
        AddInterfaceEndpoint("vpc-spoke", "2", REGION, "logs", ("subnet-spoke",)),
        replace(SHARE, vpc_ids=(), subnet_ids=("subnet-landing",)),
    ]
    start = Forecast.of(now, now.traffic)
    plan = make_plan(start, [Candidate(str(n), (one,), start.after((one,)).saved) for n, one in enumerate(changes)])
    assert [(step.id, step.expected) for step in plan.steps] == [("0", Decimal("13.7")), ("3", Decimal("9.2"))]
    assert plan.is_proven


def test_what_only_both_together_would_save_is_not_planned() -> None:
    """Of 600 GB the spoke's own saves 25.70, and the shared one 3.20 more for the hub's 300: AWS refuses the second."""
    network = replace(NETWORK, subnets=(*NETWORK.subnets, replace(HUB, id="subnet-app")))
    now = Situation(network, Traffic((flow(600), flow(300, network.subnets[-1]))), PRICES)
    changes: list[Edit] = [SHARE, AddInterfaceEndpoint("vpc-spoke", "2", REGION, "kms", ("subnet-spoke",))]
    start = Forecast.of(now, now.traffic)
    assert start.after(changes).saved.expected.usd == Decimal("28.9")
    plan = make_plan(start, [Candidate(str(n), (one,), start.after((one,)).saved) for n, one in enumerate(changes)])
    assert [(step.id, step.expected) for step in plan.steps] == [("1", Decimal("25.7"))]
    assert plan.is_proven


def test_networks_of_which_nothing_is_known_reach_nothing() -> None:
    assert hops(SHARE.apply(replace(NETWORK, subnets=(replace(SPOKE, cidr=""),), vpcs=())), SPOKE) == ["tgw-1"]
    assert hops(SHARE.apply(replace(NETWORK, subnets=(*NETWORK.subnets, FAR))), FAR) == []
