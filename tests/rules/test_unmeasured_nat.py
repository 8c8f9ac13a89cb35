"""A NAT gateway that carries 100 GB a month or more deserves a flow log."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from fractions import Fraction
from typing import Any

import pytest

from auditor.analyzer import analyze
from auditor.model.evidence import Evidence, Series
from auditor.model.flow_record import widest_record
from auditor.model.money import Item, Price, Prices
from auditor.model.resources import FlowLog, NatAddress, NatGateway
from auditor.remediation.remedy import remedy
from auditor.rules.rule import Proposal
from auditor.whatif.flow_log import NewFlowLog
from tests.rules.ask import edits, findings, proposals, unjudged
from tests.rules.build import (
    DAY,
    GIB,
    PRICES,
    REGION,
    YOUNG,
    A,
    app,
    evidence,
    flow_log,
    nat,
    nat_series,
    regional_nat,
)

RULE = "unmeasured-nat"


DELIVERY = Price(REGION, Item.LOG_DELIVERY_GB, Decimal("0.25"), "GB", "test", "2026-11-20")
PARQUET = Price(REGION, Item.PARQUET_CONVERSION_GB, Decimal("0.035"), "GB", "test", "2026-11-20")
PRICED = Prices((*PRICES.rows, DELIVERY, PARQUET))
ZONAL = "${interface-id} ${srcaddr} ${dstaddr} ${bytes} ${start}"
REGIONAL = "${resource-id} ${pkt-srcaddr} ${pkt-dstaddr} ${bytes} ${start}"


def case(
    *logs: FlowLog,
    carried: int = 720 * GIB,
    one: NatGateway | None = None,
    series: tuple[Series, ...] = (),
    prices: Prices = PRICED,
) -> Evidence:
    gateway = one or nat()
    network = app((A, gateway.id), nat_gateways=(gateway,), flow_logs=logs)
    return evidence(network, nat_series(gateway.id, carried // 2, carried - carried // 2), series, prices=prices)


def connections(nat_id: str, established: int, peak: int, days: int = 30) -> tuple[Series, ...]:
    """So many on each of the last days of the window."""
    when = tuple(DAY - timedelta(days=back) for back in reversed(range(days)))
    return (
        Series(nat_id, "ConnectionEstablishedCount", when, (established,) * days),
        Series(nat_id, "ActiveConnectionCount", when, (peak,) * days),
    )


def log_with(**changes: Any) -> FlowLog:
    return replace(flow_log("eni-a"), **changes)


def proposed(of: Evidence) -> NewFlowLog | None:
    (said,) = proposals(of, RULE)
    assert isinstance(said, Proposal)
    return said.flow_log


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
        log_with(destination_type="kinesis-data-firehose"),
        log_with(deliver_error="Access error"),
        log_with(log_format="${srcaddr} ${dstaddr} ${bytes}"),
        log_with(log_format="${interface-id} ${srcaddr} ${pkt-dstaddr} ${bytes}"),
        log_with(log_format="${interface-id} ${srcaddr} ${dstaddr}"),
        log_with(log_format="${interface-id} ${srcaddr} ${dstaddr} ${bytes}"),
        log_with(log_format="nonsense"),
    ],
    ids=[
        "rejected only",
        "not active",
        "another VPC",
        "a client's subnet",
        "a client",
        "to Firehose",
        "delivery fails",
        "no interface",
        "no pair of addresses",
        "no bytes",
        "no time",
        "no fields",
    ],
)
def test_flow_logs_that_do_not_see_it(log: FlowLog) -> None:
    assert len(findings(case(log), RULE)) == 1


def test_one_without_datapoints_is_not_judged() -> None:
    of = evidence(app((A, "nat-a"), nat_gateways=(nat(created=YOUNG),)))
    assert findings(of, RULE) == []
    assert [entry.resource for entry in unjudged(of, RULE)] == ["nat-a"]


def test_one_that_costs_nothing_is_no_finding() -> None:
    assert findings(case(one=nat(state="deleted")), RULE) == []


@pytest.mark.parametrize(
    "log",
    [
        log_with(log_format=ZONAL),
        log_with(log_format="${pkt-dstaddr} ${end} ${bytes} ${pkt-srcaddr} ${interface-id}"),
        log_with(destination_type="cloud-watch-logs", file_format="plain-text"),
    ],
    ids=["the fewest fields", "packet fields in any order", "the default format to CloudWatch Logs"],
)
def test_flow_logs_from_which_it_can_be_counted(log: FlowLog) -> None:
    assert findings(case(log), RULE) == []


def test_a_regional_one_is_counted_by_its_resource_id_only() -> None:
    by_interface, by_resource = (replace(flow_log("nat-r"), log_format=form) for form in (ZONAL, REGIONAL))
    assert len(findings(case(by_interface, one=regional_nat()), RULE)) == 1
    assert findings(case(by_resource, one=regional_nat()), RULE) == []


def test_it_says_why_the_flow_logs_that_are_there_do_not_help() -> None:
    (finding,) = findings(case(log_with(deliver_error="Access error"), flow_log("vpc-other")), RULE)
    assert "fl-eni-a on eni-a is no help: its delivery fails (Access error)." in finding.why
    assert "vpc-other" not in finding.why


def test_one_that_helps_beside_one_that_does_not_is_enough() -> None:
    assert findings(case(flow_log("vpc-app", traffic_type="REJECT"), flow_log("eni-a")), RULE) == []


# The flow log that would do


def test_it_proposes_one_on_the_interface_alone_with_the_fields_that_are_needed() -> None:
    gateway = replace(nat(), addresses=(*nat().addresses, NatAddress("10.0.0.221", None, "eni-a")))
    found = proposed(case(one=gateway))
    assert found
    assert (found.region, found.resource_type, found.resource_ids) == (REGION, "NetworkInterface", ("eni-a",))
    assert found.fields == (
        *("interface-id", "srcaddr", "dstaddr", "pkt-srcaddr", "pkt-dstaddr"),
        *("bytes", "start", "end", "log-status"),
    )


def test_it_proposes_one_on_the_regional_one_itself() -> None:
    found = proposed(case(one=regional_nat()))
    assert found
    assert (found.resource_type, found.resource_ids) == ("RegionalNatGateway", ("nat-r",))
    assert found.fields[0] == "resource-id"


def test_of_one_whose_interface_is_not_known_it_proposes_none() -> None:
    of = case(one=replace(nat(), addresses=()))
    assert proposed(of) is None
    (finding,) = findings(of, RULE)
    assert finding.added == ()


def test_a_record_is_as_long_as_its_values_and_what_parts_them() -> None:
    """Measured on a line whose values are as long as they come."""
    line = (
        "eni-0123456789abcdef0 100.100.100.100 200.200.200.200 100.100.100.101 200.200.200.201"
        " 1234567890123 1794787200 1794787260 OK\n"
    )
    found = proposed(case())
    assert found
    assert widest_record(found.fields) == len(line) == 125


def test_its_cost_follows_from_the_connections() -> None:
    """By hand: 960,000 × 30 established, and 4,000 open in each of 144 × 30 intervals; × 730 / 720 a month, × 4 legs.

    4 × (29,200,000 + 17,520,000) = 186,880,000 records of 125 bytes are 23,360,000,000 bytes.
    """
    (finding,) = findings(case(series=connections("nat-a", 960_000, 4_000)), RULE)
    assert "between 116,800,000 and 186,880,000 flow records a month" in finding.saving_note
    gb = Fraction(23_360_000_000, 2**30)
    assert [(line.resource, line.unit, line.price) for line in finding.added] == [
        ("nat-a", "GB", Decimal("0.25")),
        ("nat-a", "GB", Decimal("0.035")),
    ]
    assert [Fraction(line.quantity or 0) for line in finding.added] == [gb, gb]
    assert [Fraction(line.usd or 0) for line in finding.added] == [gb / 4, gb * 35 / 1000]
    assert (finding.saving, finding.avoided) == (None, ())


def test_of_a_regional_one_every_zone_may_be_as_busy_as_the_busiest() -> None:
    """4 × (29,200,000 + 2 × 17,520,000)."""
    (finding,) = findings(case(one=regional_nat(), series=connections("nat-r", 960_000, 4_000)), RULE)
    assert "and 256,960,000 flow records" in finding.saving_note


def test_days_before_it_existed_are_no_days_without_connections() -> None:
    """15 of 30 days: half of what was counted stands for a whole month."""
    young = case(one=nat(created=YOUNG), series=connections("nat-a", 960_000, 4_000, days=15))
    (finding,) = findings(young, RULE)
    assert "between 116,800,000 and 186,880,000 flow records a month" in finding.saving_note


@pytest.mark.parametrize("known", [0, 1], ids=["established", "active"])
def test_without_counts_of_connections_its_cost_is_unknown(known: int) -> None:
    """One of the two metrics alone bounds nothing."""
    (finding,) = findings(case(series=connections("nat-a", 960_000, 4_000)[known : known + 1]), RULE)
    assert [(line.quantity, line.usd) for line in finding.added] == [(None, None)] * 2
    assert "is not known" in finding.saving_note


def test_without_a_price_its_cost_is_unknown() -> None:
    (finding,) = findings(case(series=connections("nat-a", 960_000, 4_000), prices=PRICES), RULE)
    assert [line.usd for line in finding.added] == [None, None]


def test_it_is_told_with_all_its_texts_and_changes_no_plan() -> None:
    of = case(series=connections("nat-a", 960_000, 4_000))
    told = analyze(of, remedy)
    (finding,) = (one for one in told.findings if one.rule == RULE)
    texts = finding.remediation
    assert all("eni-a" in (text or "") for text in (texts.cli, texts.cloudformation, texts.terraform, texts.rollback))
    assert finding.id not in {step.finding_id for step in told.plan}
