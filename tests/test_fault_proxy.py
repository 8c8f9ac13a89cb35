"""The fault proxy does to real AWS clients what it says, and nothing else."""

from __future__ import annotations

import asyncio
import time
import urllib.request
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import boto3
import pytest
from aiobotocore.config import AioConfig
from aiobotocore.session import get_session
from botocore.config import Config
from botocore.exceptions import ClientError, ConnectionClosedError
from botocore.parsers import ResponseParserError
from moto.server import ThreadedMotoServer

from tests.fault_proxy import FaultProxy

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tests.fault_proxy_answers import Call

    Clients = Callable[..., Any]

OWN_ACCOUNT, MEMBER = "123456789012", "222222222222"
ROLE = f"arn:aws:iam::{MEMBER}:role/Auditor"
NO_RETRIES = Config(retries={"total_max_attempts": 1}, s3={"addressing_style": "path"})
METRICS = {
    "MetricDataQueries": [
        {
            "Id": "up",
            "MetricStat": {
                "Metric": {
                    "Namespace": "AWS/NATGateway",
                    "MetricName": "BytesInFromSource",
                    "Dimensions": [{"Name": "NatGatewayId", "Value": "nat-1"}],
                },
                "Period": 86400,
                "Stat": "Sum",
            },
        }
    ],
    "StartTime": datetime(2026, 10, 1, tzinfo=UTC),
    "EndTime": datetime(2026, 10, 31, tzinfo=UTC),
}

Asked = tuple[str, str, dict[str, Any]]

# One call in each protocol.
EC2: Asked = ("ec2", "describe_vpcs", {})
STS: Asked = ("sts", "get_caller_identity", {})
CLOUDWATCH: Asked = ("cloudwatch", "get_metric_data", METRICS)
PRICING: Asked = ("pricing", "get_products", {"ServiceCode": "AmazonEC2"})
S3: Asked = ("s3", "list_buckets", {})
SES: Asked = ("sesv2", "list_email_identities", {})


@pytest.fixture(scope="module")
def upstream() -> Iterator[str]:
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    yield f"http://{host}:{port}"
    server.stop()


@pytest.fixture(scope="module")
def running(upstream: str) -> Iterator[FaultProxy]:
    with FaultProxy(upstream) as proxy:
        yield proxy


@pytest.fixture
def proxy(running: FaultProxy) -> FaultProxy:
    running.clear()
    return running


@pytest.fixture(scope="module")
def client(running: FaultProxy) -> Iterator[Clients]:
    """Makes clients of the proxy, or of another endpoint."""
    session = boto3.Session("AKIAOWN", "secret")
    made: dict[tuple[object, ...], Any] = {}

    def make(service: str, region: str = "us-east-1", **options: Any) -> Any:  # noqa: ANN401  # boto3 has no types
        key = (service, region, *options.values())
        if key not in made:
            asked = {"endpoint_url": running.url, "config": NO_RETRIES, **options}
            made[key] = session.client(service, region, **asked)
        return made[key]

    yield make
    for each in made.values():
        each.close()


def refused(client: Clients, call: Asked) -> tuple[str, int]:
    """Make a call that must fail; return the code and status of its error."""
    service, operation, params = call
    with pytest.raises(ClientError) as caught:
        getattr(client(service), operation)(**params)
    response = caught.value.response
    return response["Error"]["Code"], response["ResponseMetadata"]["HTTPStatusCode"]


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


def assumed(client: Clients) -> Any:  # noqa: ANN401  # boto3 has no types
    """Return an EC2 client of the member account."""
    given = client("sts").assume_role(RoleArn=ROLE, RoleSessionName="audit")["Credentials"]
    session = boto3.Session(given["AccessKeyId"], given["SecretAccessKey"], given["SessionToken"])
    return session.client("ec2", "us-east-1", endpoint_url=client("ec2").meta.endpoint_url, config=NO_RETRIES)


def test_role_of_one_account_can_be_denied(proxy: FaultProxy, client: Clients) -> None:
    proxy.deny("AssumeRole", account=MEMBER)
    assert refused(client, ("sts", "assume_role", {"RoleArn": ROLE, "RoleSessionName": "audit"})) == (
        "AccessDenied",
        403,
    )
    other = ROLE.replace(MEMBER, "333333333333")
    assert client("sts").assume_role(RoleArn=other, RoleSessionName="audit")["Credentials"]


