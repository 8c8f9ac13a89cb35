"""Zones that leave through one zonal NAT gateway of another zone fail with that zone."""

from __future__ import annotations

from dataclasses import replace

import pytest

from auditor.model.audit import Severity
from auditor.model.resources import NatGateway
from auditor.model.traffic import Level
from tests.rules.ask import edits, findings
from tests.rules.build import PUBLIC_B, A, B, C, app, evidence, nat, regional_nat, vpc

RULE = "single-az-nat"


def test_it_names_the_zones_and_saves_nothing() -> None:
    of = evidence(app((A, "nat-a"), (B, "nat-a"), (C, "nat-a")))
    (finding,) = findings(of, RULE)
    assert finding.title == "Subnets in eu-central-1b, eu-central-1c depend on NAT gateway nat-a in eu-central-1a"
    assert (finding.severity, finding.evidence, finding.saving) == (Severity.LOW, Level.TOPOLOGY, None)
    assert edits(of, RULE) == [()]


def test_a_zone_that_has_its_own_but_uses_the_other_depends_on_it_too() -> None:
    assert len(findings(evidence(app((B, "nat-a"), nat_gateways=(nat(), nat("b", PUBLIC_B.id)))), RULE)) == 1


def test_subnets_of_other_vpcs_depend_on_it_as_well() -> None:
    foreign = replace(B, vpc_id="vpc-other")
    assert len(findings(evidence(app((foreign, "nat-a"), vpcs=(vpc(), vpc("other")))), RULE)) == 1


@pytest.mark.parametrize(
    "one",
    [regional_nat("a"), nat(connectivity="private"), nat(state="failed"), nat(subnet_id="subnet-not-read")],
    ids=["regional", "private", "failed", "in a zone that was not read"],
)
def test_near_misses(one: NatGateway) -> None:
    assert findings(evidence(app((A, "nat-a"), (B, "nat-a"), nat_gateways=(one,))), RULE) == []


def test_a_nat_gateway_a_zone_is_well() -> None:
    network = app((A, "nat-a"), (B, "nat-b"), nat_gateways=(nat(), nat("b", PUBLIC_B.id)))
    assert findings(evidence(network), RULE) == []


def test_one_without_clients_fails_nobody() -> None:
    assert findings(evidence(app((A, "igw-app"), (B, None))), RULE) == []
