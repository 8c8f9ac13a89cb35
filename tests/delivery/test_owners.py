"""Owners of accounts are found by a tag of AWS Organizations; where that fails, it is said for each account."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator

import boto3
import pytest

from auditor.delivery.owners import Owners, owners_by_tag
from tests.embedded import Served, served
from tests.fault_proxy import FaultProxy

TAG = "network-owner"


@pytest.fixture(scope="module")
def organization() -> Iterator[tuple[Served, dict[str, str]]]:
    """Accounts by what their tag says."""
    values = {"one": "pay@example.com", "two": "pay@example.com data@example.com", "odd": "the payments team"}
    with served("blank") as aws:
        accounts = {}
        with pytest.MonkeyPatch.context() as environment:
            for name, value in aws.environment.items():
                environment.setenv(name, value)
            client = boto3.Session().client("organizations", region_name="us-east-1")
        client.create_organization(FeatureSet="ALL")
        for name in (*values, "untagged"):
            made = client.create_account(AccountName=name, Email=f"{name}@example.com")
            accounts[name] = made["CreateAccountStatus"]["AccountId"]
        for name, value in values.items():
            client.tag_resource(ResourceId=accounts[name], Tags=[{"Key": TAG, "Value": value}])
        yield aws, accounts


@pytest.fixture
def over(organization: tuple[Served, dict[str, str]], monkeypatch: pytest.MonkeyPatch) -> Iterator[FaultProxy]:
    with FaultProxy(organization[0].url) as proxy:
        for name, value in organization[0].environment_of(proxy.url).items():
            monkeypatch.setenv(name, value)
        yield proxy


def test_owners_are_those_that_the_tag_names(over: FaultProxy, organization: tuple[Served, dict[str, str]]) -> None:
    accounts = organization[1]
    found = asyncio.run(owners_by_tag(None, TAG, accounts.values()))
    assert found == Owners(
        {accounts["one"]: ("pay@example.com",), accounts["two"]: ("pay@example.com", "data@example.com")},
        {accounts["odd"]: f"its tag {TAG} holds no addresses"},
    )
    assert {call.region for call in over.calls if call.operation == "ListTagsForResource"} == {"us-east-1"}


def test_a_denial_is_told_for_each_account(over: FaultProxy, organization: tuple[Served, dict[str, str]]) -> None:
    over.deny("ListTagsForResource")
    found = asyncio.run(owners_by_tag(None, TAG, organization[1].values()))
    assert found.addresses == {}
    assert set(found.problems) == set(organization[1].values())
    assert all("grant organizations:ListTagsForResource" in why for why in found.problems.values())


def test_without_credentials_all_are_missing(over: FaultProxy) -> None:
    over.expired()
    found = asyncio.run(owners_by_tag(None, TAG, ["111122223333"]))
    assert "ExpiredToken" in found.problems["111122223333"]
