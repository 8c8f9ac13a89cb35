"""An interface endpoint may go where its bytes cost less through the NAT gateway that stays."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest

from auditor.model.audit import Saving, Severity
from auditor.model.evidence import Evidence
from auditor.model.money import Item, Prices
from auditor.model.network import Network
from auditor.model.resources import Endpoint, Subnet
from auditor.whatif.edits import DropEndpoint
from tests.rules.ask import edits, findings, measured, unjudged
from tests.rules.build import (
    GIB,
    PRICES,
    PRICES_WITH_INTER_AZ,
    REGION,
    YOUNG,
    A,
    B,
    app,
    endpoint_series,
    evidence,
    interface,
    nat,
    nat_series,
    silent_series,
    subnet,
    table,
    vpc,
)

RULE = "interface-endpoint-does-not-pay"
FEW = 72 * GIB


def case(endpoint: Endpoint, carried: int = FEW, *, others: tuple[tuple[Subnet, str | None], ...] = ()) -> Evidence:
    """Of a VPC without public subnets, so that there is one way for its bytes."""
    ways = ((A, "nat-a"), *others)
    network = Network(
        vpcs=(vpc(),),
        subnets=tuple(one for one, _ in ways),
        route_tables=tuple(table(one.name, target, one) for one, target in ways),
        nat_gateways=(nat(),),
        endpoints=(endpoint,),
    )
    return evidence(network, nat_series("nat-a", GIB), endpoint_series(endpoint.id, carried))


def test_its_hours_are_saved_and_its_bytes_cost_more() -> None:
    of = case(interface("sqs", A))
    (finding,) = findings(of, RULE)
    # 730 h × 0.012 − 73 GB × (0.052 − 0.01)
    assert (finding.saving, finding.severity) == (measured("5.694"), Severity.LOW)
    assert edits(of, RULE) == [(DropEndpoint("vpce-sqs", REGION),)]
    assert "73.00 GB a month" in finding.why
    assert "Keep it if policy demands private access." in finding.why
    assert "Break-even of an endpoint in 1 zone: 208.6 GB a month." in finding.why


def test_each_of_its_zones_is_saved() -> None:
    of = case(interface("sqs", A, B), others=((B, "nat-a"),))
    # 2 × 8.76 − 3.066
    assert [one.saving for one in findings(of, RULE)] == [measured("14.454")]


def test_transfer_to_another_zone_counts_and_where_its_price_is_unknown_nobody_knows() -> None:
    network = app((A, "nat-a"), (B, "nat-a"), endpoints=(interface("sqs", A, B),))
    of = evidence(network, endpoint_series("vpce-sqs", FEW), prices=PRICES_WITH_INTER_AZ)
    # At the least 17.52 − 73 GB × (0.052 + 0.01 − 0.01), at the most 17.52 + 0.73.
    assert [one.saving for one in findings(of, RULE)] == [Saving(Decimal("13.724"), None, Decimal("18.25"))]
    unknown = replace(of, prices=PRICES)
    assert findings(unknown, RULE) == []
    assert "transfer between availability zones is unknown" in unjudged(unknown, RULE)[0].reason


def test_bytes_that_may_come_from_public_subnets_make_a_range() -> None:
    of = evidence(app((A, "nat-a"), endpoints=(interface("sqs", A),)), endpoint_series("vpce-sqs", FEW))
    # At the most all of them take the internet gateway: 8.76 + 73 GB × 0.01
    assert [one.saving for one in findings(of, RULE)] == [Saving(Decimal("5.694"), None, Decimal("9.49"))]


@pytest.mark.parametrize(("count", "fires"), [(205, True), (206, False)])
def test_the_break_even_decides(count: int, *, fires: bool) -> None:
    """208.57 GB of 730 hours are 205.7 of 720."""
    assert bool(findings(case(interface("sqs", A), count * GIB), RULE)) == fires


def test_one_that_carried_nothing_is_idle_instead() -> None:
    assert findings(case(interface("sqs", A), 0), RULE) == []


@pytest.mark.parametrize(
    "endpoint",
    [
        interface("sqs", A, requester_managed=True),
        interface("sqs", A, private_dns=False),
        interface("sqs", A, state="deleting"),
        interface("sqs", A, service_region="us-east-1"),
        interface("s3", A),
    ],
    ids=["managed by its service", "used by its own names", "deleting", "another region's", "S3"],
)
def test_near_misses(endpoint: Endpoint) -> None:
    assert findings(case(endpoint), RULE) == []
    assert unjudged(case(endpoint), RULE) == []


@pytest.mark.parametrize(
    "others",
    [((B, None),), ((B, "nat-gone"),), ((B, "tgw-core"),), ((B, "eni-firewall"),)],
    ids=["isolated", "lost", "clients beyond a transit gateway", "behind a firewall"],
)
def test_what_would_be_cut_off_or_lost_keeps_it(others: tuple[tuple[Subnet, str | None], ...]) -> None:
    assert findings(case(interface("sqs", A), others=others), RULE) == []


def test_clients_over_a_peering_keep_it() -> None:
    of = case(interface("sqs", A))
    peered = table("peered", "pcx-1", subnet("none"), to="10.9.0.0/16")
    network = of.scopes[0].network
    linked = replace(network, route_tables=(*network.route_tables, peered))
    assert findings(replace(of, scopes=(replace(of.scopes[0], network=linked),)), RULE) == []


def test_a_vpc_that_reaches_the_service_without_nat_is_another_matter() -> None:
    of = evidence(app(endpoints=(interface("sqs", A),)), endpoint_series("vpce-sqs", FEW))
    assert findings(of, RULE) == []


def test_young_and_unmeasured_ones_are_not_judged() -> None:
    young = case(interface("sqs", A, created=YOUNG))
    assert findings(young, RULE) == []
    assert [one.resource for one in unjudged(young, RULE)] == ["vpce-sqs"]
    silent = evidence(app((A, "nat-a"), endpoints=(interface("sqs", A, created=YOUNG),)), silent_series("vpce-sqs"))
    assert [one.reason for one in unjudged(silent, RULE)] == ["CloudWatch has no datapoint of its bytes in the window"]


def test_without_the_nat_gateways_price_nobody_knows() -> None:
    of = replace(case(interface("sqs", A)), prices=Prices(tuple(p for p in PRICES.rows if p.item != Item.NAT_GB)))
    assert findings(of, RULE) == []
    assert "the cost of data processed is unknown" in unjudged(of, RULE)[0].reason
