"""One client a service for all accounts and regions: each call lands and is signed where it should be."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, TypeVar
from unittest.mock import patch

import pytest
from aiobotocore.httpsession import AIOHTTPSession

from auditor.aws import session as session_module
from auditor.aws.accounts import Access, Accounts, Exceptional, own_account
from auditor.aws.calls import ScopeCalls
from auditor.aws.failures import AwsFailureError, Kind
from auditor.aws.operations import (
    DESCRIBE_VPCS,
    GET_CALLER_IDENTITY,
    GET_NAT_METRICS,
    GET_PRODUCTS,
    Operation,
)
from auditor.aws.session import AuditSession, Target
from auditor.aws.times import parse_time
from auditor.errors import NoAccessError, UsageError
from tests.embedded import MEMBER, OWN, Served, read
from tests.fault_proxy import FaultProxy

T = TypeVar("T")

FRANKFURT, VIRGINIA, SYDNEY = "eu-central-1", "us-east-1", "ap-southeast-2"


class SentError(Exception):
    """What was about to be sent."""


def in_session(use: Callable[[AuditSession], Awaitable[T]], profile: str | None = None) -> T:
    async def used() -> T:
        async with AuditSession(profile) as session:
            return await use(session)

    return asyncio.run(used())


def about_to_send(region: str, operation: Operation, **params: object) -> tuple[str, str]:
    """The URL of a call, and the scope that its signature names; nothing leaves the process."""

    async def stop(_: object, request: Any) -> None:  # noqa: ANN401 -- botocore's own
        scope = re.search(r"Credential=\w+/\d+/([\w-]+/\w+)/", request.headers["Authorization"])
        assert scope
        raise SentError(request.url, scope[1])

    async def call(session: AuditSession) -> None:
        await session.call(Target(OWN, region, _credentials()), operation, params)

    with patch.object(AIOHTTPSession, "send", stop), pytest.raises(SentError) as sent:
        in_session(call)
    url, scope = sent.value.args
    return url, scope


def _credentials() -> Any:  # noqa: ANN401 -- botocore's own
    from aiobotocore.credentials import AioCredentials  # noqa: PLC0415 -- slow

    return AioCredentials("AKIAEXAMPLE", "secret")


@pytest.mark.parametrize(
    ("region", "host"),
    [
        ("eu-west-1", "ec2.eu-west-1.amazonaws.com"),
        ("us-east-1", "ec2.us-east-1.amazonaws.com"),
        ("us-gov-west-1", "ec2.us-gov-west-1.amazonaws.com"),
        ("cn-north-1", "ec2.cn-north-1.amazonaws.com.cn"),
        ("eusc-de-east-1", "ec2.eusc-de-east-1.amazonaws.eu"),
    ],
)
@pytest.mark.usefixtures("_no_settings")
def test_a_call_goes_to_its_regions_own_endpoint_in_every_partition(region: str, host: str) -> None:
    assert about_to_send(region, DESCRIBE_VPCS) == (f"https://{host}/", f"{region}/ec2")


@pytest.mark.usefixtures("_no_settings")
def test_other_services_go_to_theirs() -> None:
    url, scope = about_to_send("eu-west-1", GET_CALLER_IDENTITY)
    assert (url, scope) == ("https://sts.eu-west-1.amazonaws.com/", "eu-west-1/sts")
    window = {"MetricDataQueries": [], "StartTime": datetime(2026, 1, 1, tzinfo=UTC)}
    url, scope = about_to_send("eu-west-1", GET_NAT_METRICS, **window, EndTime=datetime(2026, 1, 2, tzinfo=UTC))
    assert (url, scope) == ("https://monitoring.eu-west-1.amazonaws.com/", "eu-west-1/monitoring")
    url, scope = about_to_send("eu-central-1", GET_PRODUCTS, ServiceCode="AmazonVPC")
    assert (url, scope) == ("https://api.pricing.eu-central-1.amazonaws.com/", "eu-central-1/pricing")


@pytest.fixture
def _no_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("AWS_ENDPOINT_URL", raising=False)
    monkeypatch.delenv("AWS_PROFILE", raising=False)
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")


def test_an_endpoint_url_takes_every_call_of_a_run(aws: Served, proxy: FaultProxy) -> None:
    """The run's own count is what it sent; all of it came here."""
    evidence = read(aws.company)
    counts = [*evidence.calls, *(call for scope in evidence.scopes for call in scope.calls)]
    assert sum(call.count for call in counts) == len(proxy.calls)
    assert {call.service for call in proxy.calls} == {"sts", "ec2", "monitoring", "pricing"}


