"""A NAT gateway that no route names can carry nothing, and costs its hours."""

from __future__ import annotations

import pytest

from auditor.model.evidence import Evidence
from auditor.model.resources import NatGateway, RouteTable
from auditor.model.traffic import Level
from auditor.whatif.edits import DropNatGateway
from tests.rules.ask import edits, findings, measured, unjudged
from tests.rules.build import REGION, YOUNG, app, evidence, nat, nat_series, table

RULE = "unrouted-nat-gateway"


def case(*tables: RouteTable, carried: int = 0, one: NatGateway | None = None) -> Evidence:
    gateway = one or nat()
    return evidence(app(nat_gateways=(gateway,), route_tables=tables), nat_series(gateway.id, carried))


def test_its_hours_and_its_address_are_saved() -> None:
    (finding,) = findings(case(), RULE)
    # 730 h × (0.052 + 0.005)
    assert finding.saving == measured("41.61")
    assert finding.evidence is Level.TOPOLOGY
    assert edits(case(), RULE) == [(DropNatGateway("nat-a", REGION),)]


@pytest.mark.parametrize("to", ["0.0.0.0/0", "198.51.100.0/24", "64:ff9b::/96", "pl-1"])
def test_any_route_in_any_table_is_a_way(to: str) -> None:
    """Even in a table that no subnet uses: somebody may be about to associate it."""
    assert findings(case(table("spare", "nat-a", to=to)), RULE) == []
    assert findings(case(table("foreign", "nat-a", to=to, vpc_id="vpc-other")), RULE) == []


def test_a_route_to_another_one_is_none() -> None:
    assert len(findings(case(table("spare", "nat-other")), RULE)) == 1


def test_one_that_carried_bytes_in_the_window_is_looked_at_next_time() -> None:
    of = case(carried=1)
    assert findings(of, RULE) == []
    assert [entry.resource for entry in unjudged(of, RULE)] == ["nat-a"]


def test_one_without_datapoints_is_not_judged() -> None:
    """It may be minutes old, and its routes on their way."""
    of = evidence(app(nat_gateways=(nat(created=YOUNG),)))
    assert findings(of, RULE) == []
    assert [entry.resource for entry in unjudged(of, RULE)] == ["nat-a"]


def test_one_that_costs_nothing_is_no_finding() -> None:
    of = case(one=nat(state="failed"))
    assert findings(of, RULE) == []
    assert unjudged(of, RULE) == []
