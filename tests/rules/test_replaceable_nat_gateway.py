"""A NAT gateway is replaceable where all that it carries goes to services that endpoints carry."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from auditor.model.attributed import Attribution, FlowLogScan
from auditor.model.evidence import Evidence, Series
from auditor.model.network import Network
from auditor.whatif.edits import (
    AddGatewayEndpoint,
    AddInterfaceEndpoint,
    AssociateRouteTables,
    DropNatGateway,
)
from tests.rules.ask import audit, edits, findings, measured, unjudged
from tests.rules.build import (
    ACCOUNT,
    DAY,
    GIB,
    REGION,
    YOUNG,
    A,
    B,
    app,
    attributed,
    evidence,
    gateway,
    interface,
    named,
    nat,
    nat_series,
    offer,
    scan,
    subnet,
    table,
)
from tests.rules.examples import hub_and_spoke

RULE = "replaceable-nat-gateway"
S3, KMS = attributed("nat-a", A, "s3", 360 * GIB), named("nat-a", A, "kms", 360 * GIB)
NEW_KMS = AddInterfaceEndpoint(
    "vpc-app", ACCOUNT, REGION, "kms", (A.id,), ("10.0.0.0/16",), f"com.amazonaws.{REGION}.kms"
)
NEW_S3 = AddGatewayEndpoint("vpc-app", ACCOUNT, REGION, "s3", ("rtb-private-a",))
DROP = DropNatGateway("nat-a", REGION)


def case(
    *found: Attribution,
    network: Network | None = None,
    carried: int = 720 * GIB,
    scans: tuple[FlowLogScan, ...] = (scan("nat-a"),),
    **more: Any,
) -> Evidence:
    built = network or app((A, "nat-a"), endpoint_services=(offer("kms", "a"),), **more)
    return evidence(built, nat_series("nat-a", 0, carried), attributions=found, scans=scans)


def test_its_hours_address_and_bytes_less_what_the_endpoints_cost() -> None:
    of = case(S3, KMS)
    (finding,) = findings(of, RULE)
    # 37.96 + 3.65 + 730 GB × 0.052 − 8.76 − 365 GB × 0.01
    assert finding.saving == measured("67.16")
    assert edits(of, RULE) == [(NEW_S3, NEW_KMS, DROP)]
    assert finding.risks[0].startswith("New destinations will have no way out")


def test_the_plan_comes_to_the_same_by_steps() -> None:
    """First S3's endpoint, 18.98; the service's pays alone too, 365 × 0.042 − 8.76; then hours and address."""
    found = audit(case(S3, KMS))
    assert found.totals.saving_measured == Decimal("67.16")
    assert found.plan[-1].finding_id == f"{RULE}:nat-a"


def test_endpoints_that_are_there_are_used() -> None:
    of = case(S3, KMS, endpoints=(gateway("s3"), interface("kms", A)))
    assert edits(of, RULE) == [(AssociateRouteTables("vpce-s3", REGION, ("rtb-private-a",)), DROP)]
    associated = gateway("s3", table("private-a", None))
    assert edits(case(S3, endpoints=(associated,), carried=360 * GIB), RULE) == [(DROP,)]


@pytest.mark.parametrize(
    "other",
    [
        attributed("nat-a", A, "internet", GIB),
        attributed("nat-a", A, "ec2-hosted", GIB),
        attributed("nat-a", A, "aws", GIB),
        attributed("nat-a", A, "unknown", GIB),
        attributed("nat-a", A, "ebs", GIB),
        named("nat-a", A, "sqs", GIB),
        replace(attributed("nat-a", A, "s3", GIB), service_region="us-east-1"),
        attributed("nat-a", None, "s3", GIB),
        attributed("nat-a", subnet("spoke", vpc_id="vpc-spoke"), "s3", GIB),
    ],
    ids=[
        *("internet", "someone's servers", "no name", "unknown", "the tag of a range", "not offered", "elsewhere"),
        *("no client", "another VPC's client"),
    ],
)
def test_a_byte_that_needs_it_keeps_it(other: Attribution) -> None:
    assert findings(case(S3, KMS, other), RULE) == []


def test_flow_logs_must_explain_nearly_all() -> None:
    """95 % is the limit; what nobody explains may need it, so the plan leaves it alone."""
    most = case(attributed("nat-a", A, "s3", 684 * GIB))
    (finding,) = findings(most, RULE)
    assert "Flow logs explain 95% of its bytes." in finding.saving_note
    # Hours and address, and 693.5 GB × 0.052: the rest costs what it did.
    assert finding.saving is not None
    assert finding.saving.expected == Decimal("77.672")
    assert f"{RULE}:nat-a" not in {step.finding_id for step in audit(most).plan}
    assert findings(case(attributed("nat-a", A, "s3", 683 * GIB)), RULE) == []


def test_days_that_were_not_read_may_have_needed_it() -> None:
    days = (DAY - timedelta(days=9), DAY)
    of = case(S3, scans=(scan("nat-a", days=1),))
    series = tuple(
        Series("nat-a", metric, days, (half, half))
        for metric, half in (("BytesInFromSource", 0), ("BytesInFromDestination", 360 * GIB))
    )
    assert findings(of, RULE) == []
    assert findings(replace(of, scopes=(replace(of.scopes[0], series=series),)), RULE) == []


def test_without_flow_logs_or_bytes_it_is_silent() -> None:
    assert findings(case(scans=()), RULE) == []
    assert findings(case(carried=0), RULE) == []


def test_a_format_that_names_no_client_may_hide_one() -> None:
    assert findings(case(S3, KMS, scans=(replace(scan("nat-a"), clients_known=False),)), RULE) == []


def test_a_hub_is_needed_by_others() -> None:
    network = replace(hub_and_spoke(), endpoint_services=(offer("kms", "a"),))
    spoke = subnet("spoke", vpc_id="vpc-spoke")
    assert findings(case(attributed("nat-a", spoke, "s3", 720 * GIB), network=network), RULE) == []


def test_an_endpoint_without_private_dns_is_mended_first() -> None:
    assert findings(case(S3, KMS, endpoints=(interface("kms", A, private_dns=False),)), RULE) == []


def test_where_the_endpoints_cost_more_than_it_saves_there_is_no_finding() -> None:
    few = tuple(named("nat-a", A, service, GIB) for service in ("kms", "sqs", "sns", "sts", "logs"))
    offers = tuple(offer(one.service, "a") for one in few)
    # 5 × 8.76 = 43.80 are more than 37.96 + 3.65 and the bytes.
    of = case(*few, network=app((A, "nat-a"), endpoint_services=offers), carried=5 * GIB)
    assert len(edits(of, RULE)) == 1
    assert findings(of, RULE) == []


def test_a_young_one_is_not_judged() -> None:
    of = case(S3, KMS, nat_gateways=(nat(created=YOUNG),))
    assert findings(of, RULE) == []
    assert [one.resource for one in unjudged(of, RULE)] == ["nat-a"]


def test_two_of_them_share_their_endpoints() -> None:
    network = app(
        (A, "nat-a"), (B, "nat-b"), nat_gateways=(nat(), nat("b")), endpoint_services=(offer("kms", "a", "b"),)
    )
    found = (
        S3,
        KMS,
        replace(S3, nat_gateway_id="nat-b", subnet_id=B.id),
        replace(KMS, nat_gateway_id="nat-b", subnet_id=B.id),
    )
    series = (nat_series("nat-a", 0, 720 * GIB), nat_series("nat-b", 0, 720 * GIB))
    of = evidence(network, *series, attributions=found, scans=(scan("nat-a", "nat-b"),))
    one, other = edits(of, RULE)
    assert one[:-1] == other[:-1]
    assert (one[-1], other[-1]) == (DROP, DropNatGateway("nat-b", REGION))
    # 2 × (37.96 + 3.65 + 37.96) − 2 × 8.76 − 730 GB × 0.01
    assert audit(of).totals.saving_measured == Decimal("134.32")