def test_an_endpoint_url_of_one_service_is_honoured(
    seeded: Served, proxy: FaultProxy, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in seeded.environment_of("http://127.0.0.1:9").items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("AWS_ENDPOINT_URL_STS", proxy.url)
    assert in_session(own_account).account_id == OWN


def test_each_call_is_signed_for_the_region_and_by_the_account_that_it_reads(aws: Served, proxy: FaultProxy) -> None:
    """Six scopes at the same time: what each found is its own."""
    evidence = read(aws.company)
    keys = {call.account: call.access_key for call in proxy.calls if call.service == "ec2"}
    assert set(keys) == {OWN, MEMBER}
    assert keys[OWN] == aws.environment["AWS_ACCESS_KEY_ID"] != keys[MEMBER]
    for call in proxy.calls:
        if call.service in {"ec2", "monitoring"}:
            assert call.access_key == keys[call.account]
    assert {(c.account, c.region) for c in proxy.calls if c.service == "monitoring"} == {
        (OWN, FRANKFURT),
        (OWN, VIRGINIA),
        (MEMBER, VIRGINIA),
        (MEMBER, SYDNEY),
    }
    for name, vpc_id in aws.company.vpcs.items():
        if vpc_id in evidence.network.vpc:
            vpc = evidence.network.vpc[vpc_id]
            assert (vpc.account_id, vpc.region) == aws.company.scopes[name]


def member(session: AuditSession, aws: Served) -> Awaitable[ScopeCalls]:
    async def assumed() -> ScopeCalls:
        access = Access(aws.company.role_name, aws.company.external_id)
        return await Accounts(await own_account(session), access).reach(MEMBER)

    return assumed()


def test_a_role_is_named_by_its_name_or_by_its_arn(aws: Served, proxy: FaultProxy) -> None:
    for role in (aws.company.role_name, f"arn:aws:iam::{MEMBER}:role/{aws.company.role_name}"):
        proxy.calls.clear()
        read(aws.company, accounts=(MEMBER,), regions=(SYDNEY,), access=Access(role, aws.company.external_id))
        (assumed,) = [call for call in proxy.calls if call.operation == "AssumeRole"]
        assert assumed.params["RoleArn"] == f"arn:aws:iam::{MEMBER}:role/{aws.company.role_name}"
        assert assumed.params["ExternalId"] == aws.company.external_id
        assert assumed.params["RoleSessionName"] == "auditor"


def test_credentials_of_a_role_are_renewed_before_they_expire_even_when_all_slots_are_taken(
    aws: Served, proxy: FaultProxy, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The call that waits for new credentials holds the only slot, and AssumeRole is a call as well."""
    soon = (datetime.now(UTC) + timedelta(minutes=2)).strftime("%Y-%m-%dT%H:%M:%SZ").encode()

    def short_lived(_: object, body: bytes) -> bytes:
        return re.sub(rb"<Expiration>[^<]*", b"<Expiration>" + soon, body)

    proxy.replace("AssumeRole", short_lived)
    monkeypatch.setattr(session_module, "_CALLS_IN_FLIGHT", 1)

    async def twice(session: AuditSession) -> None:
        calls = (await member(session, aws)).at(SYDNEY)
        await asyncio.wait_for(asyncio.gather(calls.items(DESCRIBE_VPCS), calls.items(DESCRIBE_VPCS)), timeout=10)

    in_session(twice)
    assert sum(call.operation == "AssumeRole" for call in proxy.calls) > 1


def test_a_role_that_can_no_longer_be_assumed_is_a_failure_of_the_call(aws: Served, proxy: FaultProxy) -> None:
    soon = (datetime.now(UTC) + timedelta(minutes=2)).strftime("%Y-%m-%dT%H:%M:%SZ").encode()
    proxy.replace("AssumeRole", lambda _, body: re.sub(rb"<Expiration>[^<]*", b"<Expiration>" + soon, body))

    async def later(session: AuditSession) -> None:
        calls = (await member(session, aws)).at(SYDNEY)
        proxy.deny("AssumeRole")
        await calls.items(DESCRIBE_VPCS)

    with pytest.raises(AwsFailureError, match=r"sts:AssumeRole: AccessDenied"):
        in_session(later)


async def _half_an_answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await reader.readuntil(b"\r\n\r\n")
    writer.write(b"HTTP/1.1 200 OK\r\nContent-Type: text/xml\r\nContent-Length: 1000\r\n\r\n<DescribeVpcsResponse>")
    await writer.drain()
    writer.close()


def test_a_connection_that_breaks_in_mid_answer_is_a_failure_not_a_crash(
    aws: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def call() -> None:
        server = await asyncio.start_server(_half_an_answer, "127.0.0.1", 0)
        port = server.sockets[0].getsockname()[1]
        monkeypatch.setenv("AWS_ENDPOINT_URL_EC2", f"http://127.0.0.1:{port}")
        async with server, AuditSession() as session:
            await (await own_account(session)).items(DESCRIBE_VPCS)

    assert aws.url
    with pytest.raises(AwsFailureError) as failed:
        asyncio.run(call())
    assert failed.value.kind is Kind.UNREACHABLE


@pytest.mark.usefixtures("_no_settings")
def test_the_home_region_is_that_of_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("AWS_REGION", "AWS_DEFAULT_REGION", "AWS_CONFIG_FILE"):
        monkeypatch.setenv(name, "")
    assert AuditSession().home_region == "us-east-1"
    monkeypatch.setenv("AWS_DEFAULT_REGION", "eu-west-1")
    assert AuditSession().home_region == "eu-west-1"
    monkeypatch.setenv("AWS_REGION", "us-gov-west-1")
    assert AuditSession().home_region == "us-gov-west-1"


def test_an_unknown_profile_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("AWS_PROFILE", raising=False)
    with pytest.raises(UsageError, match=r"gone.*aws configure list-profiles"):
        in_session(own_account, "gone")


_SSO = """sso_start_url = https://example.awsapps.com/start
sso_region = eu-west-1
sso_account_id = 123456789012
sso_role_name = ops
"""


@pytest.mark.parametrize(
    "profile",
    [
        "credential_process = false\n",
        "credential_process = no-such-program-anywhere\n",
        "credential_process = echo hello\n",
        _SSO,
        "role_arn = arn:aws:iam::123456789012:role/x\nsource_profile = gone\n",
        "aws_access_key_id = AKIAONLYHALF\n",
    ],
    ids=[
        "process fails",
        "no such process",
        "process says hello",
        "not logged in",
        "source profile gone",
        "half a key",
    ],
)
def test_a_profile_that_gives_no_credentials_is_no_access_or_usage(
    profile: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In one line, not as a traceback."""
    config = tmp_path / "config"
    config.write_text(f"[profile ops]\nregion = eu-west-1\n{profile}", "utf-8")
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN", "AWS_PROFILE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_CONFIG_FILE", str(config))
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "none"))
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:9")
    monkeypatch.setenv("HOME", str(tmp_path))
    with pytest.raises((NoAccessError, UsageError)) as failed:
        in_session(own_account, "ops")
    assert "\n" not in str(failed.value)


