"""A NAT gateway is barely used if its bytes cost less than a twentieth of its hours."""

from __future__ import annotations

from dataclasses import replace

import pytest

from auditor.model.attributed import TopTalker
from auditor.model.evidence import Evidence
from auditor.model.money import Prices
from auditor.model.resources import NatGateway
from auditor.whatif.edits import DropNatGateway
from tests.rules.ask import edits, findings, measured, unjudged
from tests.rules.build import (
    GIB,
    PRICES,
    PRICES_WITH_INTER_AZ,
    PUBLIC_B,
    REGION,
    YOUNG,
    A,
    B,
    app,
    evidence,
    nat,
    nat_series,
    table,
    vpc,
)

RULE = "barely-used-nat-gateway"
FEW = 18 * GIB
SAME_ZONE = nat("a2")
OTHER_ZONE = nat("b", PUBLIC_B.id)


def case(*others: NatGateway, carried: int = FEW, others_carry: int = 720 * GIB, prices: Prices = PRICES) -> Evidence:
    network = app((A, "nat-a"), (B, "nat-b"), nat_gateways=(nat(), *others), vpcs=(vpc(), vpc("other")))
    series = [nat_series(other.id, others_carry) for other in others]
    return evidence(network, nat_series("nat-a", carried), *series, prices=prices)


def test_sharing_one_of_its_zone_saves_its_hours_and_its_bytes_cost_what_they_did() -> None:
    (finding,) = findings(case(SAME_ZONE), RULE)
    assert finding.saving == measured("41.61")
    # 18 GB of 720 hours are 18.25 GB of 730.
    assert [(line.resource, str(line.quantity)) for line in finding.added] == [("nat-a2", "18.25")]
    assert edits(case(SAME_ZONE), RULE) == [(DropNatGateway("nat-a", REGION, replaced_by="nat-a2"),)]


def test_sharing_one_of_another_zone_pays_transfer_between_zones() -> None:
    (finding,) = findings(case(OTHER_ZONE, prices=PRICES_WITH_INTER_AZ), RULE)
    # 41.61 − 18.25 GB × 0.01
    assert finding.saving == measured("41.4275")


def test_where_the_price_of_that_transfer_is_unknown_the_saving_is_too() -> None:
    (finding,) = findings(case(OTHER_ZONE), RULE)
    assert finding.saving is None
    assert "transfer between availability zones is not known" in finding.saving_note


def test_its_own_zone_comes_first_then_the_busiest() -> None:
    network = app((A, "nat-a"), nat_gateways=(nat(), OTHER_ZONE, SAME_ZONE))
    nearer = evidence(network, nat_series("nat-a", FEW), nat_series("nat-a2", 50 * GIB), nat_series("nat-b", 60 * GIB))
    assert edits(nearer, RULE) == [(DropNatGateway("nat-a", REGION, replaced_by="nat-a2"),)]
    network = app((A, "nat-a"), nat_gateways=(nat(), nat("a2"), nat("a3")))
    busier = evidence(network, nat_series("nat-a", FEW), nat_series("nat-a2", 50 * GIB), nat_series("nat-a3", 60 * GIB))
    assert edits(busier, RULE) == [(DropNatGateway("nat-a", REGION, replaced_by="nat-a3"),)]


def test_an_idle_one_of_its_zone_does_not_stand_before_a_used_one_of_another() -> None:
    network = app((A, "nat-a"), nat_gateways=(nat(), SAME_ZONE, OTHER_ZONE))
    of = evidence(network, nat_series("nat-a", FEW), nat_series("nat-a2"), nat_series("nat-b", 720 * GIB))
    assert edits(of, RULE) == [(DropNatGateway("nat-a", REGION, replaced_by="nat-b"),)]


@pytest.mark.parametrize(
    "other",
    [
        nat("x", None, vpc_id="vpc-other"),
        nat("x", connectivity="private"),
        nat("x", state="failed"),
        None,
    ],
    ids=["another VPC's", "a private one", "a failed one", "none"],
)
def test_without_another_to_take_over_it_is_told_and_nothing_proposed(other: NatGateway | None) -> None:
    of = case(*((other,) if other else ()))
    (finding,) = findings(of, RULE)
    assert finding.saving is None
    assert edits(of, RULE) == [()]


def test_another_that_carried_nothing_is_not_proposed_to_take_over() -> None:
    assert edits(case(SAME_ZONE, others_carry=0), RULE) == [()]


def test_nothing_is_proposed_where_it_is_not_known_whose_bytes_it_carries() -> None:
    """Without a default route to it, the bytes would seem to vanish with it."""
    network = app(nat_gateways=(nat(), SAME_ZONE), route_tables=(table("x", "nat-a", to="198.51.100.0/24"),))
    of = evidence(network, nat_series("nat-a", FEW), nat_series("nat-a2", 720 * GIB))
    assert edits(of, RULE) == [()]


def test_a_twentieth_of_its_hours_is_the_limit() -> None:
    # 2^30 / 20 bytes an hour, whole bytes: 53,687,091 × 720 h
    limit = 38_654_705_520
    assert len(findings(case(carried=limit - 1), RULE)) == 1
    assert findings(case(carried=limit), RULE) == []


def test_one_that_carried_nothing_is_idle_instead() -> None:
    assert findings(case(carried=0), RULE) == []


def test_a_young_one_is_not_judged() -> None:
    of = evidence(app((A, "nat-a"), nat_gateways=(nat(created=YOUNG),)), nat_series("nat-a", FEW // 4))
    assert findings(of, RULE) == []
    assert [entry.reason for entry in unjudged(of, RULE)] == [
        "it carried little yet, but it is younger than the window"
    ]


def test_a_busy_young_one_needs_no_judgement() -> None:
    of = evidence(app((A, "nat-a"), nat_gateways=(nat(created=YOUNG),)), nat_series("nat-a", 720 * GIB))
    assert not findings(of, RULE)
    assert not unjudged(of, RULE)


def test_one_without_datapoints_is_not_judged() -> None:
    of = evidence(app((A, "nat-a"), nat_gateways=(nat(created=YOUNG),)))
    assert findings(of, RULE) == []
    assert [entry.resource for entry in unjudged(of, RULE)] == ["nat-a"]


def test_flow_logs_name_who_still_uses_it() -> None:
    """The three largest, with their owners where these are known."""
    talkers = tuple(
        TopTalker("nat-a", f"10.0.0.{number}", "s3", REGION, 0, number * GIB, owner="Lambda x" if number == 4 else "")
        for number in (1, 2, 3, 4)
    )
    of = case(SAME_ZONE)
    told = replace(of, scopes=(replace(of.scopes[0], talkers=(*talkers, replace(talkers[0], nat_gateway_id="nat-z"))),))
    (finding,) = findings(told, RULE)
    assert finding.why.endswith(
        "Flow logs show who still uses it: 10.0.0.4 (Lambda x), 4.00 GB with s3 in eu-central-1; 10.0.0.3, 3.00 GB with"
        " s3 in eu-central-1; 10.0.0.2, 2.00 GB with s3 in eu-central-1; and 1 more."
    )
    assert "Flow logs" not in findings(of, RULE)[0].why
