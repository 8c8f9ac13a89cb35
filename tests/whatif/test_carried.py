"""What the audit shows of a NAT gateway's bytes: every byte's cost once, the largest clients, and what reading cost."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

from hypothesis import given

from auditor.analyzer import analyze
from auditor.model.attributed import Attribution, Engine, FlowLogScan, NamedBy, TopTalker
from auditor.model.audit import Audit, NatGatewayCost, Remediation
from auditor.model.evidence import Call, Evidence
from auditor.model.money import ZERO, total
from auditor.model.resources import EndpointService
from tests.whatif.networks import AZS, ELSEWHERE, REGION, WINDOW, evidences
from tests.whatif.test_outcome import GIB
from tests.whatif.test_reconciliation import FIRST, LAST, evidence, seen
from tests.whatif.test_routing import NETWORK


def audit(of: Evidence) -> Audit:
    return analyze(of, lambda _said, _network: Remediation())


def row(of: Evidence) -> NatGatewayCost:
    (nat,) = audit(of).nat_gateways
    return nat


@given(evidences())
def test_destinations_and_the_rest_cost_what_the_bill_says_of_the_bytes(of: Evidence) -> None:
    """To the last digit, where CloudWatch measured them; else nothing is known."""
    for nat in audit(of).nat_gateways:
        billed = [line.usd for line in nat.lines if line.label == "data processed" and line.usd is not None]
        parts = [one.monthly_cost for one in nat.destinations] + [nat.unattributed_cost]
        if nat.bytes_in_from_source is None:
            assert set(parts) == {None}
        else:
            assert total(usd for usd in parts if usd is not None) == total(billed)


@given(evidences())
def test_senders_cost_what_the_bytes_cost_by_what_could_carry_them(of: Evidence) -> None:
    for nat in audit(of).nat_gateways:
        for kind in ("gateway", "interface", None):
            sent = total(one.monthly_cost or ZERO for one in nat.senders if one.attributed and one.endpoint == kind)
            assert sent == total(one.monthly_cost or ZERO for one in nat.destinations if one.endpoint == kind)
        rest = total(one.monthly_cost or ZERO for one in nat.senders if not one.attributed)
        assert rest == (nat.unattributed_cost or ZERO)


def test_senders_name_the_subnets_of_the_clients() -> None:
    """720 GB in 720 hours are 730 a month: 240 of them to S3 from a subnet, the rest from anywhere."""
    nat = row(evidence(seen("s3", 240 * GIB)))
    told = [(one.subnet_id, one.az, one.endpoint, one.attributed) for one in nat.senders]
    assert told == [(None, None, None, False), ("subnet-b", AZS[1], "gateway", True)]
    assert sum(one.bytes_monthly for one in nat.senders) == 730 * GIB


def test_bytes_are_as_seen_and_costs_of_a_month() -> None:
    """One of two days was read, with half of the bytes: 360 of 720 GB a month's 730 at 0.045."""
    of = evidence(seen("s3", 240 * GIB), days=1, downs=((FIRST, 360 * GIB), (LAST, 360 * GIB)))
    nat = row(of)
    assert [(one.service, one.bytes_down, one.endpoint) for one in nat.destinations] == [("s3", 240 * GIB, "gateway")]
    assert (nat.coverage, nat.unattributed_bytes) == (Decimal("0.666667"), 120 * GIB)
    assert nat.attribution is not None
    assert (nat.attribution.days, nat.attribution.bytes_measured) == (1, 360 * GIB)
    assert nat.attribution.share_of_window == Decimal("0.5")
    assert nat.unattributed_cost is not None
    assert abs(nat.unattributed_cost - Decimal("10.95")) < Decimal("0.000001")  # a third of 730 × 0.045


def test_what_could_go_through_an_endpoint_is_of_the_same_region_and_offered_there() -> None:
    service = EndpointService(f"com.amazonaws.{REGION}.execute-api", "execute-api", REGION)
    found = (
        seen("s3", 9),
        Attribution("nat-1", None, "s3", ELSEWHERE, 0, 8),
        seen("kms", 7, named_by=NamedBy.DNS),
        seen("kms", 1),
        seen("execute-api", 6),
        seen("cloudfront", 5),
        seen("aws", 4),
    )
    nat = row(evidence(*found, network=replace(NETWORK, endpoint_services=(service,))))
    assert [(one.service, one.named_by.value, one.endpoint) for one in nat.destinations] == [
        ("s3", "address-range", "gateway"),
        ("kms", "dns", "interface"),
        ("s3", "address-range", None),
        ("execute-api", "address-range", "interface"),
        ("cloudfront", "address-range", None),
        ("aws", "address-range", None),
    ]


def test_the_twenty_largest_clients_are_shown_the_largest_first() -> None:
    of = evidence(seen("s3", GIB))
    talkers = tuple(TopTalker("nat-1", f"10.0.0.{n}", "s3", REGION, n, 0, owner=f"i-{n}") for n in range(25))
    shown = row(replace(of, scopes=(replace(of.scopes[0], talkers=talkers),))).talkers
    assert [one.owner for one in shown] == [f"i-{n}" for n in range(24, 4, -1)]


def test_a_client_is_shown_with_the_route_table_of_its_subnet() -> None:
    of = evidence(seen("s3", GIB))
    (subnet, *_), (table, *_) = of.network.subnets, of.network.table_of_subnet.values()
    known, unknown = (TopTalker("nat-1", "10.0.0.1", "s3", REGION, 2, 0, subnet_id=one) for one in (subnet.id, None))
    shown = row(replace(of, scopes=(replace(of.scopes[0], talkers=(known, unknown)),))).talkers
    assert [one.route_table_id for one in shown] == [table.id, None]


def test_what_reading_flow_logs_cost_is_part_of_the_run() -> None:
    """0.02 of Athena on top of no metric; and unknown where one price is."""
    of = evidence(seen("s3", GIB))
    scan = FlowLogScan(
        "fl-2", Engine.ATHENA, WINDOW.start, WINDOW.end, ("nat-1",), 5, Decimal("0.03"), 4, Decimal("0.02")
    )
    calls = (Call("athena:StartQueryExecution", 1), Call("ec2:DescribeVpcs", 2))
    for usd, expected in ((Decimal("0.02"), Decimal("0.02")), (None, None)):
        cost = audit(
            replace(of, scopes=(replace(of.scopes[0], scans=(replace(scan, usd=usd),), calls=calls),))
        ).cost_of_this_run
        assert [(one.source, one.api_calls, one.usd) for one in cost.by_source] == [
            ("athena:StartQueryExecution", 1, expected),
            ("ec2:DescribeVpcs", 2, Decimal(0)),
        ]
        assert (cost.api_calls, cost.usd) == (3, expected)
        assert [(one.flow_log_id, one.engine, one.bytes_estimated, one.bytes_scanned) for one in cost.scans] == [
            ("fl-2", "athena", 5, 4)
        ]
