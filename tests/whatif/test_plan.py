"""The plan: its steps add up to the saving of the network that they lead to, and none takes back what others give."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from fractions import Fraction

from hypothesis import given
from hypothesis import strategies as st

from auditor.model.evidence import Evidence
from auditor.model.money import Item, total
from auditor.model.network import Network
from auditor.model.resources import Endpoint, Route, RouteTable
from auditor.model.traffic import Client, Destination, Flow, Level
from auditor.whatif.bill import Traffic
from auditor.whatif.edits import (
    AddGatewayEndpoint,
    DropNatGateway,
    Edit,
    RouteSubnetToNat,
    TurnOnPrivateDns,
    apply_all,
)
from auditor.whatif.forecast import Forecast
from auditor.whatif.islands import Candidate
from auditor.whatif.outcome import Outcome
from auditor.whatif.plan import Step, make_plan, numbered
from auditor.whatif.saving import Situation
from tests.whatif import oracle
from tests.whatif.networks import PRICES, REGION, USD, edits, evidences, prices_of
from tests.whatif.test_outcome import GIB, amounts, closed_s3, open_flow, price_alone, situation
from tests.whatif.test_routing import NETWORK, SERVICES


def candidates(now: Situation, *changes: tuple[Edit, ...]) -> list[Candidate]:
    start = Forecast.of(now, now.traffic)
    return [Candidate(str(number), edits, start.after(edits).saved) for number, edits in enumerate(changes)]


def plan_of(now: Situation, proposed: list[Candidate]) -> list[Step]:
    return list(make_plan(Forecast.of(now, now.traffic), proposed).steps)


def after(now: Situation, proposed: list[Candidate], steps: list[Step]) -> Network:
    """The network once the plan is carried out."""
    edits = {candidate.id: candidate.edits for candidate in proposed}
    return apply_all(now.network, (edit for step in steps for edit in edits[step.id]))


@given(evidences(), st.data())
def test_steps_add_up_to_the_saving_of_the_network_they_lead_to(evidence: Evidence, data: st.DataObject) -> None:
    """To the last digit, at the least and at the most; and no step costs anything."""
    now = situation(evidence)
    changes = data.draw(st.lists(st.lists(edits(now.network), min_size=1, max_size=2).map(tuple), max_size=6))
    proposed = candidates(now, *changes)
    steps = plan_of(now, proposed)
    planned = Outcome.of(now).to(after(now, proposed, steps)).bounds
    assert (total(step.low for step in steps), total(step.high for step in steps)) == (
        planned.low.usd,
        planned.high.usd,
    )
    assert all(step.low >= 0 and step.high >= 0 for step in steps)
    assert all(total(part.usd for part in step.parts) == step.saving for step in numbered([steps]))


@given(evidences(), st.data())
def test_a_look_at_the_vpcs_that_decide_a_change_prices_it_like_one_at_all(
    evidence: Evidence, data: st.DataObject
) -> None:
    """Every line, the level and the flows that are cut; two edits, for the second may change what the first made."""
    now = Forecast.of(situation(evidence), situation(evidence).traffic)
    changes = data.draw(st.lists(edits(now.network), min_size=1, max_size=2).map(tuple))
    here = now.within(now.around(changes))
    near, whole = (one.to(apply_all(one.network, changes)) for one in (here, now))
    assert (near.saved, near.cut) == (whole.saved, whole.cut)
    assert now.after(changes).saved == whole.saved


@given(evidences(), st.data())
def test_a_plan_cuts_nothing_off(evidence: Evidence, data: st.DataObject) -> None:
    """No way that bytes may have taken ends nowhere once the plan is carried out, unless it did before."""
    now = situation(evidence)
    proposed = candidates(now, *[(edit,) for edit in data.draw(st.lists(edits(now.network), max_size=5))])
    planned = after(now, proposed, plan_of(now, proposed))
    for flow in now.traffic.flows:
        for way in oracle.ways(now.network, flow, SERVICES) if flow.bytes else ():
            before, then = (oracle.trip(network, flow, way) for network in (now.network, planned))
            assert before.hops == then.hops or not oracle.is_cut(before, then)


@given(evidences(), st.data())
def test_the_same_candidate_twice_is_planned_once(evidence: Evidence, data: st.DataObject) -> None:
    now = situation(evidence)
    edit = data.draw(edits(now.network))
    assert len(plan_of(now, candidates(now, (edit,), (edit,)))) <= 1


def test_a_nat_gateway_to_which_the_plan_leads_is_not_dropped_by_it_as_idle() -> None:
    """Zone b's idle NAT gateway takes over 10,000 GB that crossed zones (100 a month), so its hours (32.85) stay."""
    near = replace(NETWORK.nat_gateways[0], id="nat-2", subnet_id="subnet-a")
    network = replace(NETWORK, nat_gateways=(*NETWORK.nat_gateways, near))
    client = Client("1", REGION, "vpc-1", "subnet-a")
    flow = Flow(client, Destination("internet"), 0, 10_000 * GIB, Level.FLOW_LOGS, "nat-1")
    now = Situation(network, Traffic((flow, open_flow("nat-2", 0))), PRICES)
    drop, route = DropNatGateway("nat-2", REGION), RouteSubnetToNat("subnet-a", REGION, "rtb-1", "nat-2")
    steps = plan_of(now, candidates(now, (drop,), (route,)))
    assert [(step.id, step.low) for step in steps] == [("1", Decimal(100))]


