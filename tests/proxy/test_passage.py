"""What passes the fault proxy is logged, and unchanged unless a test replaces or edits it."""

from __future__ import annotations

import time
import urllib.request
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.fault_proxy import FaultProxy
from tests.fault_proxy_answers import Call
from tests.proxy.calls import EC2, MEMBER, METRICS, OWN_ACCOUNT, Clients, assumed, refused


def test_log_tells_service_operation_region_key_params_and_status(proxy: FaultProxy, client: Clients) -> None:
    client("ec2", "eu-west-1").describe_subnets(Filters=[{"Name": "vpc-id", "Values": ["vpc-1"]}])
    client("cloudwatch").get_metric_data(**METRICS)
    client("sts").get_caller_identity()
    ec2, cloudwatch, sts = proxy.calls
    assert (ec2.service, ec2.operation, ec2.region) == ("ec2", "DescribeSubnets", "eu-west-1")
    assert (ec2.access_key, ec2.account, ec2.status) == ("AKIAOWN", OWN_ACCOUNT, 200)
    assert (ec2.params["Filter.1.Name"], ec2.params["Filter.1.Value.1"]) == ("vpc-id", "vpc-1")
    assert (cloudwatch.service, cloudwatch.operation) == ("monitoring", "GetMetricData")
    assert cloudwatch.params["MetricDataQueries"][0]["MetricStat"]["Metric"]["Namespace"] == "AWS/NATGateway"
    assert (sts.service, sts.operation) == ("sts", "GetCallerIdentity")
    assert ec2.at < cloudwatch.at < sts.at


def test_account_of_a_call_is_that_of_the_assumed_role(proxy: FaultProxy, client: Clients) -> None:
    ec2 = assumed(client)
    proxy.deny("DescribeVpcs", account=MEMBER)
    with pytest.raises(ClientError, match="UnauthorizedOperation"):
        ec2.describe_vpcs()
    client("ec2").describe_vpcs()
    ec2.close()
    assert [(call.operation, call.account, call.status) for call in proxy.calls] == [
        ("AssumeRole", MEMBER, 200),
        ("DescribeVpcs", MEMBER, 403),
        ("DescribeVpcs", OWN_ACCOUNT, 200),
    ]


def test_body_is_replaced_as_a_whole(proxy: FaultProxy, client: Clients) -> None:
    proxy.replace("GetProducts", b'{"FormatVersion": "aws_v1", "PriceList": ["{}"]}')
    assert client("pricing").get_products(ServiceCode="AmazonEC2")["PriceList"] == ["{}"]


def test_body_is_edited_and_then_paged(proxy: FaultProxy, client: Clients) -> None:
    """A regional NAT gateway, which moto cannot create, beside those that are there."""

    def with_regional(call: Call, body: bytes) -> bytes:
        assert call.region == "sa-east-1"
        nat = b"<item><natGatewayId>%s</natGatewayId><availabilityMode>regional</availabilityMode></item>"
        nats = nat % b"nat-0a" + nat % b"nat-0b"
        return body.replace(b"<natGatewaySet/>", b"<natGatewaySet>" + nats + b"</natGatewaySet>")

    proxy.replace("DescribeNatGateways", with_regional)
    proxy.page_size = 1
    pages = client("ec2", "sa-east-1").get_paginator("describe_nat_gateways").paginate()
    nats = [[(nat["NatGatewayId"], nat["AvailabilityMode"]) for nat in page["NatGateways"]] for page in pages]
    assert nats == [[("nat-0a", "regional")], [("nat-0b", "regional")]]


def test_regions_not_opted_into_show_with_all_regions_only(proxy: FaultProxy, client: Clients) -> None:
    proxy.answer_opt_in(["eu-south-2", "eu-west-1", "xx-new-1"])

    def statuses(**asked: Any) -> dict[str, str]:
        regions = client("ec2").describe_regions(**asked)["Regions"]
        return {region["RegionName"]: region["OptInStatus"] for region in regions}

    enabled, every = statuses(), statuses(AllRegions=True)
    assert "us-east-1" in enabled
    assert not {"eu-south-2", "eu-west-1", "xx-new-1"} & enabled.keys()
    assert {every[name] for name in ("eu-south-2", "eu-west-1", "xx-new-1")} == {"not-opted-in"}
    assert every["us-east-1"] == "opt-in-not-required"
    wanted = [{"Name": "opt-in-status", "Values": ["opt-in-not-required", "opted-in"]}]
    assert set(statuses(AllRegions=True, Filters=wanted)) == set(enabled)
    assert set(statuses(AllRegions=True, RegionNames=["eu-west-1"])) == {"eu-west-1"}


def test_clear_forgets_faults_paging_and_log(proxy: FaultProxy, client: Clients) -> None:
    proxy.deny()
    proxy.page_size = 1
    refused(client, EC2)
    proxy.clear()
    assert proxy.calls == []
    answer = client("ec2").describe_subnets()
    assert (len(answer["Subnets"]) > 1, "NextToken" in answer) == (True, False)


def test_bodies_and_headers_pass_unchanged(proxy: FaultProxy, client: Clients) -> None:
    s3, content = client("s3"), bytes(range(256)) * 1000
    s3.create_bucket(Bucket="fault-proxy")
    s3.put_object(Bucket="fault-proxy", Key="a/b c+d.gz", Body=content, Metadata={"owner": "network"})
    head = s3.head_object(Bucket="fault-proxy", Key="a/b c+d.gz")
    assert (head["ContentLength"], head["Metadata"]) == (len(content), {"owner": "network"})
    body = s3.get_object(Bucket="fault-proxy", Key="a/b c+d.gz")["Body"]
    assert body.read() == content
    assert [call.service for call in proxy.calls] == ["s3"] * 4


def test_moto_controls_are_passed_on_and_not_logged(proxy: FaultProxy) -> None:
    proxy.deny()
    url = f"{proxy.url}/moto-api/state-manager/get-transition?model_name=dax::cluster"
    with urllib.request.urlopen(url) as answer:  # noqa: S310  # the proxy's own
        assert answer.status == 200
    assert proxy.calls == []


def test_proxy_stops_without_waiting_for_calls_under_way(upstream: str) -> None:
    with ThreadPoolExecutor(1) as pool:
        with FaultProxy(upstream) as proxy:
            proxy.delay(30)
            under_way = pool.submit(urllib.request.urlopen, f"{proxy.url}/bucket")
            while not proxy.calls:
                time.sleep(0.01)
            started = time.monotonic()
        assert time.monotonic() - started < 2
        assert under_way.exception(timeout=2)
