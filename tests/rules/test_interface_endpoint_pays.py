"""An interface endpoint is proposed where it costs less than the bytes that flow logs name cost through NAT."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from auditor.model.attributed import Attribution
from auditor.model.audit import Saving
from auditor.model.constraints import Constraints
from auditor.model.evidence import Evidence
from auditor.model.money import Item, Prices
from auditor.model.resources import EndpointService, Subnet
from auditor.model.traffic import Level
from auditor.whatif.edits import AddInterfaceEndpoint
from tests.rules.ask import audit, edits, findings, measured, unjudged
from tests.rules.build import (
    ACCOUNT,
    GIB,
    PRICES,
    PRICES_WITH_INTER_AZ,
    REGION,
    A,
    B,
    C,
    app,
    attributed,
    evidence,
    interface,
    named,
    nat_series,
    offer,
    regional_nat,
    subnet,
)
from tests.rules.examples import hub_and_spoke

RULE = "interface-endpoint-pays"
EVERYWHERE = offer("kms", "a", "b", "c")


def case(
    *found: Attribution,
    subnets: tuple[Subnet, ...] = (A,),
    offers: EndpointService = EVERYWHERE,
    carried: int = 720 * GIB,
    **more: Any,
) -> Evidence:
    """A regional NAT gateway, which keeps clients in their zones."""
    nats = (regional_nat("a", ("a", "b", "c")),)
    network = app(*((one, "nat-a") for one in subnets), endpoint_services=(offers,), nat_gateways=nats, **more)
    return evidence(network, nat_series("nat-a", 0, carried), attributions=found)


def kms(count: int = 720 * GIB, of: Subnet | None = A) -> Attribution:
    return named("nat-a", of, "kms", count)


def zones(of: Evidence) -> list[tuple[str, ...]]:
    return [edit.subnet_ids for found in edits(of, RULE) for edit in found if isinstance(edit, AddInterfaceEndpoint)]


def test_the_nat_gateways_price_of_the_bytes_less_hours_and_bytes_of_the_endpoint() -> None:
    (finding,) = findings(case(kms()), RULE)
    # 730 GB × (0.052 − 0.01) − 730 h × 0.012
    assert finding.saving == measured("21.9")
    assert (finding.id, finding.evidence) == (f"{RULE}:vpc-app:kms", Level.NAMES)
    name = f"com.amazonaws.{REGION}.kms"
    expected = AddInterfaceEndpoint("vpc-app", ACCOUNT, REGION, "kms", (A.id,), ("10.0.0.0/16",), name)
    assert edits(case(kms()), RULE) == [(expected,)]
    # 730 h × 0.012 / 0.042
    assert finding.saving_note.startswith("Break-even of an endpoint in 1 zone: 208.6 GB a month.")


def test_the_zones_of_its_clients_are_paid_for() -> None:
    of = case(kms(240 * GIB), kms(240 * GIB, B), kms(240 * GIB, C), subnets=(A, B, C))
    # 30.66 − 3 × 8.76
    assert [one.saving for one in findings(of, RULE)] == [measured("4.38")]
    assert zones(of) == [(A.id, B.id, C.id)]


def test_two_zones_at_the_least_where_the_vpc_uses_more() -> None:
    of = case(kms(of=B), subnets=(A, B, C))
    assert zones(of) == [(A.id, B.id)]
    # 30.66 − 2 × 8.76
    assert [one.saving for one in findings(of, RULE)] == [measured("13.14")]


def test_as_many_zones_as_the_user_demands() -> None:
    of = case(kms(), subnets=(A, B, C))
    for least, wanted in ((1, (A.id,)), (3, (A.id, B.id, C.id))):
        assert zones(replace(of, constraints=Constraints(min_endpoint_azs=least))) == [wanted]


def test_fewer_zones_than_demanded_is_the_first_risk() -> None:
    said = "The endpoint would stand in 1 zone, and 2 are demanded: "
    (alone,) = findings(case(kms()), RULE)
    assert alone.risks[0].startswith(said)
    (enough,) = findings(replace(case(kms()), constraints=Constraints(min_endpoint_azs=1)), RULE)
    assert enough.risks == alone.risks[1:]
    (two,) = findings(case(kms(), subnets=(A, B)), RULE)
    assert two.risks == enough.risks


def test_transfer_between_zones_without_a_price_leaves_only_the_least() -> None:
    network = app((A, "nat-a"), (B, "nat-a"), endpoint_services=(EVERYWHERE,))
    of = evidence(network, nat_series("nat-a", 0, 720 * GIB), attributions=(kms(of=B),))
    assert [one.saving for one in findings(of, RULE)] == [Saving(Decimal("13.14"), None, Decimal("13.14"))]
    priced = replace(of, prices=PRICES_WITH_INTER_AZ)
    # 730 GB × (0.052 + 0.01 − 0.01) − 17.52
    assert [one.saving for one in findings(priced, RULE)] == [measured("20.44")]


def test_one_subnet_a_zone() -> None:
    second = subnet("private-a2")
    assert zones(case(kms(of=second), subnets=(A, second))) == [(A.id,)]


def test_only_in_zones_that_the_service_offers() -> None:
    assert zones(case(kms(of=A), subnets=(A, B, C), offers=offer("kms", "b", "c"))) == [(B.id, C.id)]
    assert zones(case(kms(), offers=offer("kms", "c"))) == []


@pytest.mark.parametrize(("count", "fires"), [(205, False), (206, True)])
def test_the_break_even_decides(count: int, *, fires: bool) -> None:
    """208.57 GB of 730 hours are 205.7 of 720."""
    assert bool(findings(case(kms(count * GIB), carried=count * GIB), RULE)) == fires


def test_no_endpoint_that_pays_saves_nothing() -> None:
    assert [one for one in findings(case(kms(GIB), carried=GIB), RULE) if one.saving is not None] == []


@pytest.mark.parametrize(
    "found",
    [
        attributed("nat-a", A, "kms", 720 * GIB),
        named("nat-a", A, "s3", 720 * GIB),
        named("nat-a", A, "sqs", 720 * GIB),
        replace(kms(), service_region="us-east-1"),
        replace(kms(), service_region=None),
        named("nat-a", subnet("elsewhere", vpc_id="vpc-other"), "kms", 720 * GIB),
    ],
    ids=["the tag of a range", "a free one", "not offered", "another region", "no region", "another VPC's client"],
)
def test_near_misses(found: Attribution) -> None:
    assert findings(case(found), RULE) == []


@pytest.mark.parametrize("offers", [offer("kms", "a", kind="Gateway"), offer("kms", "a", names=()), offer("kms")])
def test_only_an_interface_endpoint_with_private_names_and_zones_takes_the_bytes(offers: EndpointService) -> None:
    assert findings(case(kms(), offers=offers), RULE) == []


@pytest.mark.parametrize("private_dns", [True, False])
def test_a_vpc_that_has_one_needs_no_other(*, private_dns: bool) -> None:
    """Without private DNS it is bypassed, which another rule says."""
    assert findings(case(kms(), endpoints=(interface("kms", A, private_dns=private_dns),)), RULE) == []


def test_a_cross_region_endpoint_for_the_service_elsewhere_does_not_count() -> None:
    endpoint = interface("kms", A, service_region="us-east-1")
    assert len(findings(case(kms(), endpoints=(endpoint,)), RULE)) == 1


def test_clients_without_a_name_may_sit_in_any_zone() -> None:
    of = case(kms(of=None), subnets=(A, B))
    assert zones(of) == [(A.id, B.id)]
    assert [one.saving for one in findings(of, RULE)] == [measured("13.14")]


def test_a_spoke_saves_the_transit_gateway_too() -> None:
    spoke = subnet("spoke", vpc_id="vpc-spoke")
    network = replace(hub_and_spoke(), endpoint_services=(offer("kms", "a"),))
    of = evidence(network, nat_series("nat-a", 0, 720 * GIB), attributions=(kms(of=spoke),))
    # 730 GB × (0.072 − 0.01) − 8.76
    assert {one.resource: one.saving for one in findings(of, RULE)} == {"vpc-spoke": measured("36.5")}
    unknown = evidence(network, nat_series("nat-a", 0, 720 * GIB), attributions=(kms(of=None),))
    assert findings(unknown, RULE) == []


def test_where_a_price_is_unknown_nobody_knows_whether_it_pays() -> None:
    of = replace(case(kms()), prices=Prices(tuple(p for p in PRICES.rows if p.item != Item.INTERFACE_ENDPOINT_HOUR)))
    assert findings(of, RULE) == []
    (entry,) = unjudged(of, RULE)
    assert entry.resource == "vpc-app"
    assert "whether it pays is not known" in entry.reason


def test_bytes_without_a_name_are_one_bound_a_vpc_and_never_in_the_plan() -> None:
    of = case(subnets=(A, B))
    (finding,) = findings(of, RULE)
    assert (finding.id, finding.saving, finding.evidence) == (f"{RULE}:vpc-app", None, Level.METRICS)
    # 2 × 8.76 / 0.042
    assert "Break-even of an endpoint in 2 zones: 417.2 GB a month." in finding.saving_note
    assert "730 GB" in finding.why
    assert not [step for step in audit(of).plan if step.finding_id.startswith(RULE)]


@pytest.mark.parametrize(("count", "fires"), [(205, False), (206, True)])
def test_the_bound_is_told_above_the_break_even_only(count: int, *, fires: bool) -> None:
    assert bool(findings(case(carried=count * GIB), RULE)) == fires
    unnamed = attributed("nat-a", A, "aws", count * GIB)
    assert (
        bool(findings(case(unnamed, attributed("nat-a", A, "s3", 500 * GIB), carried=(500 + count) * GIB), RULE))
        == fires
    )


def test_bytes_that_are_known_not_to_go_to_a_service_are_no_bound() -> None:
    of = case(
        attributed("nat-a", A, "internet", 720 * GIB), replace(attributed("nat-a", A, "aws", 0), service_region="x")
    )
    assert findings(of, RULE) == []
