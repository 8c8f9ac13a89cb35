"""Prices: what the snapshot holds, where AWS is asked, and which of the two is taken."""

from __future__ import annotations

import asyncio
import json
from decimal import Decimal
from importlib.resources import files
from typing import Any, NoReturn

import boto3
import pytest

from auditor.aws.failures import AwsFailureError, Kind
from auditor.aws.operations import GET_PRODUCTS, Operation
from auditor.collectors.prices import (
    bundled_prices,
    choose_prices,
    fetch_prices,
    parse_products,
    price_list_region,
)
from auditor.model.money import Item, Price
from tests.collectors.price_list import flat, nat_products, price_list_server, vpc_products

TODAY = "2026-11-20"
SNAPSHOT = (files("auditor") / "data" / "prices.json").read_text(encoding="utf-8")
REGIONS = tuple(json.loads(SNAPSHOT)["prices"][0]["usd"])

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
}


def amounts(rows: tuple[Price, ...], item: Item) -> list[str]:
    return [str(row.usd) for row in rows if row.item == item]


# The snapshot


@pytest.mark.parametrize(
    ("region", "nat", "endpoint", "appliance", "appliance_gb"),
    [
        ("eu-central-1", "0.052", "0.012", "0.012", "0.0035"),
        ("us-east-1", "0.045", "0.01", "0.01", "0.0035"),
        ("ap-southeast-2", "0.059", "0.013", "0.0112", "0.0035"),
        ("us-gov-west-1", "0.054", "0.0125", "0.0142", "0.0044"),
    ],
)
def test_snapshot_holds_the_published_figures(
    region: str, nat: str, endpoint: str, appliance: str, appliance_gb: str
) -> None:
    """Of the pricing pages of October and November 2025."""
    expected = {
        Item.NAT_HOUR: (nat, "hour"),
        Item.NAT_GB: (nat, "GB"),
        Item.REGIONAL_NAT_HOUR: (nat, "AZ-hour"),
        Item.REGIONAL_NAT_GB: (nat, "GB"),
        Item.INTERFACE_ENDPOINT_HOUR: (endpoint, "AZ-hour"),
        Item.GATEWAY_LOAD_BALANCER_ENDPOINT_HOUR: (appliance, "AZ-hour"),
        Item.GATEWAY_LOAD_BALANCER_ENDPOINT_GB: (appliance_gb, "GB"),
        Item.TRANSIT_GATEWAY_GB: ("0.02", "GB"),
        Item.PUBLIC_IPV4_HOUR: ("0.005", "hour"),
    }
    rows = bundled_prices(region)
    assert {row.item: (str(row.usd), row.unit) for row in rows if row.item in expected} == expected


def test_snapshot_holds_the_tiers_of_endpoint_bytes() -> None:
    tiers = [row for row in bundled_prices("us-gov-east-1") if row.item == Item.INTERFACE_ENDPOINT_GB]
    assert [(row.from_quantity, row.usd, row.unit) for row in tiers] == [
        (Decimal(0), Decimal("0.01"), "GB"),
        (Decimal(1048576), Decimal("0.006"), "GB"),
        (Decimal(5242880), Decimal("0.004"), "GB"),
    ]


def test_snapshot_says_of_each_price_where_it_is_from_and_of_which_day() -> None:
    rows = {row.item: (row.source, row.as_of) for row in bundled_prices("eu-central-1")}
    feed = "bundled snapshot: AWS pricing feed for NAT gateways, published 2025-10-28"
    assert rows[Item.NAT_HOUR] == (feed, "2025-10-28")
    assert rows[Item.REGIONAL_NAT_GB] == (f"{feed}; zonal rate taken for regional NAT gateways", "2025-10-28")
    assert rows[Item.PUBLIC_IPV4_HOUR][1] == "2025-11-04"


def test_snapshot_prices_the_audit_itself() -> None:
    """GetMetricData, Logs Insights and Athena where they run; Cost Explorer where it is billed."""
    assert amounts(bundled_prices("us-gov-west-1"), Item.METRIC_REQUEST) == ["0.000013"]
    assert amounts(bundled_prices("eu-west-1"), Item.LOGS_INSIGHTS_GB) == ["0.0057"]
    assert amounts(bundled_prices("ap-southeast-3"), Item.ATHENA_TB) == ["5.75"]
    assert amounts(bundled_prices("us-east-1"), Item.COST_EXPLORER_REQUEST) == ["0.01"]
    assert amounts(bundled_prices("eu-west-1"), Item.COST_EXPLORER_REQUEST) == []


def test_transfer_between_zones_is_known_only_where_it_was_verified() -> None:
    found = {region: amounts(bundled_prices(region), Item.INTER_AZ_GB) for region in REGIONS}
    verified = ("us-east-1", "ap-northeast-1", "eu-west-1", "eu-south-2")
    assert found == {region: ["0.01"] if region in verified else [] for region in REGIONS}


