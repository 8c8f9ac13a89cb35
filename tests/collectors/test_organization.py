"""The accounts of an organization: all that can be audited are, and each that is left out is named with the reason."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

import boto3
import pytest

from auditor.aws.accounts import Access
from auditor.collectors.organization import Choice, Member, chosen
from auditor.collectors.run import Selection, collect, window_of
from auditor.demo.company import DEMO_NOW
from auditor.model.evidence import Evidence, Source
from tests.embedded import OWN, Served, served
from tests.fault_proxy import FaultProxy

ROLE = "AuditorReadOnly"
IRELAND = "eu-west-1"


@dataclass(frozen=True)
class Organization:
    """Prod holds Payments; Sandbox stands beside it. Each of them holds one account."""

    aws: Served
    units: dict[str, str]
    accounts: dict[str, str]


@pytest.fixture(scope="module")
def organization() -> Iterator[Organization]:
    with served("blank") as aws, pytest.MonkeyPatch.context() as patch:
        for name, value in aws.environment.items():
            patch.setenv(name, value)
        client = boto3.Session().client("organizations", region_name="us-east-1")
        client.create_organization(FeatureSet="ALL")
        (root,) = client.list_roots()["Roots"]
        units = {"root": root["Id"]}
        for name, parent in (("Prod", "root"), ("Payments", "Prod"), ("Sandbox", "root")):
            made = client.create_organizational_unit(ParentId=units[parent], Name=name)
            units[name] = made["OrganizationalUnit"]["Id"]
        accounts = {name: _account(client, name, units) for name in ("Prod", "Payments", "Sandbox", "Closed")}
        client.close_account(AccountId=accounts["Closed"])
        yield Organization(aws, units, accounts)


def _account(client: Any, name: str, units: dict[str, str]) -> str:  # noqa: ANN401 -- boto3's
    status = client.create_account(AccountName=name, Email=f"{name}@example.com")["CreateAccountStatus"]
    account_id = str(status["AccountId"])
    if name in units:
        client.move_account(AccountId=account_id, SourceParentId=units["root"], DestinationParentId=units[name])
    return account_id


@pytest.fixture
def proxy(organization: Organization, monkeypatch: pytest.MonkeyPatch) -> Iterator[FaultProxy]:
    with FaultProxy(organization.aws.url) as proxy:
        for name, value in organization.aws.environment_of(proxy.url).items():
            monkeypatch.setenv(name, value)
        yield proxy


def read(choice: Choice | None = Choice(), **changes: Any) -> Evidence:  # noqa: B008 -- fields; frozen
    selection = Selection(
        window_of(1, DEMO_NOW),
        DEMO_NOW,
        regions=(IRELAND,),
        access=Access(ROLE),
        organization=choice,
        live_prices=False,
    )
    return asyncio.run(collect(replace(selection, **changes)))


def audited(evidence: Evidence) -> set[str]:
    return {scope.account_id for scope in evidence.scopes}


def test_all_active_accounts_are_audited_and_the_suspended_one_is_named(
    organization: Organization, proxy: FaultProxy
) -> None:
    evidence = read()
    closed = organization.accounts["Closed"]
    assert audited(evidence) == {OWN, *organization.accounts.values()} - {closed}
    assert evidence.notes[0] == f"Not audited, for AWS Organizations says SUSPENDED: {closed}."
    roles = {call.params["RoleArn"] for call in proxy.calls if call.operation == "AssumeRole"}
    assert roles == {f"arn:aws:iam::{one}:role/{ROLE}" for one in audited(evidence) - {OWN}}
    assert {call.region for call in proxy.calls if call.service == "organizations"} == {"us-east-1"}


@pytest.mark.parametrize(
    ("units", "expected"),
    [
        (("Prod",), {"Prod", "Payments"}),
        (("Payments",), {"Payments"}),
        (("Prod", "Payments"), {"Prod", "Payments"}),
        (("Sandbox", "Payments"), {"Sandbox", "Payments"}),
    ],
)
def test_units_are_taken_with_all_below_them(
    organization: Organization, proxy: FaultProxy, units: tuple[str, ...], expected: set[str]
) -> None:
    evidence = read(Choice(tuple(organization.units[name] for name in units)))
    assert audited(evidence) == {organization.accounts[name] for name in expected}
    listed = [c.params["ParentId"] for c in proxy.calls if c.operation == "ListAccountsForParent"]
    assert len(listed) == len(set(listed))


@pytest.mark.usefixtures("proxy")
def test_excluded_accounts_are_left_out_and_named_accounts_are_added(organization: Organization) -> None:
    sandbox, prod = organization.accounts["Sandbox"], organization.accounts["Prod"]
    choice = Choice((organization.units["Sandbox"],), frozenset({sandbox}))
    evidence = read(choice, accounts=(prod,))
    assert audited(evidence) == {prod}
    assert f"Not audited, for the configuration excludes them: {sandbox}." in evidence.notes


def test_an_organization_that_may_not_be_read_is_a_gap_and_the_known_accounts_are_audited(
    organization: Organization, proxy: FaultProxy
) -> None:
    proxy.deny("ListAccounts")
    evidence = read(accounts=(organization.accounts["Prod"],))
    assert audited(evidence) == {organization.accounts["Prod"]}
    (gap,) = evidence.gaps
    assert (gap.account_id, gap.source) == (OWN, Source.ORGANIZATION)
    assert "grant organizations:ListAccounts to arn:" in gap.reason


def test_one_account_whose_role_is_refused_loses_no_other(organization: Organization, proxy: FaultProxy) -> None:
    prod = organization.accounts["Prod"]
    proxy.deny("AssumeRole", account=prod)
    evidence = read()
    assert audited(evidence) == {OWN, organization.accounts["Payments"], organization.accounts["Sandbox"]}
    (gap,) = evidence.gaps
    assert (gap.account_id, gap.action) == (prod, "sts:AssumeRole")


@pytest.mark.usefixtures("organization")
def test_without_being_asked_for_nobody_asks_the_organization(proxy: FaultProxy) -> None:
    assert audited(read(None)) == {OWN}
    assert "organizations" not in {call.service for call in proxy.calls}


def test_accounts_are_chosen_by_their_state() -> None:
    members = [
        Member("333333333333", "c", "ACTIVE"),
        Member("111111111111", "a", "ACTIVE"),
        Member("222222222222", "b", "PENDING_CLOSURE"),
        Member("444444444444", "d", "SUSPENDED"),
        Member("555555555555", "e", "ACTIVE"),
        Member("666666666666", "f", "SUSPENDED"),
    ]
    assert chosen(members, Choice(excluded=frozenset({"555555555555", "666666666666", "999999999999"}))) == (
        ("111111111111", "333333333333"),
        (
            "Not audited, for the configuration excludes them: 555555555555, 666666666666.",
            "Not audited, for AWS Organizations says PENDING_CLOSURE: 222222222222.",
            "Not audited, for AWS Organizations says SUSPENDED: 444444444444.",
        ),
    )
