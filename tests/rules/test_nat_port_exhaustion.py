"""A NAT gateway that refuses a connection is told of, with the days, and what helps."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from auditor.model.attributed import Attribution
from auditor.model.audit import Severity
from auditor.model.evidence import Evidence, Series
from auditor.model.resources import NatGateway
from tests.rules.ask import edits, findings, unjudged
from tests.rules.build import (
    DAY,
    GIB,
    YOUNG,
    A,
    app,
    attributed,
    evidence,
    nat,
    nat_series,
    regional_nat,
    scan,
    silent_series,
)

RULE = "nat-port-exhaustion"


def errors(*counts: int, metric: str = "ErrorPortAllocation", nat_id: str = "nat-a") -> tuple[Series, ...]:
    """So many on each of the last days of the window."""
    days = tuple(DAY - timedelta(days=back) for back in reversed(range(len(counts))))
    return (Series(nat_id, metric, days, counts),)


def case(
    *series: tuple[Series, ...], one: NatGateway | None = None, attributions: tuple[Attribution, ...] = ()
) -> Evidence:
    gateway = one or nat()
    network = app((A, gateway.id), nat_gateways=(gateway,))
    scans = (scan(gateway.id),) if attributions else ()
    return evidence(network, nat_series(gateway.id, 0, 100 * GIB), *series, attributions=attributions, scans=scans)


def why(of: Evidence) -> str:
    (finding,) = findings(of, RULE)
    return finding.why


def test_one_refused_port_is_enough_and_nothing_is_proposed() -> None:
    of = case(errors(0, 1, 0))
    (finding,) = findings(of, RULE)
    assert finding.id == "nat-port-exhaustion:nat-a"
    assert finding.title == "NAT gateway nat-a had no free port 1 time"
    assert (finding.severity, finding.saving) == (Severity.HIGH, None)
    assert finding.why.startswith("A client asked for a connection and got none 1 time. On 2026-11-14 (1).")
    assert edits(of, RULE) == [()]


def test_the_worst_five_days_are_named_in_their_order_and_the_rest_counted() -> None:
    said = why(case(errors(1_500, 2, 3, 4, 0, 5, 6, 7)))
    assert "1,527 times" in said
    days = "2026-11-08 (1,500), 2026-11-11 (4), 2026-11-13 (5), 2026-11-14 (6), 2026-11-15 (7)"
    assert f"On {days}, the worst; and on 2 further days." in said


def test_the_peak_and_the_drops_stand_beside_it() -> None:
    peak = errors(54_000, 12, metric="ActiveConnectionCount")
    said = why(case(errors(9), peak, errors(30, 12, metric="PacketsDropCount")))
    assert "At its peak it held 54,000 connections. It dropped 42 packets in the window too." in said
    bare = why(case(errors(9), errors(0, metric="PacketsDropCount")))
    assert "peak" not in bare
    assert "dropped" not in bare


def test_drops_alone_are_no_finding() -> None:
    """A few packets of a busy NAT gateway are always dropped; their share is not known."""
    of = case(errors(0), errors(90_000, metric="PacketsDropCount"))
    assert findings(of, RULE) == []
    assert unjudged(of, RULE) == []


@pytest.mark.parametrize(
    ("one", "word"),
    [
        (nat(), "each secondary address of the NAT gateway allows 55,000 more"),
        (nat(connectivity="private"), "More private addresses help at once"),
        (regional_nat("a"), "One in automatic mode adds them by itself"),
    ],
    ids=["public", "private", "regional"],
)
def test_what_helps_depends_on_its_kind(one: NatGateway, word: str) -> None:
    assert word in why(case(errors(3), one=one))


def test_the_peak_of_a_regional_one_is_its_busiest_zones() -> None:
    peak = errors(9_800, metric="ActiveConnectionCount")
    assert "held 9,800 connections in its busiest zone." in why(case(errors(3), peak, one=regional_nat("a")))


def test_flow_logs_name_a_destination_with_half_of_the_bytes_or_more() -> None:
    rest = attributed("nat-a", A, "internet", 40 * GIB)
    s3 = why(case(errors(3), attributions=(attributed("nat-a", A, "s3", 60 * GIB), rest)))
    assert "Flow logs name S3 in eu-central-1 for 60% of the bytes that they explain: a gateway endpoint takes" in s3
    kms = why(case(errors(3), attributions=(attributed("nat-a", A, "kms", 40 * GIB), rest)))
    assert "Flow logs name kms in eu-central-1 for 50% of the bytes that they explain: look there first" in kms
    spread = tuple(attributed("nat-a", A, service, 30 * GIB) for service in ("s3", "kms", "sqs"))
    assert "Flow logs" not in why(case(errors(3), attributions=spread))
    abroad = replace(attributed("nat-a", A, "s3", GIB), service_region="us-east-1")
    assert "S3 in us-east-1 for 100% of the bytes that they explain: look there first" in why(
        case(errors(3), attributions=(abroad,))
    )


@pytest.mark.parametrize("series", [(), silent_series("nat-a", "ErrorPortAllocation")], ids=["not asked", "no value"])
def test_without_a_datapoint_nobody_says_that_all_is_well(series: tuple[Series, ...]) -> None:
    of = case(series)
    assert findings(of, RULE) == []
    assert [entry.resource for entry in unjudged(of, RULE)] == ["nat-a"]


def test_one_that_carried_nothing_refused_nothing() -> None:
    of = evidence(app((A, "nat-a")), silent_series("nat-a", "ErrorPortAllocation"))
    assert (findings(of, RULE), unjudged(of, RULE)) == ([], [])
    young = evidence(app((A, "nat-a"), nat_gateways=(nat(created=YOUNG),)))
    assert [entry.resource for entry in unjudged(young, RULE)] == ["nat-a"]


def test_one_that_is_gone_is_left_alone() -> None:
    assert findings(case(errors(3), one=nat(state="deleted")), RULE) == []