def test_snapshot_lacks_nothing_else() -> None:
    """In its 36 regions only Athena has no price, in the newest one."""
    everywhere = set(Item) - {Item.INTER_AZ_GB, Item.COST_EXPLORER_REQUEST}
    missing = {region: everywhere - {row.item for row in bundled_prices(region)} for region in REGIONS}
    assert len(REGIONS) == 36
    assert {region: items for region, items in missing.items() if items} == {
        "ap-southeast-6": {Item.ATHENA_TB}
    }


def test_snapshot_has_each_tier_once_from_zero_on_and_nothing_for_free() -> None:
    for region in REGIONS:
        rows = bundled_prices(region)
        assert len({(row.item, row.from_quantity) for row in rows}) == len(rows)
        assert all(row.region == region and row.usd > 0 for row in rows)
        assert {row.item for row in rows if row.from_quantity == 0} == {row.item for row in rows}


def test_snapshot_file_holds_no_number_that_could_be_read_as_a_float() -> None:
    def refuse(number: str) -> NoReturn:
        pytest.fail(f"{number} is not quoted")

    json.loads(SNAPSHOT, parse_float=refuse, parse_int=refuse)


def test_region_outside_the_snapshot_has_no_price() -> None:
    assert bundled_prices("cn-north-1") == ()


# Which price is taken


def test_live_price_takes_the_place_of_the_bundled_one_with_all_its_tiers() -> None:
    live = parse_products([flat("EUC1-VpcEndpoint-Bytes", "0.011")], "eu-central-1", TODAY)
    bundled = bundled_prices("eu-central-1")
    others = tuple(row for row in bundled if row.item != Item.INTERFACE_ENDPOINT_GB)
    assert len(live) == 1
    assert choose_prices(live, bundled) == live + others


def test_live_price_of_one_region_leaves_the_bundled_ones_of_another() -> None:
    live = parse_products([flat("EUC1-NatGateway-Bytes", "0.05")], "eu-central-1", TODAY)
    bundled = bundled_prices("us-east-1")
    assert choose_prices(live, bundled) == live + bundled


def test_item_that_is_in_neither_stays_unknown() -> None:
    assert amounts(choose_prices((), bundled_prices("eu-central-1")), Item.INTER_AZ_GB) == []


# The calls


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
def test_prices_are_asked_for_where_a_list_in_usd_is_served(
    region: str, partition: str, expected: str | None
) -> None:
    assert price_list_region(region, partition) == expected


class PriceList:
    """Answers both calls only once both are under way."""

    def __init__(self, region: str, prefix: str) -> None:
        self.answers = {"AmazonEC2": nat_products(region, prefix), "AmazonVPC": vpc_products(region, prefix)}
        self.asked: dict[Any, dict[str, object]] = {}
        self.both = asyncio.Barrier(2)

    async def items(self, operation: Operation, **params: object) -> list[Any]:
        """The rows of the service."""
        assert operation is GET_PRODUCTS
        service = str(params["ServiceCode"])
        self.asked[service] = params
        await asyncio.wait_for(self.both.wait(), timeout=5)
        return self.answers[service]


def test_one_region_takes_two_calls_at_the_same_time() -> None:
    async def run() -> tuple[PriceList, tuple[Price, ...]]:
        calls = PriceList("ap-southeast-2", "APS2-")
        return calls, await fetch_prices(calls, "ap-southeast-2", TODAY)

    calls, found = asyncio.run(run())
    region = {"Type": "TERM_MATCH", "Field": "regionCode", "Value": "ap-southeast-2"}
    family = {"Type": "TERM_MATCH", "Field": "productFamily", "Value": "NAT Gateway"}
    assert calls.asked == {
        "AmazonEC2": {"ServiceCode": "AmazonEC2", "Filters": [region, family], "FormatVersion": "aws_v1"},
        "AmazonVPC": {"ServiceCode": "AmazonVPC", "Filters": [region], "FormatVersion": "aws_v1"},
    }
    assert {row.item for row in found} == ON_BILLS


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
        found = asyncio.run(fetch_prices(BotocoreCalls(url), "us-east-1", TODAY))
    assert {row.item for row in found} == ON_BILLS


class Refused:
    """Calls of a principal without pricing:GetProducts."""

    async def items(self, operation: Operation, **_: object) -> list[Any]:
        """No item."""
        raise AwsFailureError(Kind.DENIED, operation.action)


def test_refused_call_is_the_callers_to_report_and_never_an_empty_price_list() -> None:
    with pytest.raises(AwsFailureError, match="pricing:GetProducts"):
        asyncio.run(fetch_prices(Refused(), "eu-central-1", TODAY))
