"""Resolver query logs are found by their VPCs, priced before they are read, and name addresses before DNS does."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable, Collection, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from itertools import count
from typing import TypeVar

import boto3
import pytest

from auditor.attribution.naming.live_dns import Resolve
from auditor.attribution.naming.names import Naming
from auditor.attribution.naming.query_logs import QueryLogReader
from auditor.attribution.planning import Callers
from auditor.attribution.record_format import DEFAULT
from auditor.attribution.task import Estimate, Task
from auditor.aws.accounts import Access, Accounts, own_account
from auditor.aws.session import AuditSession
from auditor.model.attributed import Name, NamedBy
from auditor.model.money import EXACT
from auditor.model.resources import FlowLog, NatGateway
from tests.attribution.s3_bucket import IRELAND, RANGES, WINDOW, Store
from tests.embedded import MEMBER, OWN, Served
from tests.fault_proxy import FaultProxy

T = TypeVar("T")

KMS, STS, LOGS = (f"{service}.{IRELAND}.amazonaws.com" for service in ("kms", "sts", "logs"))
BEFORE, FIRST_DAY, LAST_DAY, AFTER = (datetime(2026, 11, day, 12, tzinfo=UTC) for day in (9, 10, 11, 12))

ONE, TWO, THREE = "52.94.216.1", "52.94.216.2", "52.94.216.3"
"""In AMAZON's ranges of Ireland only."""

PLENTY = Decimal(1)
_numbers = count()


@dataclass
class Vpc:
    """A VPC of the member account in Ireland, whose DNS queries can be logged."""

    aws: Served

    def __post_init__(self) -> None:
        """Make the VPC."""
        sts = boto3.client("sts", endpoint_url=self.aws.url, region_name=IRELAND)
        role = f"arn:aws:iam::{MEMBER}:role/AuditorReadOnly"
        key = sts.assume_role(RoleArn=role, RoleSessionName="test")["Credentials"]
        session = boto3.Session(key["AccessKeyId"], key["SecretAccessKey"], key["SessionToken"], region_name=IRELAND)
        ec2 = session.client("ec2", endpoint_url=self.aws.url)
        self.resolver = session.client("route53resolver", endpoint_url=self.aws.url)
        self.id = ec2.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]

    def log_to(self, destination: str) -> str:
        """Log the VPC's queries there; the id of the configuration."""
        name = f"queries-{next(_numbers)}"
        made = self.resolver.create_resolver_query_log_config(
            Name=name, DestinationArn=destination, CreatorRequestId=name
        )
        config = str(made["ResolverQueryLogConfig"]["Id"])
        self.resolver.associate_resolver_query_log_config(ResolverQueryLogConfigId=config, ResourceId=self.id)
        return config

    @property
    def task(self) -> Task:
        """A flow log that covers a NAT gateway in the VPC."""
        log = FlowLog("fl-1", MEMBER, IRELAND, self.id, "s3", "arn:aws:s3:::flows")
        return Task(log, DEFAULT, (NatGateway("nat-1", MEMBER, IRELAND, self.id),), WINDOW)


@pytest.fixture
def vpc(blank: Served, s3: FaultProxy, monkeypatch: pytest.MonkeyPatch) -> Vpc:
    monkeypatch.setattr("auditor.attribution.naming.live_dns._PAUSE", 0)
    assert s3.url
    return Vpc(blank)


def deliver(
    store: Store, vpc: Vpc, at: datetime, *seen: tuple[str, str], prefix: str = "", account: str = MEMBER
) -> str:
    """Put a file of the VPC's queries and what they were answered where AWS would, and return its key."""
    rows = [
        {"query_name": f"{name}.", "query_type": "A", "answers": [{"Rdata": ip, "Type": "A", "Class": "IN"}]}
        for name, ip in seen
    ]
    name = f"{vpc.id}_vpcdnsquerylogs_{account}_{at:%Y%m%dT%H%MZ}_{next(_numbers):08x}.log.gz"
    key = f"{prefix}AWSLogs/{account}/vpcdnsquerylogs/{vpc.id}/{at:%Y/%m/%d}/{name}"
    return store.put(key, "".join(f"{json.dumps(row)}\n" for row in rows))


@dataclass(frozen=True)
class Found:
    """What came of it."""

    names: Mapping[str, Name]
    notes: tuple[str, ...]
    usd: Decimal
    problems: tuple[str, ...] = ()


def in_session(use: Callable[[Callers], Awaitable[T]]) -> T:
    """With a role in the VPC's account."""

    async def used() -> T:
        async with AuditSession() as session:
            return await use(Callers(Accounts(await own_account(session), Access("AuditorReadOnly"))))

    return asyncio.run(used())


def estimated(vpc: Vpc) -> Estimate:
    async def use(callers: Callers) -> Estimate:
        calls = await callers.at(vpc.task.gateways[0].account_id, vpc.task.gateways[0].region)
        return await QueryLogReader(
            vpcs_of(vpc)[calls.account_id], vpc.task.window, calls, callers.own, IRELAND, PLENTY
        ).estimate()

    return in_session(use)


