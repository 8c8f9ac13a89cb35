"""What rules say in words of bytes that flow logs attribute, and how that moves severity and evidence."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest

from auditor.model.attributed import Attribution, FlowLogScan, NamedBy
from auditor.model.audit import Finding, Saving, Severity
from auditor.model.evidence import Evidence, Series
from auditor.model.resources import EndpointService
from auditor.model.traffic import Level
from auditor.rules.shares import percent, size
from tests.rules.ask import audit, findings, measured, up_to
from tests.rules.build import (
    DAY,
    GIB,
    PUBLIC_B,
    REGION,
    WINDOW,
    A,
    B,
    app,
    attributed,
    endpoint_series,
    evidence,
    gateway,
    interface,
    nat,
    nat_series,
    scan,
)

RULE = "missing-gateway-endpoint"
CARRIED = nat_series("nat-a", 0, 720 * GIB)


def case(*attributions: Attribution, scans: tuple[FlowLogScan, ...] = (scan("nat-a"),)) -> Evidence:
    return evidence(app((A, "nat-a")), CARRIED, attributions=attributions, scans=scans)


def s3_finding(of: Evidence) -> Finding:
    (finding,) = (one for one in findings(of, RULE) if one.id.endswith(":s3"))
    return finding


def to_s3(count: int, named_by: NamedBy = NamedBy.ADDRESS) -> Attribution:
    return attributed("nat-a", A, "s3", count, named_by)


def to_others(count: int) -> Attribution:
    return attributed("nat-a", A, "internet", count)


def test_the_note_says_the_share_the_bytes_and_how_much_is_explained() -> None:
    """450 of 720 GB are 62.5 %; 250 more went elsewhere, 97.2 % in all."""
    finding = s3_finding(case(to_s3(450 * GIB), to_others(250 * GIB)))
    assert finding.saving_note == (
        "Break-even: the first byte, because the endpoint is free. S3 in eu-central-1 was 62.5% of the NAT gateway's"
        " bytes: 450 GB in 30 days. Flow logs explain 97.2% of these bytes; what else the high figure counts on is the"
        " rest, which is open."
    )
    assert "not measured" not in finding.saving_note
    assert (finding.evidence, finding.severity) == (Level.FLOW_LOGS, Severity.HIGH)
    # 450 and 470 of 720 GB, of which 730 are a month's, at 0.052.
    assert finding.saving is not None
    assert finding.saving.expected == finding.saving.low
    assert abs(finding.saving.low - Decimal("23.725")) < Decimal("0.000001")
    assert abs(finding.saving.high - Decimal("24.779444")) < Decimal("0.000001")


def test_the_lines_beside_an_expected_saving_are_its_own() -> None:
    finding = s3_finding(case(to_s3(360 * GIB), to_others(180 * GIB)))
    assert finding.saving == Saving(Decimal("18.98"), Decimal("18.98"), Decimal("28.47"))
    assert [(line.quantity, line.usd) for line in finding.avoided] == [(Decimal(365), Decimal("18.98"))]


def test_days_that_were_not_read_are_told_with_what_they_hold() -> None:
    """A third of the bytes went through on the one day that was read."""
    series = (Series("nat-a", "BytesInFromDestination", (WINDOW.start.date(), DAY), (480 * GIB, 240 * GIB)),)
    attributions = (to_s3(120 * GIB), to_others(120 * GIB))
    of = evidence(app((A, "nat-a")), series, attributions=attributions, scans=(scan("nat-a", days=1),))
    finding = s3_finding(of)
    assert "S3 in eu-central-1 was 50% of the NAT gateway's bytes: 120 GB in 1 day." in finding.saving_note
    assert "They were read for days that hold 33.3% of the window's bytes there" in finding.saving_note
    assert finding.saving is not None
    assert finding.saving.expected == Decimal("18.98")
    assert finding.saving.low < finding.saving.expected < finding.saving.high
    assert audit(of).totals.saving_measured == Decimal("18.98")


@pytest.mark.parametrize(
    ("scans", "sentence"),
    [
        ((scan("nat-a", skipdata=1204),), "1,204 flow records were lost before delivery (SKIPDATA)"),
        ((scan("nat-a", skipdata=1),), "1 flow record was lost"),
        ((replace(scan("nat-a"), clients_known=False),), "Their records do not name all clients"),
    ],
)
def test_what_weakens_the_figure_is_told(scans: tuple[FlowLogScan, ...], sentence: str) -> None:
    assert sentence in s3_finding(case(to_s3(360 * GIB), scans=scans)).saving_note


def test_flow_logs_that_claim_more_than_was_billed_are_said_to() -> None:
    finding = s3_finding(case(to_s3(1440 * GIB)))
    assert "Flow logs claim 200% of the bytes that CloudWatch counted" in finding.saving_note
    assert finding.saving == measured("37.96")


def test_a_nat_gateway_without_flow_log_leaves_the_figure_open_and_is_named() -> None:
    """What flow logs show of the other one is certain."""
    network = app((A, "nat-a"), (B, "nat-b"), nat_gateways=(nat(), nat("b", PUBLIC_B.id)))
    of = evidence(
        network, CARRIED, nat_series("nat-b", 0, 720 * GIB), attributions=(to_s3(720 * GIB),), scans=(scan("nat-a"),)
    )
    finding = s3_finding(of)
    assert finding.saving == Saving(Decimal("37.96"), None, Decimal("75.92"))
    assert finding.evidence is Level.METRICS
    assert "Where the bytes of nat-b go, no flow log tells." in finding.saving_note


def test_a_service_that_flow_logs_never_show_is_of_low_severity_and_still_told() -> None:
    of = case(to_s3(350 * GIB), to_others(360 * GIB))
    severities = {one.id.rpartition(":")[2]: one.severity for one in findings(of, RULE)}
    assert severities == {"s3": Severity.HIGH, "dynamodb": Severity.LOW}
    (unused,) = (one for one in findings(of, RULE) if one.id.endswith(":dynamodb"))
    assert "flow logs show not a byte by that name among the NAT gateway's bytes in 30 days" in unused.saving_note


def test_a_service_that_flow_logs_do_not_show_may_be_in_what_they_do_not_explain() -> None:
    """Of 10 % nobody knows where they went."""
    of = case(to_s3(324 * GIB), to_others(324 * GIB))
    assert {one.severity for one in findings(of, RULE)} == {Severity.HIGH}


@pytest.mark.parametrize(("megabytes", "severity"), [(19_000, Severity.LOW), (20_000, Severity.HIGH)])
def test_small_change_is_of_low_severity(megabytes: int, severity: Severity) -> None:
    """19,000 of 737,280 MB are 18.81 GB of a month's 730, 0.98 USD; 20,000 are 1.03."""
    count = megabytes * 2**20
    assert s3_finding(case(to_s3(count), to_others(720 * GIB - count))).severity is severity


