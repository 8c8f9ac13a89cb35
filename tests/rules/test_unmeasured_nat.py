"""A NAT gateway that carries 100 GB a month or more deserves a flow log."""

from __future__ import annotations

import pytest

from auditor.model.evidence import Evidence
from auditor.model.network import FlowLog, NatGateway
from tests.rules.ask import edits, findings, unjudged
from tests.rules.build import GIB, YOUNG, A, app, evidence, flow_log, nat, nat_series, regional_nat

RULE = "unmeasured-nat"


def case(*logs: FlowLog, carried: int = 720 * GIB, one: NatGateway | None = None) -> Evidence:
    gateway = one or nat()
    network = app((A, gateway.id), nat_gateways=(gateway,), flow_logs=logs)
    return evidence(network, nat_series(gateway.id, carried // 2, carried - carried // 2))


def test_it_is_told_and_promises_no_saving() -> None:
    of = case()
    (finding,) = findings(of, RULE)
    assert finding.saving is None
    assert "one on its network interface" in finding.why
    assert edits(of, RULE) == [()]


def test_a_regional_one_is_logged_by_itself() -> None:
    (finding,) = findings(case(one=regional_nat()), RULE)
    assert "one on the NAT gateway itself" in finding.why


def test_a_hundred_gigabytes_a_month_is_the_limit() -> None:
    # 100 × 2^30 × 720 / 730 = 105,903,303,189.04: one byte less scales to a byte below 100 GB.
    assert len(findings(case(carried=105_903_303_189), RULE)) == 1
    assert findings(case(carried=105_903_303_188), RULE) == []


def test_a_young_one_is_scaled_by_the_hours_it_existed() -> None:
    # 50 GB in 360 hours are 101.4 GB a month.
    assert len(findings(case(carried=50 * GIB, one=nat(created=YOUNG)), RULE)) == 1


@pytest.mark.parametrize("resource", ["nat-a", "eni-a", "subnet-public-a", "vpc-app"])
def test_an_active_flow_log_on_it_or_around_it_is_enough(resource: str) -> None:
    assert findings(case(flow_log(resource)), RULE) == []
    assert findings(case(flow_log(resource, traffic_type="ACCEPT")), RULE) == []


@pytest.mark.parametrize(
    "log",
    [
        flow_log("vpc-app", traffic_type="REJECT"),
        flow_log("vpc-app", status="INACTIVE"),
        flow_log("vpc-other"),
        flow_log("subnet-private-a"),
        flow_log("eni-of-a-client"),
    ],
    ids=["rejected only", "not active", "another VPC", "a client's subnet", "a client"],
)
def test_flow_logs_that_do_not_see_it(log: FlowLog) -> None:
    assert len(findings(case(log), RULE)) == 1


def test_one_without_datapoints_is_not_judged() -> None:
    of = evidence(app((A, "nat-a"), nat_gateways=(nat(created=YOUNG),)))
    assert findings(of, RULE) == []
    assert [entry.resource for entry in unjudged(of, RULE)] == ["nat-a"]


def test_one_that_costs_nothing_is_no_finding() -> None:
    assert findings(case(one=nat(state="deleted")), RULE) == []