@pytest.mark.parametrize(
    ("wire", "moment"),
    [
        ("2026-10-17T06:05:04.000Z", datetime(2026, 10, 17, 6, 5, 4, tzinfo=UTC)),
        ("2026-10-17T06:05:04Z", datetime(2026, 10, 17, 6, 5, 4, tzinfo=UTC)),
        ("2026-10-17T08:05:04+02:00", datetime(2026, 10, 17, 6, 5, 4, tzinfo=UTC)),
        (1792217104, datetime(2026, 10, 17, 6, 5, 4, tzinfo=UTC)),
        (1792217104.0, datetime(2026, 10, 17, 6, 5, 4, tzinfo=UTC)),
        ("Sat, 17 Oct 2026 06:05:04 GMT", datetime(2026, 10, 17, 6, 5, 4, tzinfo=UTC)),
        ("1999-12-31T23:59:59Z", datetime(1999, 12, 31, 23, 59, 59, tzinfo=UTC)),
    ],
)
def test_times_as_aws_writes_them(wire: object, moment: datetime) -> None:
    parsed = parse_time(wire)
    assert parsed == moment
    assert parsed.tzinfo is not None


def test_a_chain_of_roles_is_gone_through_once_and_leads_to_each_account(aws: Served, proxy: FaultProxy) -> None:
    hub = "arn:aws:iam::333333333333:role/Hub"
    access = Access(aws.company.role_name, aws.company.external_id, (hub,), "weekly", 3600)

    async def use(session: AuditSession) -> list[str]:
        accounts = Accounts(await own_account(session), access)
        reached = await asyncio.gather(accounts.reach(MEMBER), accounts.reach("444444444444"), accounts.reach(OWN))
        return [calls.account_id for calls in reached]

    assert in_session(use) == [MEMBER, "444444444444", OWN]
    first, *others = [call for call in proxy.calls if call.operation == "AssumeRole"]
    assert (first.params["RoleArn"], first.params.get("ExternalId")) == (hub, None)
    assert first.access_key == aws.environment["AWS_ACCESS_KEY_ID"]
    assert {call.params["RoleArn"].split(":")[4] for call in others} == {MEMBER, "444444444444"}
    (key,) = {call.access_key for call in others}
    assert key != first.access_key
    assert {(c.params["RoleSessionName"], c.params["DurationSeconds"]) for c in (first, *others)} == {
        ("weekly", "3600")
    }


def test_what_is_exceptional_for_an_account_holds_for_it_alone(aws: Served, proxy: FaultProxy) -> None:
    special = Exceptional("Other", "their-id", (VIRGINIA,))
    access = Access(aws.company.role_name, aws.company.external_id, exceptional={"444444444444": special})
    evidence = read(aws.company, accounts=(MEMBER, "444444444444"), regions=(SYDNEY,), access=access)
    assert {(scope.account_id, scope.region) for scope in evidence.scopes} == {
        (MEMBER, SYDNEY),
        ("444444444444", VIRGINIA),
    }
    assumed = [call.params for call in proxy.calls if call.operation == "AssumeRole"]
    assert {(one["RoleArn"], one["ExternalId"]) for one in assumed} == {
        (f"arn:aws:iam::{MEMBER}:role/{aws.company.role_name}", aws.company.external_id),
        ("arn:aws:iam::444444444444:role/Other", "their-id"),
    }
