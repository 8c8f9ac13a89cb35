"""A run always ends with what it could see: one account's, one region's or one call's failure never loses the rest."""

from __future__ import annotations

import asyncio
import re

import boto3
import pytest
from botocore.retries.standard import ExponentialBackoff

from auditor.aws.accounts import Access
from auditor.aws.operations import GET_CALLER_IDENTITY, OPERATIONS
from auditor.collectors.run import Progress, collect
from auditor.errors import NoAccessError, UsageError
from auditor.model.evidence import Evidence, Gap, Scope, Source
from tests.embedded import MEMBER, OWN, Served, read, selection
from tests.fault_proxy import FaultProxy
from tests.fault_proxy_answers import DENIED, EXPIRED, Answer, Call, error
from tests.fault_proxy_faults import Forward

FRANKFURT, VIRGINIA, SYDNEY, DUBLIN = "eu-central-1", "us-east-1", "ap-southeast-2", "eu-west-1"
CORE = {"DescribeNatGateways", "DescribeVpcEndpoints", "DescribeRouteTables"}
ATTEMPTS = 6


@pytest.fixture(autouse=True)
def _without_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    """As many attempts as in earnest, without the seconds between them."""
    monkeypatch.setattr(ExponentialBackoff, "delay_amount", lambda *_: 0)


def statuses(evidence: Evidence) -> dict[tuple[str, str], str]:
    return {(scope.account_id, scope.region): scope.status for scope in evidence.scopes}


def scope_of(evidence: Evidence, account: str, region: str) -> Scope:
    return evidence.scope[account, region]


def asked(proxy: FaultProxy, operation: str, region: str) -> list[Call]:
    return [call for call in proxy.calls if (call.operation, call.region) == (operation, region)]


def one_gap(evidence: Evidence) -> Gap:
    (gap,) = evidence.all_gaps
    return gap


def test_everything_asked_for_is_read_side_by_side(aws: Served) -> None:
    evidence = read(aws.company)
    assert statuses(evidence) == {
        (account, region): "audited" for account in (OWN, MEMBER) for region in (FRANKFURT, VIRGINIA, SYDNEY)
    }
    assert set(evidence.network.vpc) >= set(aws.company.vpcs.values()) - {aws.company.vpcs["marketing-site"]}
    assert set(evidence.network.nat_gateway) == set(aws.company.nat_gateways.values())
    assert set(evidence.network.endpoint) == set(aws.company.endpoints.values())


def test_a_run_says_how_often_it_called_what_attempts_included(aws: Served, proxy: FaultProxy) -> None:
    proxy.throttle("DescribeNatGateways", times=3)
    evidence = read(aws.company)
    made = sum(call.count for call in evidence.calls)
    made += sum(call.count for scope in evidence.scopes for call in scope.calls)
    assert made == len(proxy.calls)


def test_throttling_is_retried(aws: Served, proxy: FaultProxy) -> None:
    proxy.throttle("DescribeNatGateways", times=3, region=FRANKFURT, account=OWN)
    assert not read(aws.company, accounts=(OWN,)).all_gaps


def test_throttling_without_end_is_a_gap_after_six_attempts(aws: Served, proxy: FaultProxy) -> None:
    proxy.throttle("DescribeNatGateways", region=FRANKFURT)
    evidence = read(aws.company, accounts=(OWN,))
    gap = one_gap(evidence)
    assert (gap.region, gap.source, gap.action) == (FRANKFURT, Source.NAT_GATEWAYS, "ec2:DescribeNatGateways")
    assert gap.reason.startswith("ec2:DescribeNatGateways: RequestLimitExceeded: AWS asked to slow down")
    assert len(asked(proxy, "DescribeNatGateways", FRANKFURT)) == ATTEMPTS
    assert statuses(evidence) == {(OWN, FRANKFURT): "partial", (OWN, VIRGINIA): "audited", (OWN, SYDNEY): "audited"}


def test_an_unreachable_region_fails_alone_and_is_not_asked_further(aws: Served, proxy: FaultProxy) -> None:
    proxy.cut(region=SYDNEY)
    evidence = read(aws.company)
    for account in (OWN, MEMBER):
        scope = scope_of(evidence, account, SYDNEY)
        assert (scope.status, scope.known) == ("failed", ())
        assert {gap.source for gap in scope.gaps} == {Source.NAT_GATEWAYS, Source.ENDPOINTS, Source.ROUTE_TABLES}
        assert all("check network, proxy and AWS_ENDPOINT_URL" in gap.reason for gap in scope.gaps)
    assert {call.operation for call in proxy.calls if call.region == SYDNEY} == CORE
    assert {scope.status for scope in evidence.scopes if scope.region != SYDNEY} == {"audited"}