def test_endpoints_come_before_subnets_get_tables_of_their_own() -> None:
    """The copy of a table has its endpoints; an endpoint that came after it would be named in the old table only.

    10,000 GB of subnet-a to the internet cross zones for 100 USD, 1,000 GB to S3 are saved by the endpoint, 55.
    """
    near = replace(NETWORK.nat_gateways[0], id="nat-2", subnet_id="subnet-a")
    network = replace(NETWORK, nat_gateways=(*NETWORK.nat_gateways, near))
    client = Client("1", REGION, "vpc-1", "subnet-a")
    flows = tuple(
        Flow(client, Destination(service, REGION), 0, count * GIB, Level.FLOW_LOGS, "nat-1")
        for service, count in (("internet", 10_000), ("s3", 1000))
    )
    now = Situation(network, Traffic(flows), PRICES)
    move = RouteSubnetToNat("subnet-a", REGION, "rtb-1", "nat-2")
    steps = plan_of(now, candidates(now, (move,), (AddGatewayEndpoint("vpc-1", "1", REGION, "s3", ("rtb-1",)),)))
    assert [(step.id, step.expected) for step in steps] == [("1", Decimal(55)), ("0", Decimal(100))]


def test_the_steps_of_a_region_stay_in_their_order_among_those_of_others() -> None:
    """Each is priced on top of those before it."""
    first, second, other = (Step(name, *(Decimal(usd),) * 3) for name, usd in (("a", 5), ("b", 9), ("c", 7)))
    rows = numbered([(first, second), (other,)])
    assert [(row.step, row.finding_id, row.cumulative) for row in rows] == [
        (1, "c", Decimal(7)),
        (2, "a", Decimal(12)),
        (3, "b", Decimal(21)),
    ]


def test_two_ideas_for_the_same_bytes_are_counted_once() -> None:
    """All of 1,000 GB may be S3's or DynamoDB's, not both: 55 at the most, together."""
    now = Situation(NETWORK, Traffic((open_flow("nat-1", 1000 * GIB),)), PRICES)
    adds = [(AddGatewayEndpoint("vpc-1", "1", REGION, service, ("rtb-1",)),) for service in ("s3", "dynamodb")]
    steps = plan_of(now, candidates(now, *adds))
    assert total(step.low for step in steps) == 0
    assert total(step.high for step in steps) == 55


def test_rivals_both_enter_the_plan_where_the_price_between_zones_is_unknown() -> None:
    """What avoids an unknown cost is taken to save more than what avoids none, so that no rival seems to add one."""
    prices = prices_of({item: usd for item, usd in USD.items() if item is not Item.INTER_AZ_GB})
    routes = (Route("0.0.0.0/0", "nat-1"),)
    tables = [RouteTable(f"rtb-{n}", "1", REGION, "vpc-1", subnet_ids=(f"subnet-{n}",), routes=routes) for n in "ab"]
    network = replace(NETWORK, route_tables=tuple(tables), subnets=NETWORK.subnets[::-1])
    now = Situation(network, Traffic((open_flow("nat-1", 1000 * GIB),)), prices)
    one = AddGatewayEndpoint("vpc-1", "1", REGION, "s3", ("rtb-a",))
    other = AddGatewayEndpoint("vpc-1", "1", REGION, "dynamodb", ("rtb-b", "rtb-a"))
    steps = plan_of(now, candidates(now, (one,), (other,)))
    assert [(step.low, step.high) for step in steps] == [(Decimal(0), Decimal(45)), (Decimal(0), Decimal(0))]


