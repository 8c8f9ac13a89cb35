"""Prices: what the snapshot holds, and whether it or the price list's answer is taken."""

from __future__ import annotations

import json
from decimal import Decimal
from importlib.resources import files
from typing import NoReturn

import pytest

from auditor.collectors.price_list import parse_products
from auditor.collectors.prices import bundled_prices, choose_prices
from auditor.model.money import Item, Price
from tests.collectors.price_list import flat

TODAY = "2026-11-20"
SNAPSHOT = (files("auditor") / "data" / "prices.json").read_text(encoding="utf-8")
REGIONS = tuple(json.loads(SNAPSHOT)["prices"][0]["usd"])


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


def test_delivery_of_flow_logs_takes_another_regions_price_and_says_so() -> None:
    """Seen in us-east-1 and ap-northeast-1 alone."""
    found = {
        region: [
            row for row in bundled_prices(region) if row.item in {Item.LOG_DELIVERY_GB, Item.PARQUET_CONVERSION_GB}
        ]
        for region in REGIONS
    }
    assert [str(row.usd) for row in found["us-east-1"]] == ["0.25", "0.035"]
    assert [str(row.usd) for row in found["ap-northeast-1"]] == ["0.38", "0.056"]
    elsewhere = {region: rows for region, rows in found.items() if region not in {"us-east-1", "ap-northeast-1"}}
    assert {str(row.usd) for rows in elsewhere.values() for row in rows} == {"0.25", "0.035"}
    assert all("the price of us-east-1, for want of" in row.source for rows in elsewhere.values() for row in rows)


def test_snapshot_lacks_nothing_else() -> None:
    """In its 36 regions only Athena has no price, in the newest one."""
    everywhere = set(Item) - {Item.INTER_AZ_GB, Item.COST_EXPLORER_REQUEST}
    missing = {region: everywhere - {row.item for row in bundled_prices(region)} for region in REGIONS}
    assert len(REGIONS) == 36
    assert {region: items for region, items in missing.items() if items} == {"ap-southeast-6": {Item.ATHENA_TB}}


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