@pytest.mark.parametrize("html", [False, True])
@pytest.mark.parametrize(
    ("operation", "source"), [("DescribeSubnets", Source.SUBNETS), ("GetMetricData", Source.NAT_METRICS)]
)
def test_a_garbled_answer_is_a_gap_for_its_source_alone(
    aws: Served, proxy: FaultProxy, operation: str, source: Source, *, html: bool
) -> None:
    """Half a body with status 200, or a page of HTML with status 500, in XML as in JSON or CBOR."""
    proxy.garble(operation, html=html, region=SYDNEY)
    evidence = read(aws.company, accounts=(MEMBER,))
    scope = scope_of(evidence, MEMBER, SYDNEY)
    assert scope.status == "partial"
    assert one_gap(evidence).source is source
    assert operation in one_gap(evidence).reason


@pytest.mark.parametrize(
    ("operation", "source"),
    [
        ("DescribeNatGateways", Source.NAT_GATEWAYS),
        ("DescribeSubnets", Source.SUBNETS),
        ("DescribeVpcAttribute", Source.VPC_DNS),
        ("GetMetricData", Source.NAT_METRICS),
    ],
)
@pytest.mark.parametrize("page", [b"<html><body>Please log in</body></html>", b"{}", b"", b"[]", b"null", b'"x"'])
def test_somebody_elses_answer_is_a_gap_and_not_an_empty_list(
    aws: Served, proxy: FaultProxy, operation: str, source: Source, page: bytes
) -> None:
    """A proxy on the way may answer every call with its own page and status 200."""
    proxy.replace(operation, page)
    evidence = read(aws.company, accounts=(MEMBER,), regions=(VIRGINIA,))
    assert source in {gap.source for gap in evidence.all_gaps}
    assert source not in scope_of(evidence, MEMBER, VIRGINIA).known
    assert {gap.action.partition(":")[2] for gap in evidence.all_gaps} == {operation}


def test_an_answer_with_a_time_that_is_none_is_a_gap_and_not_the_end_of_the_run(aws: Served, proxy: FaultProxy) -> None:
    """The SDK raises what it meets in such an answer as it is, a ValueError here."""
    proxy.replace("DescribeNatGateways", lambda _, body: re.sub(rb"\d{4}-\d\d-\d\dT", b"someday", body))
    evidence = read(aws.company, accounts=(OWN,), regions=(FRANKFURT, SYDNEY))
    gap = one_gap(evidence)
    assert (gap.region, gap.source) == (FRANKFURT, Source.NAT_GATEWAYS)
    assert gap.reason.startswith("ec2:DescribeNatGateways: unreadable answer")


def test_an_answer_that_is_cut_off_in_the_middle_is_read_again(aws: Served, proxy: FaultProxy) -> None:
    whole = read(aws.company, accounts=(OWN,), regions=(FRANKFURT,))
    proxy.break_off("DescribeNatGateways", times=3)
    assert read(aws.company, accounts=(OWN,), regions=(FRANKFURT,)).network == whole.network


def test_somebody_elses_answer_to_who_we_are_is_no_access(aws: Served, proxy: FaultProxy) -> None:
    proxy.replace("GetCallerIdentity", b"<html><body>Please log in</body></html>")
    with pytest.raises(NoAccessError, match=r"sts:GetCallerIdentity: unreadable answer"):
        read(aws.company)


def test_somebody_elses_answer_to_a_role_leaves_the_own_account(aws: Served, proxy: FaultProxy) -> None:
    proxy.replace("AssumeRole", b"<html><body>Please log in</body></html>")
    evidence = read(aws.company, regions=(SYDNEY,))
    assert one_gap(evidence).reason.startswith("sts:AssumeRole: unreadable answer")
    assert statuses(evidence) == {(OWN, SYDNEY): "audited"}


def test_a_region_that_is_not_enabled_is_skipped_with_the_reason_and_never_called(
    aws: Served, proxy: FaultProxy
) -> None:
    evidence = read(aws.company, regions=(SYDNEY, "ap-east-1"))
    for account in (OWN, MEMBER):
        scope = scope_of(evidence, account, "ap-east-1")
        assert (scope.status, scope.skipped) == ("skipped", "the region is not enabled for this account")
        assert scope.known == ()
    assert not evidence.all_gaps
    assert "ap-east-1" not in {call.region for call in proxy.calls}


