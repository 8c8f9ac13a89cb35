"""The audit of an organization with the printed policies and nothing else, in an AWS that enforces IAM.

The ops account's role has what `auditor iam --for collect,organization` prints for it, with leave to assume the role of
the members; that one has what `auditor iam --for collect` prints.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import boto3
import pytest

from auditor.aws.accounts import Access
from auditor.aws.policy import Grants, Part, operations_of, policy
from auditor.collectors.organization import Choice
from auditor.collectors.run import Selection, collect, window_of
from auditor.demo.company import DEMO_NOW
from auditor.model.evidence import Evidence, Source
from tests.deploy.enforced import REGION, administer, as_it_asks, enforce, seed_network
from tests.embedded import OWN, PRICE_LIST, Served, served
from tests.fault_proxy import FaultProxy

OPS, MEMBER = "AuditorOps", "AuditorReadOnly"
OPS_GRANTS = Grants(frozenset({Part.COLLECT, Part.ORGANIZATION}), (f"arn:aws:iam::*:role/{MEMBER}",))
MEMBER_GRANTS = Grants(frozenset({Part.COLLECT}))
TRUST = '{"Version": "2012-10-17", "Statement": []}'


@dataclass(frozen=True)
class Organization:
    """Two member accounts in one unit, and who may change the policy of the ops account's role."""

    iam: Any
    members: tuple[str, ...]
    unit: str
    root: str

    @contextmanager
    def without(self, action: str) -> Iterator[None]:
        """The ops account's policy, save this action."""
        grant(self.iam, OPS, OPS_GRANTS, action)
        try:
            yield
        finally:
            grant(self.iam, OPS, OPS_GRANTS)


def grant(iam: Any, role: str, grants: Grants, *withheld: str) -> None:  # noqa: ANN401 -- boto3 publishes no types
    iam.put_role_policy(RoleName=role, PolicyName="auditor", PolicyDocument=as_it_asks(policy(grants), withheld))


@pytest.fixture(scope="module")
def organization() -> Iterator[Organization]:
    with served("blank") as aws, FaultProxy(aws.url) as proxy, pytest.MonkeyPatch.context() as environment:
        for name, value in aws.environment.items():
            environment.setenv(name, value)
        made = _seed()
        own = boto3.client("sts").assume_role(RoleArn=f"arn:aws:iam::{OWN}:role/{OPS}", RoleSessionName="ops")
        enforce(aws.url)
        _become(own["Credentials"], aws, proxy, environment)
        proxy.replace("GetProducts", PRICE_LIST)
        yield made


def _become(key: dict[str, str], aws: Served, proxy: FaultProxy, environment: pytest.MonkeyPatch) -> None:
    for name, value in aws.environment_of(proxy.url).items():
        environment.setenv(name, value)
    environment.setenv("AWS_ACCESS_KEY_ID", key["AccessKeyId"])
    environment.setenv("AWS_SECRET_ACCESS_KEY", key["SecretAccessKey"])
    environment.setenv("AWS_SESSION_TOKEN", key["SessionToken"])


def _seed() -> Organization:
    iam = boto3.client("iam")
    administrator = administer(iam, "administrator")
    _make_role(iam, OPS, OPS_GRANTS)
    client = boto3.client("organizations", "us-east-1")
    client.create_organization(FeatureSet="ALL")
    root = client.list_roots()["Roots"][0]["Id"]
    unit = client.create_organizational_unit(ParentId=root, Name="prod")["OrganizationalUnit"]["Id"]
    members = tuple(_member(client, number, root, unit) for number in range(2))
    return Organization(boto3.client("iam", **administrator), members, unit, root)


def _member(client: Any, number: int, root: str, unit: str) -> str:  # noqa: ANN401 -- boto3 publishes no types
    made = client.create_account(AccountName=f"member-{number}", Email=f"m{number}@example.com")["CreateAccountStatus"]
    account_id = str(made["AccountId"])
    client.move_account(AccountId=account_id, SourceParentId=root, DestinationParentId=unit)
    arn = f"arn:aws:iam::{account_id}:role/OrganizationAccountAccessRole"
    key = boto3.client("sts").assume_role(RoleArn=arn, RoleSessionName="seed")["Credentials"]
    session = boto3.Session(key["AccessKeyId"], key["SecretAccessKey"], key["SessionToken"])
    _make_role(session.client("iam"), MEMBER, MEMBER_GRANTS)
    seed_network(session.client("ec2", REGION))
    return account_id


def _make_role(iam: Any, name: str, grants: Grants) -> None:  # noqa: ANN401 -- boto3 publishes no types
    iam.create_role(RoleName=name, AssumeRolePolicyDocument=TRUST)
    grant(iam, name, grants)


def audited(*units: str) -> Evidence:
    wanted = Selection(
        window=window_of(30, DEMO_NOW),
        generated_at=DEMO_NOW,
        regions=(REGION,),
        access=Access(MEMBER),
        organization=Choice(units=units, excluded=frozenset({OWN})),
    )
    return asyncio.run(collect(wanted))


@pytest.mark.parametrize("by_unit", [False, True])
def test_the_policies_are_enough_to_audit_all_accounts(organization: Organization, *, by_unit: bool) -> None:
    evidence = audited(*([organization.root] if by_unit else []))
    assert [gap.reason for gap in evidence.all_gaps] == []
    assert {scope.account_id for scope in evidence.scopes if scope.network.nat_gateways} == set(organization.members)


def test_no_account_can_be_audited_without_leave_to_assume_its_role(organization: Organization) -> None:
    """And every account is named: two gaps of accounts, beside what the ops account itself has."""
    with organization.without("sts:AssumeRole"):
        wanted = Selection(
            window=window_of(30, DEMO_NOW),
            generated_at=DEMO_NOW,
            regions=(REGION,),
            access=Access(MEMBER),
            organization=Choice(),
        )
        evidence = asyncio.run(collect(wanted))
    assert {gap.account_id for gap in evidence.gaps} == set(organization.members)
    assert all(gap.source is Source.ACCOUNT and "grant sts:AssumeRole to" in gap.reason for gap in evidence.gaps)
    assert {scope.account_id for scope in evidence.scopes} == {OWN}


@pytest.mark.parametrize("action", sorted(one.action for one in operations_of(Part.ORGANIZATION)))
def test_without_an_action_on_the_organization_a_gap_names_it(organization: Organization, action: str) -> None:
    units = () if action.endswith("ListAccounts") else (organization.root,)
    with organization.without(action):
        (gap,) = audited(*units).gaps
    assert (gap.account_id, gap.source) == (OWN, Source.ORGANIZATION)
    assert f"grant {action} to" in gap.reason


def test_the_policy_of_a_member_lets_it_see_neither_the_organization_nor_other_accounts() -> None:
    assert not any(one in policy(MEMBER_GRANTS) for one in ("organizations:", "sts:"))
