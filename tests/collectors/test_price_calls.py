"""The calls of the Price List API: where AWS is asked, for what, and what a failure leaves."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import boto3
import pytest

from auditor.aws.failures import AwsFailureError, Kind
from auditor.aws.operations import GET_PRODUCTS, Operation
from auditor.collectors.prices import bundled_prices, choose_prices, fetch_prices, price_list_region
from auditor.model.money import Item, Price
from tests.collectors.price_list import nat_products, price_list_server, transfer_products, vpc_products

TODAY = "2026-11-20"

ON_BILLS = {
    Item.NAT_HOUR,
    Item.NAT_GB,
    Item.REGIONAL_NAT_HOUR,
    Item.REGIONAL_NAT_GB,
    Item.INTERFACE_ENDPOINT_HOUR,
    Item.INTERFACE_ENDPOINT_GB,
    Item.GATEWAY_LOAD_BALANCER_ENDPOINT_HOUR,
    Item.GATEWAY_LOAD_BALANCER_ENDPOINT_GB,
    Item.TRANSIT_GATEWAY_GB,
    Item.PUBLIC_IPV4_HOUR,
    Item.INTER_AZ_GB,
}


@pytest.mark.parametrize(
    ("region", "partition", "expected"),
    [
        ("us-east-1", "aws", "us-east-1"),
        ("ca-west-1", "aws", "us-east-1"),
        ("sa-east-1", "aws", "us-east-1"),
        ("eu-central-1", "aws", "eu-central-1"),
        ("eu-north-1", "aws", "eu-central-1"),
        ("il-central-1", "aws", "eu-central-1"),
        ("me-south-1", "aws", "eu-central-1"),
        ("af-south-1", "aws", "eu-central-1"),
        ("ap-southeast-2", "aws", "ap-south-1"),
        ("us-gov-west-1", "aws-us-gov", "us-east-1"),
        ("cn-north-1", "aws-cn", None),
        ("cn-northwest-1", "aws-cn", None),
        ("eusc-de-east-1", "aws-eusc", None),
    ],
)
def test_prices_are_asked_for_where_a_list_in_usd_is_served(region: str, partition: str, expected: str | None) -> None:
    assert price_list_region(region, partition) == expected


class PriceList:
    """Answers the three calls only once all are under way; those of `failing` services fail."""

    def __init__(self, region: str, prefix: str, failing: tuple[str, ...] = ()) -> None:
        self.answers = {
            "AmazonEC2": nat_products(region, prefix),
            "AmazonVPC": vpc_products(region, prefix),
            "AWSDataTransfer": transfer_products(region, prefix),
        }
        self.failing = failing
        self.asked: dict[Any, dict[str, object]] = {}
        self.all = asyncio.Barrier(3)

    async def items(self, operation: Operation, **params: object) -> list[Any]:
        """The rows of the service."""
        assert operation is GET_PRODUCTS
        service = str(params["ServiceCode"])
        self.asked[service] = params
        await asyncio.wait_for(self.all.wait(), timeout=5)
        if service in self.failing:
            raise AwsFailureError(Kind.THROTTLED, f"{operation.action}: ThrottlingException")
        return self.answers[service]


def test_one_region_takes_three_calls_at_the_same_time() -> None:
    async def run() -> tuple[PriceList, tuple[Price, ...]]:
        calls = PriceList("ap-southeast-2", "APS2-")
        return calls, await fetch_prices(calls, "ap-southeast-2", TODAY, pytest.fail)

    calls, found = asyncio.run(run())
    region = {"Type": "TERM_MATCH", "Field": "regionCode", "Value": "ap-southeast-2"}
    family = {"Type": "TERM_MATCH", "Field": "productFamily", "Value": "NAT Gateway"}
    start = {"Type": "TERM_MATCH", "Field": "fromRegionCode", "Value": "ap-southeast-2"}
    within = {"Type": "TERM_MATCH", "Field": "transferType", "Value": "IntraRegion"}
    assert calls.asked == {
        "AmazonEC2": {"ServiceCode": "AmazonEC2", "Filters": [region, family], "FormatVersion": "aws_v1"},
        "AmazonVPC": {"ServiceCode": "AmazonVPC", "Filters": [region], "FormatVersion": "aws_v1"},
        "AWSDataTransfer": {"ServiceCode": "AWSDataTransfer", "Filters": [start, within], "FormatVersion": "aws_v1"},
    }
    assert {row.item for row in found} == ON_BILLS


def fetched(calls: PriceList, without_transfer: Callable[[str], None] = pytest.fail) -> tuple[Price, ...]:
    return asyncio.run(fetch_prices(calls, "eu-west-1", TODAY, without_transfer))


def test_transfer_that_is_not_answered_leaves_the_other_prices_and_the_bundled_figure() -> None:
    """As where this one call is throttled, or where its filters match nothing."""
    reasons: list[str] = []
    throttled = fetched(PriceList("eu-west-1", "EU-", failing=("AWSDataTransfer",)), reasons.append)
    assert reasons == ["pricing:GetProducts: ThrottlingException"]
    empty = PriceList("eu-west-1", "EU-")
    empty.answers["AWSDataTransfer"] = []
    assert {row.item for row in throttled} == ON_BILLS - {Item.INTER_AZ_GB}
    assert fetched(empty) == throttled
    (bundled,) = (row for row in bundled_prices("eu-west-1") if row.item == Item.INTER_AZ_GB)
    assert choose_prices(throttled, bundled_prices("eu-west-1")).count(bundled) == 1


@pytest.mark.parametrize("service", ["AmazonEC2", "AmazonVPC"])
def test_failure_of_another_call_is_raised(service: str) -> None:
    with pytest.raises(AwsFailureError, match="ThrottlingException"):
        fetched(PriceList("eu-west-1", "EU-", failing=(service,)))


class BotocoreCalls:
    """Botocore's own pages: it checks our parameters, and shows the types that it answers."""

    def __init__(self, url: str) -> None:
        keys = {"aws_access_key_id": "testing", "aws_secret_access_key": "testing"}
        self.client = boto3.client("pricing", region_name="us-east-1", endpoint_url=url, **keys)

    async def items(self, operation: Operation, **params: object) -> list[Any]:
        """All pages' items."""
        pages = self.client.get_paginator("get_products").paginate(**params)
        return [item for page in pages for item in page[operation.items]]


def test_botocore_takes_the_parameters_and_gives_the_texts_of_all_pages() -> None:
    with price_list_server() as url:
        found = asyncio.run(fetch_prices(BotocoreCalls(url), "us-east-1", TODAY, pytest.fail))
    assert {row.item for row in found} == ON_BILLS


class Refused:
    """Calls of a principal without pricing:GetProducts."""

    async def items(self, operation: Operation, **_: object) -> list[Any]:
        """No item."""
        raise AwsFailureError(Kind.DENIED, operation.action)


def test_refused_call_is_the_callers_to_report_and_never_an_empty_price_list() -> None:
    with pytest.raises(AwsFailureError, match="pricing:GetProducts"):
        asyncio.run(fetch_prices(Refused(), "eu-central-1", TODAY, pytest.fail))