def test_the_same_of_an_endpoint_that_lacks_a_route_table() -> None:
    of = evidence(
        app((A, "nat-a"), endpoints=(gateway("s3"),)), CARRIED,
        attributions=(to_others(720 * GIB),), scans=(scan("nat-a"),),
    )  # fmt: skip
    (finding,) = findings(of, "gateway-endpoint-not-associated")
    assert (finding.severity, finding.saving, finding.evidence) == (Severity.LOW, measured("0"), Level.FLOW_LOGS)


def test_days_that_were_not_read_of_one_nat_gateway_are_told_of_that_one() -> None:
    """The other's flow log was read for the whole window."""
    network = app((A, "nat-a"), (B, "nat-b"), nat_gateways=(nat(), nat("b", PUBLIC_B.id)))
    early = Series("nat-b", "BytesInFromDestination", (WINDOW.start.date(), DAY), (480 * GIB, 240 * GIB))
    found = (to_s3(720 * GIB), attributed("nat-b", B, "s3", 240 * GIB))
    scans = (scan("nat-a"), scan("nat-b", days=1))
    finding = s3_finding(evidence(network, CARRIED, (early,), attributions=found, scans=scans))
    assert "S3 in eu-central-1 was 100% of 2 NAT gateways' bytes: 960 GB in up to 30 days." in finding.saving_note
    assert "Those of nat-b were read for days that hold 33.3% of the window's bytes there" in finding.saving_note


def test_bytes_of_aws_without_a_name_may_be_of_a_service_that_has_no_addresses_of_its_own() -> None:
    """S3 has, KMS has not."""
    service = EndpointService(f"com.amazonaws.{REGION}.kms", "kms", REGION, private_dns_names=("kms.example",))
    network = app((A, "nat-a"), endpoints=(interface("kms", A, private_dns=False),), endpoint_services=(service,))
    unnamed = (attributed("nat-a", A, "aws", 180 * GIB), to_others(540 * GIB))
    of = evidence(network, CARRIED, endpoint_series("vpce-kms", 0), attributions=unnamed, scans=(scan("nat-a"),))
    (finding,) = findings(of, "interface-endpoint-bypassed")
    assert (finding.saving, finding.evidence) == (up_to("7.665"), Level.METRICS)
    assert "Services of AWS without a name were 25%: some of it may be this one." in finding.saving_note
    assert "without a name" not in s3_finding(of).saving_note


def test_names_from_query_logs_decide_what_an_interface_endpoint_saves() -> None:
    """180 of 720 GB are 182.50 a month, at 0.052 through the NAT gateway and 0.01 through the endpoint."""
    service = EndpointService(f"com.amazonaws.{REGION}.kms", "kms", REGION, private_dns_names=("kms.example",))
    network = app((A, "nat-a"), endpoints=(interface("kms", A, private_dns=False),), endpoint_services=(service,))
    for named_by, level in ((NamedBy.QUERY_LOG, Level.NAMES), (NamedBy.DNS, Level.FLOW_LOGS)):
        named = (attributed("nat-a", A, "kms", 180 * GIB, named_by), to_others(540 * GIB))
        of = evidence(network, CARRIED, endpoint_series("vpce-kms", 0), attributions=named, scans=(scan("nat-a"),))
        (finding,) = findings(of, "interface-endpoint-bypassed")
        assert (finding.saving, finding.evidence) == (measured("7.665"), level)
        assert "kms in eu-central-1 was 25% of the NAT gateway's bytes: 180 GB in 30 days" in finding.saving_note
        assert ("weaker than query logs" in finding.saving_note) == (named_by is NamedBy.DNS)


@pytest.mark.parametrize(
    ("part", "words"),
    [("0", "0%"), ("0.0004", "less than 0.1%"), ("0.9999", "more than 99.9%"), ("1", "100%"), ("0.6251", "62.5%")],
)
def test_what_is_not_nothing_or_all_never_looks_like_it(part: str, words: str) -> None:
    assert percent(Decimal(part)) == words


@pytest.mark.parametrize(
    ("count", "words"),
    [(1, "less than 0.01 GB"), (GIB, "1.00 GB"), (1229 * GIB, "1,229 GB"), (GIB * 12 + GIB // 2, "12.50 GB")],
)
def test_bytes_are_the_price_lists_gb(count: int, words: str) -> None:
    assert size(count) == words
