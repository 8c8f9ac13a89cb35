"""The plan is the best of all sets of the candidates: brute force tries every one of them on the whole network."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from decimal import Decimal
from itertools import chain, combinations

from hypothesis import given
from hypothesis import strategies as st

from auditor.model.evidence import Evidence
from auditor.model.money import ZERO, total
from auditor.model.resources import Route, RouteTable
from auditor.model.traffic import Client, Destination, Flow, Level
from auditor.whatif.bill import Traffic
from auditor.whatif.edits import (
    AddGatewayEndpoint,
    AddInterfaceEndpoint,
    DropNatGateway,
    Edit,
    RouteSubnetToNat,
    ShareInterfaceEndpoint,
    apply_all,
)
from auditor.whatif.forecast import Forecast
from auditor.whatif.islands import Candidate
from auditor.whatif.optimum import MOST_ROUTES
from auditor.whatif.plan import Plan, make_plan
from auditor.whatif.saving import Situation
from tests.whatif.networks import PRICES, REGION, choices_of_service, edits, evidences
from tests.whatif.test_outcome import GIB, situation
from tests.whatif.test_routing import NETWORK

CLIENT = Client("1", REGION, "vpc-1", "subnet-a")


def flow(service: str, gigabytes: int, region: str | None = REGION) -> Flow:
    return Flow(CLIENT, Destination(service, region), 0, gigabytes * GIB, Level.FLOW_LOGS, "nat-1")


def endpoint(service: str) -> AddInterfaceEndpoint:
    return AddInterfaceEndpoint("vpc-1", "1", REGION, service, ("subnet-a",))


def planned(now: Situation, *changes: tuple[Edit, ...]) -> Plan:
    start = Forecast.of(now, now.traffic)
    return make_plan(start, [Candidate(str(n), one, start.after(one).saved) for n, one in enumerate(changes)])


def saving(plan: Plan) -> Decimal:
    return total(step.expected for step in plan.steps)


def leads_to(edit: Edit) -> str | None:
    if isinstance(edit, RouteSubnetToNat):
        return edit.nat_gateway_id
    return edit.replaced_by if isinstance(edit, DropNatGateway) else None


def is_excluded(chosen: tuple[tuple[Edit, ...], ...]) -> bool:
    return answers_twice(chosen) or drops_what_another_leads_to(chosen)


def answers_twice(chosen: tuple[tuple[Edit, ...], ...]) -> bool:
    """Whether a shared endpoint is to answer for a service in a VPC where another new one does."""
    shares = [edit for one in chosen for edit in one if isinstance(edit, ShareInterfaceEndpoint)]
    owns = [edit for one in chosen for edit in one if isinstance(edit, AddInterfaceEndpoint)]
    twice = [
        one
        for one in shares
        for other in shares
        if one is not other and meet(one, {other.hub_vpc_id, *other.vpc_ids}, other.service)
    ]
    return bool(twice) or any(meet(one, {own.vpc_id}, own.service) for one in shares for own in owns)


def meet(one: ShareInterfaceEndpoint, vpc_ids: set[str], service: str) -> bool:
    return one.service == service and bool({one.hub_vpc_id, *one.vpc_ids} & vpc_ids)


def drops_what_another_leads_to(chosen: tuple[tuple[Edit, ...], ...]) -> bool:
    return any(
        isinstance(drop, DropNatGateway) and leads_to(lead) == drop.nat_gateway_id
        for one in chosen
        for other in chosen
        if one is not other
        for drop in one
        for lead in other
    )


def brute_force(now: Situation, changes: Sequence[tuple[Edit, ...]]) -> Decimal:
    """The most that any set saves, in any of the orders that it may be written in, without cutting bytes off."""
    start = Forecast.of(now, now.traffic)
    best = ZERO
    sets = chain.from_iterable(combinations(changes, size) for size in range(1, len(changes) + 1))
    for chosen in (one for one in sets if not is_excluded(one)):
        for ordered in (chosen, chosen[::-1]):
            after = start.to(apply_all(start.network, chain.from_iterable(ordered)))
            amounts = after.saved.amounts
            if amounts and not after.cut:
                best = max(best, amounts[1])
    return best


@given(evidences(), st.data())
def test_no_set_saves_more_than_a_plan_that_is_proven(evidence: Evidence, data: st.DataObject) -> None:
    now = situation(evidence)
    changes = data.draw(st.lists(edits(now.network).map(lambda one: (one,)), min_size=1, max_size=5, unique=True))
    plan = planned(now, *changes)
    assert saving(plan) >= 0
    if plan.is_proven:
        assert saving(plan) >= brute_force(now, changes)


SERVICES = ("kms", "logs", "sts", "s3")


@st.composite
def meeting(draw: st.DrawFn) -> tuple[Situation, list[tuple[Edit, ...]]]:
    """Changes that meet: endpoints which pay or do not, and the NAT gateway that may go with all that need it."""
    sizes = st.sampled_from((0, 1, 60, 100, 140, 200, 240, 400))
    flows = [flow(service, draw(sizes)) for service in SERVICES]
    flows += [flow("internet", 1, None)] * draw(st.booleans())
    changes: list[tuple[Edit, ...]] = [(endpoint(service),) for service in SERVICES]
    changes.append((AddGatewayEndpoint("vpc-1", "1", REGION, "s3", ("rtb-1",)),))
    changes.append((DropNatGateway("nat-1", REGION),))
    chosen = draw(st.lists(st.sampled_from(changes), min_size=2, unique=True))
    return Situation(NETWORK, Traffic(tuple(flows)), PRICES), chosen


@given(meeting())
def test_where_changes_meet_the_plan_is_proven_and_the_best_of_all_subsets(
    found: tuple[Situation, list[tuple[Edit, ...]]],
) -> None:
    now, changes = found
    plan = planned(now, *changes)
    assert plan.is_proven
    assert saving(plan) == brute_force(now, changes)


@given(evidences(), st.data())
def test_one_more_option_never_makes_a_proven_plan_dearer(evidence: Evidence, data: st.DataObject) -> None:
    now = situation(evidence)
    changes = data.draw(st.lists(edits(now.network).map(lambda one: (one,)), min_size=2, max_size=6, unique=True))
    fewer, all_of_them = planned(now, *changes[:-1]), planned(now, *changes)
    if all_of_them.is_proven:
        assert saving(all_of_them) >= saving(fewer)


@given(evidences(hub=True), st.data())
def test_where_a_hub_can_share_no_set_saves_more(evidence: Evidence, data: st.DataObject) -> None:
    """Shared or one a VPC, and with whatever else changes."""
    now = situation(evidence)
    choice = st.one_of(choices_of_service(now.network), choices_of_service(now.network), edits(now.network))
    changes = data.draw(st.lists(choice.map(lambda one: (one,)), min_size=2, max_size=5, unique=True))
    plan = planned(now, *changes)
    assert saving(plan) >= 0
    if plan.is_proven:
        assert saving(plan) >= brute_force(now, changes)
        assert saving(plan) >= saving(planned(now, *changes[:-1]))


def test_endpoints_that_do_not_pay_alone_are_planned_where_a_nat_gateway_goes_with_them() -> None:
    """32.85 of hours and 16.50 for 300 GB, less 21.90 of hours and 3.00 for the same bytes.

    Of one service's 100 GB an endpoint saves 5.50 and costs 7.30 and 1.00.
    """
    now = Situation(NETWORK, Traffic(tuple(flow(one, 100) for one in ("kms", "logs", "sts"))), PRICES)
    adds = [(endpoint(service),) for service in ("kms", "logs", "sts")]
    assert planned(now, *adds).steps == ()
    plan = planned(now, (DropNatGateway("nat-1", REGION),), *adds)
    assert [step.id for step in plan.steps] == ["1", "2", "3", "0"]
    assert (saving(plan), plan.is_proven) == (Decimal("24.45"), True)


def test_endpoints_are_planned_together_where_nobody_knows_from_which_vpc_the_bytes_come() -> None:
    """600 GB at 0.045 through NAT, 0.01 and twice 7.30 through endpoints; either alone may save nothing."""
    second = replace(NETWORK.vpc["vpc-1"], id="vpc-9")
    subnet = replace(NETWORK.subnet["subnet-a"], id="subnet-9", vpc_id="vpc-9")
    table = RouteTable("rtb-9", "1", REGION, "vpc-9", is_main=True, routes=(Route("0.0.0.0/0", "nat-1"),))
    network = replace(
        NETWORK,
        vpcs=(NETWORK.vpc["vpc-1"], second),
        subnets=(NETWORK.subnet["subnet-a"], subnet),
        route_tables=(*NETWORK.route_tables, table),
    )
    unknown = replace(flow("kms", 600), client=Client("1", REGION))
    now = Situation(network, Traffic((unknown,)), PRICES)
    both = [(endpoint("kms"),), (AddInterfaceEndpoint("vpc-9", "1", REGION, "kms", ("subnet-9",)),)]
    assert planned(now, both[0]).steps == planned(now, both[1]).steps == ()
    plan = planned(now, *both)
    assert plan.is_proven
    assert saving(plan) == brute_force(now, both) > 0


def test_a_nat_gateway_stays_where_one_flow_needs_it() -> None:
    """A byte to the internet, and the endpoints that would replace it do not pay."""
    services = ("kms", "logs", "sts")
    flows = (*(flow(one, 100) for one in services), flow("internet", 1, None))
    now = Situation(NETWORK, Traffic(flows), PRICES)
    plan = planned(now, (DropNatGateway("nat-1", REGION),), *((endpoint(one),) for one in services))
    assert (plan.steps, plan.is_proven) == ((), True)


def test_more_changes_of_routes_than_can_be_tried_prove_nothing() -> None:
    """Still the free endpoint is found: 1,000 GB at 0.055."""
    now = Situation(NETWORK, Traffic((flow("s3", 1000),)), PRICES)
    drops = [(DropNatGateway("nat-1", REGION, replaced_by=f"nat-{n}"),) for n in range(2, MOST_ROUTES + 3)]
    plan = planned(now, *drops, (AddGatewayEndpoint("vpc-1", "1", REGION, "s3", ("rtb-1",)),))
    assert (saving(plan), plan.is_proven) == (Decimal(55), False)