def test_without_regions_all_enabled_ones_are_read_and_no_other(aws: Served, proxy: FaultProxy) -> None:
    evidence = read(aws.company, regions=())
    enabled = {SYDNEY, FRANKFURT, DUBLIN, VIRGINIA}
    assert statuses(evidence) == {(account, region): "audited" for account in (OWN, MEMBER) for region in enabled}
    assert {call.region for call in proxy.calls if call.service != "pricing"} == enabled


def test_a_region_that_refuses_the_credentials_fails_alone(aws: Served, proxy: FaultProxy) -> None:
    proxy.not_opted_in(SYDNEY)
    evidence = read(aws.company)
    failed = scope_of(evidence, MEMBER, SYDNEY)
    assert failed.status == "failed"
    assert {gap.reason.partition(": ")[2] for gap in failed.gaps} == {
        "AuthFailure: the credentials are not valid there: check them, or enable the region, or leave it out"
    }
    assert {call.operation for call in proxy.calls if call.region == SYDNEY} == CORE
    assert {scope.status for scope in evidence.scopes if scope.region != SYDNEY} == {"audited"}


def test_a_token_that_expires_in_mid_run_leaves_what_was_read_before(aws: Served, proxy: FaultProxy) -> None:
    left = iter(range(12))

    async def expire(call: Call, forward: Forward) -> Answer:
        if call.account == OWN and call.service == "ec2" and next(left, None) is None:
            return error(call.protocol, *EXPIRED[call.protocol], "The token has expired")
        return await forward()

    proxy._add(expire, None, {})
    evidence = read(aws.company)
    assert {scope.status for scope in evidence.scopes if scope.account_id == MEMBER} == {"audited"}
    own = [scope for scope in evidence.scopes if scope.account_id == OWN]
    assert any(scope.known for scope in own)
    gaps = [gap for scope in own for gap in scope.gaps]
    assert gaps
    assert all("RequestExpired: renew the credentials and run again" in gap.reason for gap in gaps)


def test_credentials_that_expired_before_are_no_access(aws: Served, proxy: FaultProxy) -> None:
    proxy.expired()
    with pytest.raises(NoAccessError, match=r"sts:GetCallerIdentity: ExpiredToken: renew the credentials"):
        read(aws.company)


def test_regions_that_are_named_are_read_though_nobody_may_list_them(aws: Served, proxy: FaultProxy) -> None:
    proxy.deny("DescribeRegions")
    evidence = read(aws.company, accounts=(OWN,))
    gap = one_gap(evidence)
    assert (gap.account_id, gap.region, gap.source) == (OWN, "", Source.REGIONS)
    assert "ec2:DescribeRegions" in gap.reason
    assert set(statuses(evidence).values()) == {"audited"}


def test_regions_that_nobody_may_list_are_those_that_the_sdk_knows(aws: Served, proxy: FaultProxy) -> None:
    """The seeded regions are read; what the SDK knows besides is asked too, since nobody can say it is not there."""
    proxy.deny("DescribeRegions")
    known = set(boto3.Session().get_available_regions("ec2"))
    for region in known - {SYDNEY, FRANKFURT, VIRGINIA}:
        proxy.not_opted_in(region)
    evidence = read(aws.company, accounts=(OWN,), regions=())
    assert {scope.region for scope in evidence.scopes} == known
    assert {region for (_, region), status in statuses(evidence).items() if status == "audited"} == {
        SYDNEY,
        FRANKFURT,
        VIRGINIA,
    }


def test_an_account_whose_role_is_refused_is_a_gap_and_the_other_is_read(aws: Served, proxy: FaultProxy) -> None:
    whole = read(aws.company, accounts=(OWN,))
    proxy.deny("AssumeRole", account=MEMBER)
    evidence = read(aws.company)
    gap = one_gap(evidence)
    assert (gap.account_id, gap.region, gap.source, gap.action) == (MEMBER, "", Source.ACCOUNT, "sts:AssumeRole")
    assert [scope.network for scope in evidence.scopes] == [scope.network for scope in whole.scopes]


def test_nothing_but_refused_roles_is_no_access(aws: Served, proxy: FaultProxy) -> None:
    proxy.deny("AssumeRole")
    with pytest.raises(NoAccessError, match=r"nothing could be read: sts:AssumeRole: AccessDenied"):
        read(aws.company, accounts=(MEMBER,))