def test_pages_hold_every_item_once(proxy: FaultProxy, client: Clients, upstream: str) -> None:
    whole = client("ec2", endpoint_url=upstream).describe_subnets()["Subnets"]
    assert len(whole) > 4, "the default VPC has a subnet in each AZ"
    proxy.page_size = 4
    pages = list(client("ec2").get_paginator("describe_subnets").paginate())
    assert [subnet for page in pages for subnet in page["Subnets"]] == whole
    assert [len(page["Subnets"]) for page in pages[:-1]] == [4] * (len(pages) - 1)
    assert "NextToken" not in pages[-1]


def test_max_results_is_honoured_below_the_page_size(proxy: FaultProxy, client: Clients) -> None:
    proxy.page_size = 1000
    answer = client("ec2").describe_subnets(MaxResults=5)
    assert (len(answer["Subnets"]), "NextToken" in answer) == (5, True)
    rest = client("ec2").describe_subnets(MaxResults=5, NextToken=answer["NextToken"])
    assert not {each["SubnetId"] for each in answer["Subnets"]} & {each["SubnetId"] for each in rest["Subnets"]}


def test_page_is_written_without_namespace_prefixes(proxy: FaultProxy) -> None:
    """A parser that knows nothing of namespaces can read EC2, so it must be able to read a page."""
    proxy.page_size = 1
    signed = {"Authorization": "AWS4-HMAC-SHA256 Credential=AKIAOWN/20261120/us-east-1/ec2/aws4_request"}
    asked = urllib.request.Request(proxy.url, b"Action=DescribeSubnets", signed)  # noqa: S310  # the proxy's own
    with urllib.request.urlopen(asked) as answer:  # noqa: S310  # the same
        body = answer.read()
    assert body.count(b"<subnetId>") == body.count(b"<nextToken>page-1</nextToken>") == 1


def test_paging_is_off_until_it_is_set(proxy: FaultProxy, client: Clients) -> None:
    assert proxy.page_size is None
    assert "NextToken" not in client("ec2").describe_subnets(MaxResults=5)


def test_what_aws_never_pages_is_not_paged(proxy: FaultProxy, client: Clients) -> None:
    proxy.page_size = 1
    assert len(client("ec2").describe_regions()["Regions"]) > 1
    assert len(client("ec2").describe_availability_zones()["AvailabilityZones"]) > 1


def test_two_lists_of_one_answer_are_paged_together(proxy: FaultProxy, client: Clients, upstream: str) -> None:
    whole = client("ec2", endpoint_url=upstream).describe_vpc_endpoint_services()
    proxy.page_size = 200
    first, last = client("ec2").get_paginator("describe_vpc_endpoint_services").paginate()
    assert (len(first["ServiceNames"]), len(first["ServiceDetails"])) == (200, 200)
    assert first["ServiceNames"] + last["ServiceNames"] == whole["ServiceNames"]
    assert first["ServiceDetails"] + last["ServiceDetails"] == whole["ServiceDetails"]


@pytest.mark.parametrize(
    ("call", "expected"),
    [
        (EC2, ("UnauthorizedOperation", 403)),
        (STS, ("AccessDenied", 403)),
        (CLOUDWATCH, ("AccessDeniedException", 400)),
        (PRICING, ("AccessDeniedException", 400)),
        (S3, ("AccessDenied", 403)),
        (SES, ("AccessDeniedException", 403)),
    ],
)
def test_denial_is_told_in_the_protocol_of_the_service(
    proxy: FaultProxy, client: Clients, call: Asked, expected: object
) -> None:
    proxy.deny()
    assert refused(client, call) == expected


def test_denial_meets_only_its_operation_and_region(proxy: FaultProxy, client: Clients) -> None:
    proxy.deny("DescribeVpcs", region="us-east-1")
    assert refused(client, EC2) == ("UnauthorizedOperation", 403)
    assert client("ec2", "eu-west-1").describe_vpcs()["Vpcs"]
    assert client("ec2").describe_subnets()["Subnets"]


def test_failure_has_the_code_asked_for_as_often_as_asked(proxy: FaultProxy, client: Clients) -> None:
    proxy.fail("DescribeVpcs", code="InternalError", status=500, times=2)
    assert [refused(client, EC2) for _ in range(2)] == [("InternalError", 500)] * 2
    assert client("ec2").describe_vpcs()["Vpcs"]
    assert [call.status for call in proxy.calls] == [500, 500, 200]


