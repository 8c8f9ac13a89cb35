"""How a scope is asked: in pages, in a number of calls that does not grow with the account, and never in circles."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace

import boto3
import pytest

from auditor.collectors.run import Selection, collect, window_of
from auditor.demo.company import DEMO_NOW
from auditor.model.evidence import Evidence, Scope, Source
from tests.embedded import MEMBER, OWN, PRICE_LIST, Served, read, served
from tests.fault_proxy import FaultProxy
from tests.fault_proxy_answers import Call

FRANKFURT, VIRGINIA, SYDNEY, DUBLIN = "eu-central-1", "us-east-1", "ap-southeast-2", "eu-west-1"


def ec2_calls(proxy: FaultProxy, account: str, region: str) -> Counter[str]:
    """The calls of one scope; DescribeRegions is the account's."""
    return Counter(
        call.operation
        for call in proxy.calls
        if (call.service, call.account, call.region) == ("ec2", account, region) and call.operation != "DescribeRegions"
    )


def uncounted(evidence: Evidence) -> Evidence:
    """The evidence without the counts of calls, which pages change."""
    return replace(evidence, calls=(), scopes=tuple(replace(scope, calls=()) for scope in evidence.scopes))


def test_pages_of_two_give_the_same_evidence(aws: Served, proxy: FaultProxy) -> None:
    whole = read(aws.company)
    unpaged = Counter(call.operation for call in proxy.calls)
    proxy.calls.clear()
    proxy.page_size = 2
    paged = read(aws.company)
    assert uncounted(paged) == uncounted(whole)
    now = Counter(call.operation for call in proxy.calls)
    grown = {operation for operation in unpaged if now[operation] > unpaged[operation]}
    assert grown >= {
        "DescribeVpcs",
        "DescribeSubnets",
        "DescribeRouteTables",
        "DescribeNatGateways",
        "DescribeVpcEndpoints",
        "DescribeNetworkInterfaces",
    }


def test_a_quiet_region_costs_three_calls(aws: Served, proxy: FaultProxy) -> None:
    evidence = read(aws.company, regions=(DUBLIN,))
    for account in (OWN, MEMBER):
        assert ec2_calls(proxy, account, DUBLIN) == {
            "DescribeNatGateways": 1,
            "DescribeVpcEndpoints": 1,
            "DescribeRouteTables": 1,
        }
        scope = evidence.scope[account, DUBLIN]
        assert (scope.status, set(scope.known)) == ("audited", set(Source))
    assert {call.service for call in proxy.calls} == {"sts", "ec2"}


def test_a_region_with_everything_costs_about_a_dozen_calls(aws: Served, proxy: FaultProxy) -> None:
    """Frankfurt has NAT gateways, endpoints of both types, two transit gateways with a table each, and a flow log."""
    read(aws.company, accounts=(OWN,), regions=(FRANKFURT,))
    calls = ec2_calls(proxy, OWN, FRANKFURT)
    assert {name: count for name, count in calls.items() if count > 1} == {"SearchTransitGatewayRoutes": 4}
    assert len(calls) <= 15


def test_of_a_transit_gateways_routes_those_that_lead_out_are_kept_once(aws: Served, proxy: FaultProxy) -> None:
    """Both searches find the static default route; a route to a private CIDR leads to no internet."""

    def routes(_: Call, body: bytes) -> bytes:
        found = "".join(
            f"<item><destinationCidrBlock>{cidr}</destinationCidrBlock><type>{kind}</type><state>active</state>"
            f"<transitGatewayAttachments><item><transitGatewayAttachmentId>tgw-attach-{kind}"
            "</transitGatewayAttachmentId></item></transitGatewayAttachments></item>"
            for cidr, kind in (
                ("0.0.0.0/0", "static"), ("0.0.0.0/0", "propagated"), ("10.0.0.0/8", "static"),
                ("52.216.0.0/15", "static"), ("64:ff9b::/96", "static"), ("2001:db8::/32", "static"),
            )
        )  # fmt: skip
        start = body.partition(b"<routeSet")[0]
        return start + f"<routeSet>{found}</routeSet></SearchTransitGatewayRoutesResponse>".encode()

    proxy.replace("SearchTransitGatewayRoutes", routes, region=FRANKFURT)
    network = read(aws.company, accounts=(OWN,), regions=(FRANKFURT,)).network
    tables = Counter(one.route_table_id for one in network.transit_routes)
    assert set(tables.values()) == {4}
    kept = {(one.destination, one.attachment_id, one.propagated) for one in network.transit_routes}
    assert kept == {
        ("0.0.0.0/0", "tgw-attach-static", False),
        ("0.0.0.0/0", "tgw-attach-propagated", True),
        ("52.216.0.0/15", "tgw-attach-static", False),
        ("64:ff9b::/96", "tgw-attach-static", False),
    }


@pytest.fixture(scope="module")
def blank() -> Iterator[Served]:
    with served("blank") as aws:
        yield aws


def _build(aws: Served, vpcs: int, nats: int) -> None:
    """VPCs with NAT gateways and an interface endpoint each."""
    keys = {key.lower(): aws.environment[key] for key in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY")}
    ec2 = boto3.Session(region_name=FRANKFURT, **keys).client("ec2", endpoint_url=aws.url)
    for number in range(vpcs):
        vpc = ec2.create_vpc(CidrBlock=f"10.{number}.0.0/16")["Vpc"]["VpcId"]
        subnet = ec2.create_subnet(VpcId=vpc, CidrBlock=f"10.{number}.0.0/24")["Subnet"]["SubnetId"]
        for _ in range(nats):
            address = ec2.allocate_address(Domain="vpc")["AllocationId"]
            ec2.create_nat_gateway(SubnetId=subnet, AllocationId=address)
        service = f"com.amazonaws.{FRANKFURT}.sqs"
        ec2.create_vpc_endpoint(
            VpcId=vpc,
            ServiceName=service,
            VpcEndpointType="Interface",
            SubnetIds=[subnet],
            PrivateDnsEnabled=False,
        )


def _read_blank(aws: Served) -> tuple[Scope, Counter[str], int]:
    with FaultProxy(aws.url) as proxy, pytest.MonkeyPatch.context() as environment:
        proxy.replace("GetProducts", PRICE_LIST)
        for name, value in aws.environment_of(proxy.url).items():
            environment.setenv(name, value)
        selection = Selection(window_of(30, DEMO_NOW), DEMO_NOW, regions=(FRANKFURT,))
        evidence = asyncio.run(collect(selection))
        metrics = sum(call.operation == "GetMetricData" for call in proxy.calls)
        return evidence.scopes[0], ec2_calls(proxy, OWN, FRANKFURT), metrics


def test_calls_do_not_grow_with_vpcs_nor_with_nat_gateways(blank: Served) -> None:
    """But for the DNS attributes, two calls for each VPC whose endpoint may be bypassed: here none has private DNS."""
    _build(blank, vpcs=1, nats=1)
    few, calls_for_few, metrics_for_few = _read_blank(blank)
    _build(blank, vpcs=8, nats=5)
    many, calls_for_many, metrics_for_many = _read_blank(blank)
    assert (len(few.network.nat_gateways), len(many.network.nat_gateways)) == (1, 41)
    assert calls_for_many == calls_for_few
    assert (metrics_for_few, metrics_for_many) == (2, 2)
