"""A VPC whose subnets leave through NAT pays for S3 and DynamoDB, which a gateway endpoint carries free."""

from __future__ import annotations

from decimal import Decimal

import pytest

from auditor.model.audit import Severity
from auditor.model.evidence import Evidence
from auditor.model.network import Network
from auditor.model.resources import Endpoint
from auditor.whatif.edits import AddGatewayEndpoint
from tests.rules.ask import audit, edits, findings, measured, unjudged, up_to
from tests.rules.build import (
    ACCOUNT,
    GIB,
    REGION,
    A,
    B,
    app,
    attributed,
    evidence,
    gateway,
    interface,
    nat,
    nat_series,
    subnet,
    table,
    vpc,
)
from tests.rules.examples import hub_and_spoke

RULE = "missing-gateway-endpoint"
TRAFFIC = nat_series("nat-a", 180 * GIB, 540 * GIB)


def ids(of: Evidence) -> list[str]:
    return sorted(finding.id.removeprefix(f"{RULE}:") for finding in findings(of, RULE))


def test_at_the_most_all_bytes_of_the_nat_gateway_go_to_each_service() -> None:
    of = evidence(app((A, "nat-a"), (B, "nat-a")), TRAFFIC)
    # 730 GB × 0.052
    assert [finding.saving for finding in findings(of, RULE)] == [up_to("37.96")] * 2
    tables = ("rtb-private-a", "rtb-private-b")
    assert edits(of, RULE) == [
        (AddGatewayEndpoint("vpc-app", ACCOUNT, REGION, "s3", tables),),
        (AddGatewayEndpoint("vpc-app", ACCOUNT, REGION, "dynamodb", tables),),
    ]


def test_the_plan_does_not_count_the_same_bytes_for_both() -> None:
    totals = audit(evidence(app((A, "nat-a")), TRAFFIC)).totals
    assert (totals.saving_measured, totals.saving_unmeasured_high) == (Decimal(0), Decimal("37.96"))


def test_what_flow_logs_attribute_is_a_figure() -> None:
    to_s3, to_dynamodb = (attributed("nat-a", A, service, 360 * GIB) for service in ("s3", "dynamodb"))
    of = evidence(app((A, "nat-a")), nat_series("nat-a", 0, 720 * GIB), attributions=(to_s3, to_dynamodb))
    assert [finding.saving for finding in findings(of, RULE)] == [measured("18.98")] * 2


def test_s3_express_is_proposed_only_where_flow_logs_show_it() -> None:
    plain = evidence(app((A, "nat-a")), TRAFFIC)
    assert ids(plain) == ["vpc-app:dynamodb", "vpc-app:s3"]
    foreign = subnet("foreign", vpc_id="vpc-quiet")
    network = app(
        (A, "nat-a"),
        vpcs=(vpc(), vpc("quiet")),
        subnets=(foreign,),
        route_tables=(table("foreign", "nat-a", foreign, vpc_id="vpc-quiet"),),
    )
    shown = evidence(network, TRAFFIC, attributions=(attributed("nat-a", A, "s3express", GIB),))
    assert [one for one in ids(shown) if "express" in one] == ["vpc-app:s3express"]


def test_a_spoke_behind_a_transit_gateway_is_left_to_its_own_rule() -> None:
    assert findings(evidence(hub_and_spoke(), TRAFFIC), RULE) == []


def test_a_way_that_was_not_read_to_its_end_is_not_judged() -> None:
    of = evidence(hub_and_spoke(landing_to="vpce-firewall"), TRAFFIC)
    assert findings(of, RULE) == []
    assert {entry.resource for entry in unjudged(of, RULE)} == {"vpc-hub"}


def test_through_an_internet_gateway_there_is_nothing_to_save() -> None:
    of = evidence(app())
    assert [(finding.severity, finding.saving) for finding in findings(of, RULE)] == [(Severity.LOW, None)] * 2


def test_a_default_vpc_is_told_only_what_it_pays_for() -> None:
    default = (vpc(is_default=True),)
    assert ids(evidence(app(vpcs=default))) == []
    assert len(ids(evidence(app((A, "nat-a"), vpcs=default), TRAFFIC))) == 2


def test_the_main_route_table_counts_for_subnets_without_their_own() -> None:
    network = app(subnets=(A,), route_tables=(table("main", "nat-a", main=True),))
    assert [edit.route_table_ids for (edit,) in edits(evidence(network, TRAFFIC), RULE)] == [("rtb-main",)] * 2  # type: ignore[union-attr]


@pytest.mark.parametrize(
    "endpoint",
    [gateway("s3"), interface("s3", A)],
    ids=["there is a gateway endpoint", "an interface endpoint takes it"],
)
def test_near_misses(endpoint: Endpoint) -> None:
    assert ids(evidence(app((A, "nat-a"), endpoints=(endpoint,)), TRAFFIC)) == ["vpc-app:dynamodb"]


@pytest.mark.parametrize(
    "endpoint",
    [
        gateway("s3", state="deleting"),
        gateway("s3", vpc_id="vpc-other"),
        interface("s3", A, private_dns=False),
        interface("s3", A, inbound_resolver_only=True),
        interface("s3", A, state="pending"),
        interface("s3", A, service_region="us-east-1"),
        interface("s3-outposts", A),
    ],
    ids=["deleting", "another VPC's", "no private DNS", "for outside only", "pending", "another region's", "Outposts"],
)
def test_endpoints_that_do_not_take_the_vpcs_traffic_change_nothing(endpoint: Endpoint) -> None:
    assert ids(evidence(app((A, "nat-a"), endpoints=(endpoint,)), TRAFFIC)) == ["vpc-app:dynamodb", "vpc-app:s3"]


def test_isolated_subnets_need_nothing() -> None:
    network = Network(vpcs=(vpc(),), subnets=(A,), route_tables=(table("a", None, A),), nat_gateways=(nat(),))
    of = evidence(network)
    assert findings(of, RULE) == []
    assert unjudged(of, RULE) == []