def name(vpc: Vpc, *addresses: str, budget: Decimal = PLENTY, resolve: Resolve | None = None) -> Found:
    async def use(callers: Callers) -> Found:
        naming = Naming(RANGES, budget, IRELAND, resolve)
        found = await naming(vpc.task, vpcs_of(vpc), frozenset(addresses), callers)
        assert found.used.usd is not None
        assert naming.budget == EXACT.subtract(budget, found.used.usd)
        return Found(found.names, found.used.notes, found.used.usd, found.used.problems)

    return in_session(use)


def vpcs_of(vpc: Vpc) -> dict[str, set[str]]:
    gateway = vpc.task.gateways[0]
    return {gateway.account_id: {gateway.vpc_id}}


def by_log(service: str, region: str | None = IRELAND) -> Name:
    return Name(service, region, NamedBy.QUERY_LOG)


@pytest.mark.parametrize("prefix", ["", "dns/", "a/b/"])
def test_the_windows_answers_name_addresses(vpc: Vpc, store: Store, prefix: str) -> None:
    vpc.log_to(f"arn:aws:s3:::{store.name}/{prefix}".rstrip("/"))
    deliver(store, vpc, BEFORE, (LOGS, ONE), prefix=prefix)
    deliver(store, vpc, FIRST_DAY, (KMS, ONE), (KMS, TWO), prefix=prefix)
    deliver(store, vpc, LAST_DAY, (STS, TWO), (KMS, "203.0.113.9"), prefix=prefix)
    deliver(store, vpc, AFTER, (LOGS, THREE), prefix=prefix)
    store.put(f"{prefix}AWSLogs/{MEMBER}/vpcdnsquerylogs/vpc-other/2026/11/10/x.log.gz", '{"query_name":"x"}')
    found = name(vpc, ONE, TWO, THREE)
    assert found.names == {ONE: by_log("kms")}
    assert found.notes == ("addresses that stay 'aws', for DNS gave them out for several services: 1",)
    assert estimated(vpc).detail.startswith("2 objects")


def test_the_estimate_is_what_is_used(vpc: Vpc, store: Store) -> None:
    """Two files; two days listed for one account: $0.000005 a LIST, $0.0000004 a GET, $0.02 a GB from Frankfurt."""
    vpc.log_to(f"arn:aws:s3:::{store.name}")
    keys = [deliver(store, vpc, FIRST_DAY, (KMS, ONE)), deliver(store, vpc, LAST_DAY, (KMS, TWO))]
    size = sum(store.client.head_object(Bucket=store.name, Key=key)["ContentLength"] for key in keys)
    expected = 2 * Decimal("0.000005") + 2 * Decimal("0.0000004") + Decimal("0.02") * size / 2**30
    found = estimated(vpc)
    assert found.bytes == size
    assert found.usd is not None
    assert abs(found.usd - expected) < Decimal("1e-15")
    assert name(vpc, ONE).usd == found.usd


def test_over_the_budget_nothing_is_read_and_a_problem_says_what_it_would_cost(
    vpc: Vpc, store: Store, s3: FaultProxy
) -> None:
    vpc.log_to(f"arn:aws:s3:::{store.name}")
    key = deliver(store, vpc, FIRST_DAY, (KMS, ONE))
    found = name(vpc, ONE, budget=Decimal("0.00001"))
    assert found.names == {}
    assert found.usd == Decimal("0.00001"), "two LISTs"
    assert "1 objects" in found.problems[0]
    assert "over the less than $0.0001 that are left of the budget: raise --budget" in found.problems[0]
    assert not any(key in call.operation for call in s3.calls)


def test_not_even_their_folders_are_listed_for_more_than_the_budget(vpc: Vpc, store: Store, s3: FaultProxy) -> None:
    """Two days' folders at $0.000005 a LIST."""
    vpc.log_to(f"arn:aws:s3:::{store.name}")
    deliver(store, vpc, FIRST_DAY, (KMS, ONE))
    found = name(vpc, ONE, budget=Decimal("0.000009"))
    assert not found.names
    assert found.usd == 0
    assert "2 folders of " in found.problems[0]
    assert "to list them would cost less than $0.0001: raise --budget" in found.problems[0]
    assert not any("vpcdnsquerylogs" in call.operation for call in s3.calls)


def test_what_was_listed_in_vain_is_charged_once(vpc: Vpc, store: Store) -> None:
    """Listing costs what it costs, though the records are not read; a second flow log does not list again."""
    vpc.log_to(f"arn:aws:s3:::{store.name}")
    deliver(store, vpc, FIRST_DAY, (KMS, ONE))

    async def use(callers: Callers) -> list[Decimal | None]:
        naming = Naming(RANGES, Decimal("0.00001"), IRELAND)
        asked = [await naming(vpc.task, vpcs_of(vpc), frozenset({ONE}), callers) for _ in range(2)]
        return [one.used.usd for one in asked]

    assert in_session(use) == [Decimal("0.00001"), 0]