@pytest.mark.parametrize(
    ("call", "expected"),
    [
        (EC2, ("RequestLimitExceeded", 503)),
        (STS, ("Throttling", 400)),
        (CLOUDWATCH, ("ThrottlingException", 400)),
    ],
)
def test_throttling_is_told_in_the_protocol_of_the_service(
    proxy: FaultProxy, client: Clients, call: Asked, expected: object
) -> None:
    proxy.throttle(times=1)
    assert refused(client, call) == expected


def test_a_client_that_retries_gets_past_throttling(proxy: FaultProxy, client: Clients) -> None:
    proxy.throttle("DescribeVpcs", 1)
    retrying = client("ec2", config=Config(retries={"mode": "standard", "total_max_attempts": 2}))
    assert retrying.describe_vpcs()["Vpcs"]
    assert [call.status for call in proxy.calls] == [503, 200]


def test_region_not_opted_into_refuses_every_call(proxy: FaultProxy, client: Clients) -> None:
    proxy.not_opted_in("us-east-1")
    assert refused(client, EC2) == ("AuthFailure", 401)
    assert refused(client, CLOUDWATCH) == ("UnrecognizedClientException", 400)
    assert client("ec2", "eu-west-1").describe_vpcs()["Vpcs"]


@pytest.mark.parametrize(
    ("call", "expected"),
    [
        (EC2, ("RequestExpired", 400)),
        (STS, ("ExpiredToken", 403)),
        (CLOUDWATCH, ("ExpiredTokenException", 400)),
        (S3, ("ExpiredToken", 400)),
    ],
)
def test_expired_token_is_told_as_each_service_tells_it(
    proxy: FaultProxy, client: Clients, call: Asked, expected: object
) -> None:
    proxy.expired()
    assert refused(client, call) == expected


def test_delay_holds_back_only_its_operation(proxy: FaultProxy, client: Clients) -> None:
    client("ec2").describe_vpcs()
    proxy.delay(0.4, "DescribeVpcs")
    started = time.monotonic()
    assert client("ec2").describe_subnets()["Subnets"]
    prompt = time.monotonic() - started
    assert client("ec2").describe_vpcs()["Vpcs"]
    assert prompt < 0.4 <= time.monotonic() - started - prompt


def test_cut_closes_the_connection_without_an_answer(proxy: FaultProxy, client: Clients) -> None:
    proxy.cut("DescribeVpcs", times=1)
    with pytest.raises(ConnectionClosedError):
        client("ec2").describe_vpcs()
    assert client("ec2").describe_vpcs()["Vpcs"]
    assert [call.status for call in proxy.calls] == [0, 200]


@pytest.mark.parametrize(("html", "status"), [(False, 200), (True, 500)])
def test_garbled_answer_cannot_be_parsed(proxy: FaultProxy, client: Clients, *, html: bool, status: int) -> None:
    proxy.garble("DescribeVpcs", html=html)
    proxy.page_size = 5
    with pytest.raises(ResponseParserError):
        client("ec2").describe_vpcs()
    assert proxy.calls[0].status == status


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


def test_last_fault_set_comes_first_and_a_delay_lets_others_follow(proxy: FaultProxy, client: Clients) -> None:
    proxy.deny("DescribeVpcs")
    proxy.throttle("DescribeVpcs", 1)
    proxy.delay(0.2, "DescribeVpcs")
    started = time.monotonic()
    assert refused(client, EC2) == ("RequestLimitExceeded", 503)
    assert refused(client, EC2) == ("UnauthorizedOperation", 403)
    assert time.monotonic() - started >= 0.4


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


def test_asynchronous_clients_meet_the_same_faults(proxy: FaultProxy) -> None:
    proxy.page_size = 4
    proxy.deny("DescribeVpcs")
    proxy.cut("DescribeRouteTables")

    async def ask() -> tuple[list[int], str]:
        keys = {"aws_access_key_id": "AKIAOWN", "aws_secret_access_key": "secret"}
        config = AioConfig(retries={"total_max_attempts": 1})
        options = {"region_name": "us-east-1", "endpoint_url": proxy.url, "config": config, **keys}
        async with get_session().create_client("ec2", **options) as ec2:
            sizes = [len(page["Subnets"]) async for page in ec2.get_paginator("describe_subnets").paginate()]
            with pytest.raises(ClientError) as caught:
                await ec2.describe_vpcs()
            with pytest.raises(ConnectionClosedError):
                await ec2.describe_route_tables()
        return sizes, caught.value.response["Error"]["Code"]

    sizes, code = asyncio.run(ask())
    assert (sizes[0], code) == (4, "UnauthorizedOperation")
    assert len(sizes) > 1


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