def test_a_role_that_leads_to_another_account_is_refused(aws: Served, proxy: FaultProxy) -> None:
    proxy.replace("AssumeRole", lambda _, body: body.replace(MEMBER.encode(), b"999999999999"))
    evidence = read(aws.company)
    assert "leads to another account" in one_gap(evidence).reason
    assert {scope.account_id for scope in evidence.scopes} == {OWN}


def test_a_foreign_account_needs_a_role_and_nothing_is_read_before_that_is_said(aws: Served, proxy: FaultProxy) -> None:
    with pytest.raises(UsageError, match=rf"account {MEMBER} is not the caller's own: .*--role"):
        read(aws.company, access=Access())
    assert {call.operation for call in proxy.calls} == {"GetCallerIdentity"}


def test_an_unknown_region_is_named_with_those_that_exist(aws: Served) -> None:
    with pytest.raises(UsageError, match=r"unknown region 'eu-central-9': AWS knows .*eu-central-1, eu-west-1"):
        read(aws.company, regions=("eu-central-9",))


def test_no_answer_at_all_is_no_access(aws: Served, proxy: FaultProxy) -> None:
    for operation in OPERATIONS:
        if operation is not GET_CALLER_IDENTITY:
            proxy.deny(operation.name)
    with pytest.raises(NoAccessError, match=r"nothing could be read: ec2:DescribeRegions: UnauthorizedOperation"):
        read(aws.company, accounts=(OWN,))


def test_prices_that_are_refused_are_the_bundled_ones_and_the_reason_is_noted(aws: Served, proxy: FaultProxy) -> None:
    proxy.deny("GetProducts")
    evidence = read(aws.company)
    assert not evidence.all_gaps
    (note,) = evidence.notes
    assert "bundled snapshot" in note
    assert "pricing:GetProducts: AccessDeniedException" in note
    assert {price.region for price in evidence.prices.rows} == {FRANKFURT, VIRGINIA, SYDNEY}


def test_a_price_that_alone_is_not_answered_is_noted_with_the_reason(aws: Served, proxy: FaultProxy) -> None:
    """Without it the bill has an unknown line, or an amount out of the snapshot: neither may come unsaid."""

    async def refuse(call: Call, forward: Forward) -> Answer:
        if call.params["ServiceCode"] == "AWSDataTransfer":
            return error(call.protocol, *DENIED[call.protocol], "no")
        return await forward()

    proxy._add(refuse, "GetProducts", {})
    (note,) = read(aws.company, regions=(SYDNEY, FRANKFURT)).notes
    assert note.startswith("The price of transfer between zones in ap-southeast-2, eu-central-1 is that of the bundled")
    assert "pricing:GetProducts: AccessDeniedException" in note


def test_prices_are_asked_once_per_region_and_only_where_something_costs(aws: Served, proxy: FaultProxy) -> None:
    read(aws.company, regions=())
    filters = [str(call.params["Filters"]) for call in proxy.calls if call.operation == "GetProducts"]
    assert len(filters) == len(set(filters))
    assert {region for region in (FRANKFURT, VIRGINIA, SYDNEY, DUBLIN) if region in str(filters)} == {
        FRANKFURT,
        VIRGINIA,
        SYDNEY,
    }


def test_gaps_stand_in_one_order_whatever_answers_first(aws: Served, proxy: FaultProxy) -> None:
    proxy.deny("AssumeRole")
    for slow, fast in (("111111111111", "222222222222"), ("222222222222", "111111111111")):
        proxy.delay(0.2, "AssumeRole", account=slow)
        evidence = read(aws.company, accounts=(OWN, slow, fast))
        assert [gap.account_id for gap in evidence.gaps] == ["111111111111", "222222222222"]


def test_progress_is_told_of_every_scope(aws: Served) -> None:
    told: list[tuple[int, int, str]] = []
    asyncio.run(collect(selection(aws.company), Progress(lambda *step: told.append(step))))
    assert told[-1][:2] == (6, 6)
    assert sum(text.endswith(": audited") for _, _, text in told) == 6


def test_what_is_no_failure_of_aws_is_raised_as_it_is(aws: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    """A bug must not look like something that AWS refused."""

    def broken(*_: object) -> None:
        raise KeyError("RouteTableId")

    monkeypatch.setattr("auditor.collectors.route_tables.parse_route_table", broken)
    with pytest.raises(KeyError, match="RouteTableId"):
        read(aws.company)
