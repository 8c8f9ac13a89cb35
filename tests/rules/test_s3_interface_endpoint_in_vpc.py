"""With private DNS for all, an S3 interface endpoint is charged for bytes that a gateway endpoint carries free."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from auditor.model.evidence import Evidence
from auditor.model.resources import Endpoint, RouteTable
from auditor.whatif.edits import AddGatewayEndpoint, AssociateRouteTables, LimitPrivateDnsToInboundResolver
from tests.rules.ask import edits, findings, measured, unjudged, up_to
from tests.rules.build import (
    ACCOUNT,
    GIB,
    REGION,
    YOUNG,
    A,
    app,
    endpoint_series,
    evidence,
    gateway,
    interface,
    silent_series,
    subnet,
    table,
    vpc,
)

RULE = "s3-interface-endpoint-in-vpc"
LIMIT = LimitPrivateDnsToInboundResolver("vpce-s3", REGION)
TABLES = ("rtb-public", "rtb-private-a")


def case(
    endpoint: Endpoint,
    *others: Endpoint,
    carried: int = 720 * GIB,
    dns: bool = True,
    tables: tuple[RouteTable, ...] = (),
) -> Evidence:
    network = app((A, None), vpcs=(vpc(dns=dns),), endpoints=(endpoint, *others), route_tables=tables, nat_gateways=())
    return evidence(network, endpoint_series(endpoint.id, carried))


def s3(**more: Any) -> Endpoint:
    return interface("s3", A, **more)


def s3_gateway(*tables: str) -> Endpoint:
    return replace(gateway("s3"), id="vpce-gateway", route_table_ids=tables)


def test_its_bytes_are_saved_and_its_hours_stay() -> None:
    of = case(s3())
    (finding,) = findings(of, RULE)
    # 730 GB × 0.01
    assert finding.saving == measured("7.30")
    assert edits(of, RULE) == [(AddGatewayEndpoint("vpc-app", ACCOUNT, REGION, "s3", TABLES), LIMIT)]


@pytest.mark.parametrize("target", ["tgw-core", "vgw-1", "pcx-1"])
def test_where_clients_outside_can_reach_it_the_bytes_may_be_theirs(target: str) -> None:
    outside = table("outside", target, subnet("x"), to="192.168.0.0/16")
    assert [finding.saving for finding in findings(case(s3(), tables=(outside,)), RULE)] == [up_to("7.30")]


def test_a_gateway_endpoint_that_is_there_is_used() -> None:
    assert edits(case(s3(), s3_gateway(*TABLES)), RULE) == [(LIMIT,)]
    some = AssociateRouteTables("vpce-gateway", REGION, ("rtb-private-a",))
    assert edits(case(s3(), s3_gateway("rtb-public")), RULE) == [(some, LIMIT)]


@pytest.mark.parametrize(
    "change",
    [
        {"inbound_resolver_only": True},
        {"private_dns": False},
        {"requester_managed": True},
        {"state": "pending"},
        {"service_region": "us-east-1"},
    ],
    ids=["for outside only", "no private DNS", "not the user's", "not there yet", "of another region"],
)
def test_near_misses(change: dict[str, Any]) -> None:
    of = case(s3(**change))
    assert findings(of, RULE) == []
    assert unjudged(of, RULE) == []


def test_other_services_have_no_gateway_endpoint() -> None:
    assert findings(case(interface("sqs", A)), RULE) == []


def test_private_dns_without_the_vpcs_dns_takes_nothing() -> None:
    assert findings(case(s3(), dns=False), RULE) == []


def test_one_that_carried_nothing_is_idle_instead() -> None:
    assert findings(case(s3(), carried=0), RULE) == []


def test_one_without_datapoints_is_not_judged() -> None:
    network = case(s3(created=YOUNG)).network
    of = evidence(network, silent_series("vpce-s3"))
    assert findings(of, RULE) == []
    assert [entry.resource for entry in unjudged(of, RULE)] == ["vpce-s3"]


def test_a_subnet_without_any_route_table_breaks_nothing() -> None:
    network = case(s3()).network
    of = evidence(replace(network, subnets=(*network.subnets, subnet("bare"))), endpoint_series("vpce-s3", GIB))
    assert edits(of, RULE) == [(AddGatewayEndpoint("vpc-app", ACCOUNT, REGION, "s3", TABLES), LIMIT)]


def test_a_vpc_that_is_not_in_the_answer_breaks_nothing() -> None:
    network = replace(case(s3()).network, vpcs=())
    assert len(findings(evidence(network, endpoint_series("vpce-s3", GIB)), RULE)) == 1