def test_two_nat_gateways_do_not_both_go_in_favour_of_the_other() -> None:
    other = replace(NETWORK.nat_gateways[0], id="nat-2")
    table = RouteTable("rtb-2", "1", REGION, "vpc-1", subnet_ids=("subnet-b",), routes=(Route("0.0.0.0/0", "nat-2"),))
    network = replace(NETWORK, nat_gateways=(*NETWORK.nat_gateways, other), route_tables=(*NETWORK.route_tables, table))
    now = Situation(network, Traffic((open_flow("nat-1", GIB), open_flow("nat-2", GIB))), PRICES)
    drops = [(DropNatGateway(one, REGION, replaced_by=two),) for one, two in (("nat-1", "nat-2"), ("nat-2", "nat-1"))]
    assert [(s.id, s.low, s.high) for s in plan_of(now, candidates(now, *drops))] == [
        ("0", Decimal("32.85"), Decimal("32.85"))
    ]


def test_a_nat_gateway_that_took_over_routes_is_not_dropped_by_a_later_step() -> None:
    """Its commands are written for the routes of today: those that an earlier step led to it would lead nowhere."""
    others = [replace(NETWORK.nat_gateways[0], id=f"nat-{number}") for number in (2, 3)]
    network = replace(NETWORK, nat_gateways=(*NETWORK.nat_gateways, *others))
    now = Situation(network, Traffic((open_flow("nat-1", GIB),)), PRICES)
    pairs = (("nat-1", "nat-2"), ("nat-2", "nat-3"))
    chain = [(DropNatGateway(one, REGION, replaced_by=other),) for one, other in pairs]
    assert [step.id for step in plan_of(now, candidates(now, *chain))] == ["0"]


def test_a_step_may_make_certain_what_an_earlier_one_made_possible() -> None:
    """The bytes come from either subnet: after the first endpoint's tables they may be saved, after both they are."""
    first = RouteTable("rtb-2", "1", REGION, "vpc-1", subnet_ids=("subnet-b",), routes=(Route("0.0.0.0/0", "nat-1"),))
    network = replace(NETWORK, route_tables=(*NETWORK.route_tables, first))
    flow = Flow(Client("1", REGION), Destination("s3", REGION), 0, 1000 * GIB, Level.FLOW_LOGS, "nat-1")
    now = Situation(network, Traffic((flow,)), PRICES)
    both = price_alone(now, (AddGatewayEndpoint("vpc-1", "1", REGION, "s3", ("rtb-1", "rtb-2")),))
    one = price_alone(now, (AddGatewayEndpoint("vpc-1", "1", REGION, "s3", ("rtb-2",)),))
    assert amounts(one) == (Fraction(0), Fraction(45))
    assert amounts(both) == (Fraction(45), Fraction(55))


def test_a_nat_gateway_that_carries_bytes_is_not_dropped_without_another_in_its_place() -> None:
    """Its hours would be saved, and its clients cut off."""
    now = closed_s3(NETWORK, GIB)
    assert plan_of(now, candidates(now, (DropNatGateway("nat-1", REGION),))) == []


def test_what_pays_alone_but_costs_after_an_earlier_step_is_left_out() -> None:
    """The gateway endpoint saves 55; private DNS would then lead the same bytes to an endpoint that charges."""
    paid = Endpoint("vpce-1", "1", REGION, "vpc-1", "Interface", "s3")
    now = closed_s3(replace(NETWORK, endpoints=(paid,)), 1000 * GIB)
    dns, gateway = (
        TurnOnPrivateDns("vpce-1", "vpc-1", REGION),
        AddGatewayEndpoint("vpc-1", "1", REGION, "s3", ("rtb-1",)),
    )
    proposed = candidates(now, (dns,), (gateway,))
    assert [candidate.alone.low.usd for candidate in proposed] == [45, 55]
    assert [step.id for step in plan_of(now, proposed)] == ["1"]