def test_a_vpc_whose_queries_nobody_logs_has_no_names_and_no_problem(vpc: Vpc, store: Store) -> None:
    Vpc(vpc.aws).log_to(f"arn:aws:s3:::{store.name}")
    assert name(vpc, ONE) == Found({}, (), Decimal(0))
    assert name(vpc, ONE, budget=Decimal("-0.01")).problems == ()
    assert estimated(vpc) == Estimate(0, Decimal(0))


@pytest.mark.parametrize(
    "destination",
    [
        f"arn:aws:logs:{IRELAND}:{MEMBER}:log-group:/dns/queries:*",
        f"arn:aws:firehose:{IRELAND}:{MEMBER}:deliverystream/queries",
    ],
)
def test_what_is_not_in_s3_is_not_read_and_a_problem_says_so(vpc: Vpc, store: Store, destination: str) -> None:
    """The other logs of the same VPC are."""
    config = vpc.log_to(destination)
    vpc.log_to(f"arn:aws:s3:::{store.name}")
    deliver(store, vpc, FIRST_DAY, (KMS, ONE))
    found = name(vpc, ONE)
    assert found.names == {ONE: by_log("kms")}
    reason = f"it goes to {destination}: only those in S3 are read, so send it there too"
    assert found.problems == (f"resolver query log {config} is not read: {reason}",)


def test_a_bucket_that_is_gone_is_a_problem(vpc: Vpc) -> None:
    config = vpc.log_to("arn:aws:s3:::nobody-has-this-bucket")
    found = name(vpc, ONE)
    assert found.names == {}
    assert found.problems[0].startswith(f"resolver query log {config} is not read: bucket nobody-has-this-bucket")


def test_a_configuration_that_is_shared_delivers_under_either_account(vpc: Vpc, store: Store, s3: FaultProxy) -> None:
    config = vpc.log_to(f"arn:aws:s3:::{store.name}")
    shared = {"Id": config, "OwnerId": OWN, "DestinationArn": f"arn:aws:s3:::{store.name}"}
    s3.replace("ListResolverQueryLogConfigs", json.dumps({"ResolverQueryLogConfigs": [shared]}).encode())
    deliver(store, vpc, FIRST_DAY, (KMS, ONE))
    deliver(store, vpc, FIRST_DAY, (STS, TWO), account=OWN)
    assert name(vpc, ONE, TWO).names == {ONE: by_log("kms"), TWO: by_log("sts")}
    s3.clear()
    s3.replace("ListResolverQueryLogConfigs", b'{"ResolverQueryLogConfigs": []}')
    hidden = f"resolver query log {config} is not read: it is another account's, which does not show it"
    assert name(vpc, ONE).problems == (hidden,)


def test_denied_calls_are_a_problem_and_dns_is_asked(vpc: Vpc, store: Store, s3: FaultProxy) -> None:
    vpc.log_to(f"arn:aws:s3:::{store.name}")

    async def resolve(asked: str) -> Collection[str]:
        return [ONE] if asked == KMS else []

    s3.deny("ListResolverQueryLogConfigAssociations")
    found = name(vpc, ONE, resolve=resolve)
    assert found.names == {ONE: Name("kms", IRELAND, NamedBy.DNS)}
    assert found.problems[0].startswith(
        "resolver query logs are not read: route53resolver:ListResolverQueryLogConfigAs"
    )
    assert "grant" in found.problems[0]


def test_query_logs_win_over_dns_which_names_only_what_they_have_not_seen(vpc: Vpc, store: Store) -> None:
    """What they saw for two services stays without a name, whatever DNS says now."""
    vpc.log_to(f"arn:aws:s3:::{store.name}")
    deliver(store, vpc, FIRST_DAY, (KMS, ONE), (KMS, TWO), (STS, TWO))

    async def resolve(asked: str) -> Collection[str]:
        return [ONE, TWO, THREE] if asked == LOGS else []

    found = name(vpc, ONE, TWO, THREE, resolve=resolve)
    assert found.names == {ONE: by_log("kms"), THREE: Name("logs", IRELAND, NamedBy.DNS)}


def test_broken_files_and_lines_are_told(vpc: Vpc, store: Store) -> None:
    vpc.log_to(f"arn:aws:s3:::{store.name}")
    deliver(store, vpc, FIRST_DAY, (KMS, ONE))
    key = deliver(store, vpc, LAST_DAY, (KMS, TWO))
    store.put(key.replace(".log.gz", "x.log.gz"), b"\x1f\x8bbroken")
    store.put(key.replace(".log.gz", "y.log.gz"), "no json\n")
    found = name(vpc, ONE, TWO)
    assert found.names == {ONE: by_log("kms"), TWO: by_log("kms")}
    assert found.notes == (f"resolver query logs in {store.name}: 1 of 4 files and 1 of 3 lines could not be read",)
