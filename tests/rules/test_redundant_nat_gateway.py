"""Of several NAT gateways of a VPC in one zone, one is enough."""

from __future__ import annotations

import pytest

from auditor.model.evidence import Evidence
from auditor.model.resources import NatGateway
from auditor.whatif.edits import DropNatGateway
from tests.rules.ask import edits, findings, measured, unjudged
from tests.rules.build import (
    GIB,
    PUBLIC_B,
    REGION,
    YOUNG,
    A,
    B,
    app,
    evidence,
    nat,
    nat_series,
    regional_nat,
    subnet,
    table,
    vpc,
)

RULE = "redundant-nat-gateway"
A2 = subnet("second-a")


def case(other: NatGateway, carried: int = 72 * GIB) -> Evidence:
    network = app(
        (A, "nat-a"),
        (A2, other.id),
        nat_gateways=(nat(), other),
        vpcs=(vpc(), vpc("other")),
        subnets=(subnet("elsewhere", vpc_id="vpc-other"),),
    )
    return evidence(network, nat_series("nat-a", 720 * GIB), nat_series(other.id, carried))


def test_the_hours_of_all_but_the_busiest_are_saved() -> None:
    of = case(nat("z"))
    (finding,) = findings(of, RULE)
    # 730 h × (0.052 + 0.005); its 73 GB cost the same through the other one.
    assert finding.saving == measured("41.61")
    assert edits(of, RULE) == [(DropNatGateway("nat-z", REGION, replaced_by="nat-a"),)]


def test_the_busiest_stays_whatever_its_name() -> None:
    assert edits(case(nat("z"), carried=800 * GIB), RULE) == [(DropNatGateway("nat-a", REGION, replaced_by="nat-z"),)]


def test_of_three_two_go() -> None:
    network = app((A, "nat-a"), nat_gateways=(nat(), nat("a2"), nat("a3")))
    of = evidence(network, nat_series("nat-a", GIB))
    assert [finding.resource for finding in findings(of, RULE)] == ["nat-a2", "nat-a3"]


@pytest.mark.parametrize(
    "other",
    [
        nat("z", PUBLIC_B.id),
        nat("z", "subnet-elsewhere", vpc_id="vpc-other"),
        nat("z", connectivity="private"),
        nat("z", state="failed"),
        nat("z", "subnet-not-read"),
        regional_nat(),
    ],
    ids=[
        "another zone",
        "another VPC",
        "a private one",
        "a failed one",
        "a subnet that was not read",
        "a regional one",
    ],
)
def test_near_misses(other: NatGateway) -> None:
    of = case(other)
    assert findings(of, RULE) == []
    assert unjudged(of, RULE) == []


def test_one_without_datapoints_is_not_judged() -> None:
    network = app((A, "nat-a"), (B, "nat-z"), nat_gateways=(nat(), nat("z", created=YOUNG)))
    of = evidence(network, nat_series("nat-a", GIB))
    assert findings(of, RULE) == []
    assert [entry.resource for entry in unjudged(of, RULE)] == ["nat-z"]


def test_one_whose_bytes_are_nobodys_is_not_judged() -> None:
    """Without a route to it, its bytes would seem to vanish with it: one to private addresses explains none."""
    odd = table("odd", "nat-z", A2, to="192.168.0.0/16")
    network = app((A, "nat-a"), subnets=(A2,), route_tables=(odd,), nat_gateways=(nat(), nat("z")))
    of = evidence(network, nat_series("nat-a", 720 * GIB), nat_series("nat-z", GIB))
    assert findings(of, RULE) == []
    assert [entry.resource for entry in unjudged(of, RULE)] == ["nat-z"]


def test_a_more_specific_route_tells_whose_its_bytes_are() -> None:
    """Its hours and address go, its bytes cost the same through the other: (0.052 + 0.005) x 730."""
    odd = table("odd", "nat-z", A2, to="198.51.100.0/24")
    network = app((A, "nat-a"), subnets=(A2,), route_tables=(odd,), nat_gateways=(nat(), nat("z")))
    (finding,) = findings(evidence(network, nat_series("nat-a", 720 * GIB), nat_series("nat-z", GIB)), RULE)
    assert finding.saving == measured("41.61")
