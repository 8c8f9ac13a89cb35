"""Each fault reaches real AWS clients in the words of the service's protocol, and only where it was set."""

from __future__ import annotations

import asyncio
import time

import pytest
from aiobotocore.config import AioConfig
from aiobotocore.session import get_session
from botocore.config import Config
from botocore.exceptions import ClientError, ConnectionClosedError
from botocore.parsers import ResponseParserError

from tests.fault_proxy import FaultProxy
from tests.proxy.calls import CLOUDWATCH, EC2, MEMBER, PRICING, ROLE, S3, SES, STS, Asked, Clients, refused


def test_role_of_one_account_can_be_denied(proxy: FaultProxy, client: Clients) -> None:
    proxy.deny("AssumeRole", account=MEMBER)
    assert refused(client, ("sts", "assume_role", {"RoleArn": ROLE, "RoleSessionName": "audit"})) == (
        "AccessDenied",
        403,
    )
    other = ROLE.replace(MEMBER, "333333333333")
    assert client("sts").assume_role(RoleArn=other, RoleSessionName="audit")["Credentials"]


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


def test_last_fault_set_comes_first_and_a_delay_lets_others_follow(proxy: FaultProxy, client: Clients) -> None:
    proxy.deny("DescribeVpcs")
    proxy.throttle("DescribeVpcs", 1)
    proxy.delay(0.2, "DescribeVpcs")
    started = time.monotonic()
    assert refused(client, EC2) == ("RequestLimitExceeded", 503)
    assert refused(client, EC2) == ("UnauthorizedOperation", 403)
    assert time.monotonic() - started >= 0.4


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
