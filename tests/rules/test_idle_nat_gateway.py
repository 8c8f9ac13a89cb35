"""A NAT gateway is idle if it carried nothing for a whole window, and only then."""

from __future__ import annotations

import pytest

from auditor.model.evidence import Evidence
from auditor.model.resources import NatGateway
from auditor.whatif.edits import DropNatGateway
from tests.rules.ask import edits, findings, measured, unjudged
from tests.rules.build import REGION, YOUNG, A, app, evidence, nat, nat_series, regional_nat

RULE = "idle-nat-gateway"


def case(one: NatGateway, up: int = 0, down: int = 0) -> Evidence:
    return evidence(app((A, one.id), nat_gateways=(one,)), nat_series(one.id, up, down))


def test_its_hours_and_its_address_are_saved() -> None:
    (finding,) = findings(case(nat()), RULE)
    # 730 h × 0.052 + 730 h × 0.005
    assert finding.saving == measured("41.61")
    assert [(line.label, str(line.quantity)) for line in finding.avoided][:2] == [
        ("hours", "730"),
        ("public IPv4 addresses", "730"),
    ]
    assert finding.added == ()
    assert edits(case(nat()), RULE) == [(DropNatGateway("nat-a", REGION),)]


def test_a_private_one_has_no_address_to_save() -> None:
    (finding,) = findings(case(nat(connectivity="private")), RULE)
    assert finding.saving == measured("37.96")


def test_a_regional_one_saves_the_hours_and_addresses_of_each_zone() -> None:
    (finding,) = findings(case(regional_nat(zones=("a", "b"))), RULE)
    # 2 × 730 h × 0.052 + 2 × 730 h × 0.005
    assert finding.saving == measured("83.22")


def test_an_old_zonal_one_without_any_datapoint_carried_nothing() -> None:
    assert len(findings(evidence(app()), RULE)) == 1


def test_a_regional_one_without_any_datapoint_is_not_judged() -> None:
    """Its dimensions may have been asked for wrongly: silence proves nothing."""
    of = evidence(app(nat_gateways=(regional_nat(),)))
    assert findings(of, RULE) == []
    assert [(entry.resource, entry.reason) for entry in unjudged(of, RULE)] == [
        ("nat-r", "CloudWatch has no datapoint of its bytes in the window")
    ]


@pytest.mark.parametrize(("up", "down"), [(1, 0), (0, 1)])
def test_a_single_byte_in_either_direction_is_use(up: int, down: int) -> None:
    of = case(nat(), up, down)
    assert findings(of, RULE) == []
    assert unjudged(of, RULE) == []


def test_one_younger_than_the_window_is_not_judged() -> None:
    of = case(nat(created=YOUNG))
    assert findings(of, RULE) == []
    assert [entry.reason for entry in unjudged(of, RULE)] == [
        "it carried nothing yet, but it is younger than the window"
    ]


def test_a_young_one_without_datapoints_is_not_judged() -> None:
    of = evidence(app(nat_gateways=(nat(created=YOUNG),)))
    assert findings(of, RULE) == []
    assert len(unjudged(of, RULE)) == 1


@pytest.mark.parametrize("state", ["failed", "deleting", "deleted"])
def test_one_that_costs_nothing_is_no_finding(state: str) -> None:
    of = case(nat(state=state))
    assert findings(of, RULE) == []
    assert unjudged(of, RULE) == []
