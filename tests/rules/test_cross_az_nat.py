"""A subnet pays transfer between zones if its NAT gateway stands in another one; told where its own zone has one."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest

from auditor.model.attributed import Attribution
from auditor.model.audit import Saving
from auditor.model.evidence import Evidence
from auditor.model.money import Prices
from auditor.model.resources import NatGateway
from auditor.whatif.edits import RouteSubnetToNat
from tests.rules.ask import edits, findings, measured, up_to
from tests.rules.build import (
    GIB,
    PRICES_WITH_INTER_AZ,
    PUBLIC_B,
    REGION,
    A,
    B,
    C,
    app,
    attributed,
    evidence,
    nat,
    nat_series,
    regional_nat,
    subnet,
    vpc,
)

RULE = "cross-az-nat"
NAT_B = nat("b", PUBLIC_B.id)


def case(
    nearer: NatGateway = NAT_B,
    prices: Prices = PRICES_WITH_INTER_AZ,
    attributions: tuple[Attribution, ...] = (),
) -> Evidence:
    network = app((A, "nat-a"), (B, "nat-a"), nat_gateways=(nat(), nearer))
    series = nat_series("nat-a", 180 * GIB, 540 * GIB)
    return evidence(network, series, nat_series(nearer.id), prices=prices, attributions=attributions)


def test_at_the_most_all_of_its_bytes_come_from_the_other_zone() -> None:
    (finding,) = findings(case(), RULE)
    # 730 GB × 0.01
    assert finding.saving == up_to("7.30")
    assert finding.id == "cross-az-nat:nat-a:eu-central-1b"
    assert edits(case(), RULE) == [(RouteSubnetToNat(B.id, REGION, "rtb-private-b", "nat-b"),)]


def test_it_is_certain_where_nobody_else_uses_the_nat_gateway() -> None:
    of = evidence(
        app((B, "nat-a"), nat_gateways=(nat(), NAT_B)), nat_series("nat-a", 720 * GIB), prices=PRICES_WITH_INTER_AZ
    )
    assert [finding.saving for finding in findings(of, RULE)] == [measured("7.30")]


def test_flow_logs_narrow_the_bounds() -> None:
    half = attributed("nat-a", B, "internet", 360 * GIB)
    (finding,) = findings(case(attributions=(half,)), RULE)
    # 365 GB × 0.01 are measured, as much again may be.
    assert finding.saving == Saving(Decimal("3.65"), Decimal("3.65"), Decimal("7.30"))


def test_each_foreign_zone_is_a_finding_of_its_own() -> None:
    nats = (nat(), NAT_B, nat("c", "subnet-public-c"))
    network = app((A, "nat-a"), (B, "nat-a"), (C, "nat-a"), nat_gateways=nats, subnets=(subnet("public-c", "c"),))
    of = evidence(network, nat_series("nat-a", 720 * GIB), prices=PRICES_WITH_INTER_AZ)
    assert {finding.id for finding in findings(of, RULE)} == {f"{RULE}:nat-a:{REGION}b", f"{RULE}:nat-a:{REGION}c"}


def test_where_the_price_is_unknown_the_finding_says_so() -> None:
    network = app((B, "nat-a"), nat_gateways=(nat(), NAT_B))
    (finding,) = findings(evidence(network, nat_series("nat-a", 720 * GIB)), RULE)
    assert "cost of transfer between availability zones is not known here" in finding.saving_note
    assert [line.usd for line in finding.avoided if line.label.startswith("transfer")] == [None]


@pytest.mark.parametrize(
    "nearer",
    [
        nat("b"),
        nat("b", PUBLIC_B.id, connectivity="private"),
        nat("b", PUBLIC_B.id, state="pending"),
        nat("b", PUBLIC_B.id, state="failed"),
        nat("b", PUBLIC_B.id, vpc_id="vpc-other"),
        regional_nat(),
    ],
    ids=["in the same zone", "private", "pending", "failed", "another VPC's", "regional"],
)
def test_nothing_to_do_where_the_own_zone_has_no_public_one(nearer: NatGateway) -> None:
    assert findings(case(nearer), RULE) == []


def test_a_subnet_with_the_nat_gateway_of_its_zone_is_well() -> None:
    network = app((A, "nat-a"), (B, "nat-b"), nat_gateways=(nat(), NAT_B))
    assert findings(evidence(network, nat_series("nat-a", GIB), nat_series("nat-b", GIB)), RULE) == []


def test_a_regional_or_private_one_keeps_to_its_rules() -> None:
    """A regional NAT gateway serves each zone in it; a private one is no way to the internet."""
    regional = app((A, "nat-r"), (B, "nat-r"), nat_gateways=(regional_nat(), NAT_B))
    assert findings(evidence(regional, nat_series("nat-r", GIB)), RULE) == []
    private = app((B, "nat-a"), nat_gateways=(nat(connectivity="private"), NAT_B))
    assert findings(evidence(private, nat_series("nat-a", GIB)), RULE) == []


def test_subnets_of_other_vpcs_are_left_to_their_hub() -> None:
    """Zone names differ between accounts, and a spoke's way is its transit gateway's."""
    foreign = replace(B, vpc_id="vpc-other")
    network = app((A, "nat-a"), (foreign, "nat-a"), nat_gateways=(nat(), NAT_B), vpcs=(vpc(), vpc("other")))
    assert findings(evidence(network, nat_series("nat-a", GIB)), RULE) == []
