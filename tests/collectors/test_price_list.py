"""The price list: an item is found among its likes with all its tiers, or is unknown; never 0 or a guess."""

from __future__ import annotations

from decimal import Decimal

import pytest

from auditor.collectors.price_list import parse_products
from auditor.collectors.prices import bundled_prices
from auditor.model.money import Item, Price
from tests.collectors.price_list import (
    TIERED,
    Fields,
    Step,
    flat,
    nat_products,
    product,
    transfer_products,
    vpc_products,
)

TODAY = "2026-11-20"


def amounts(*texts: str, region: str = "eu-central-1", as_of: str = TODAY) -> list[tuple[Item, str]]:
    return [(row.item, str(row.usd.normalize())) for row in parse_products(texts, region, as_of)]


@pytest.mark.parametrize(
    ("region", "prefix", "bare"),
    [
        ("eu-central-1", "EUC1-", ""),
        ("ap-southeast-2", "APS2-", ""),
        ("us-gov-west-1", "UGW1-", ""),
        ("eu-west-1", "EU-", ""),
        ("us-east-1", "", ""),
        ("us-east-1", "USE1-", "RegionalNatGateway-Hours"),
    ],
)
def test_every_item_is_found_among_its_likes_whatever_the_prefix(region: str, prefix: str, bare: str) -> None:
    """us-east-1 has names with and without its prefix, in one answer."""
    products = [*nat_products(region, prefix, bare), *vpc_products(region, prefix), *transfer_products(region, prefix)]
    found = parse_products(products, region, TODAY)
    assert [(row.item, row.unit, row.usd) for row in found] == [
        (Item.NAT_HOUR, "hour", Decimal("0.051")),
        (Item.NAT_GB, "GB", Decimal("0.052")),
        (Item.REGIONAL_NAT_HOUR, "AZ-hour", Decimal("0.053")),
        (Item.REGIONAL_NAT_GB, "GB", Decimal("0.054")),
        (Item.INTERFACE_ENDPOINT_HOUR, "AZ-hour", Decimal("0.012")),
        (Item.INTERFACE_ENDPOINT_GB, "GB", Decimal("0.01")),
        (Item.INTERFACE_ENDPOINT_GB, "GB", Decimal("0.006")),
        (Item.INTERFACE_ENDPOINT_GB, "GB", Decimal("0.004")),
        (Item.GATEWAY_LOAD_BALANCER_ENDPOINT_HOUR, "AZ-hour", Decimal("0.013")),
        (Item.GATEWAY_LOAD_BALANCER_ENDPOINT_GB, "GB", Decimal("0.0035")),
        (Item.TRANSIT_GATEWAY_GB, "GB", Decimal("0.02")),
        (Item.PUBLIC_IPV4_HOUR, "hour", Decimal("0.005")),
        (Item.INTER_AZ_GB, "GB", Decimal("0.011")),
    ]
    assert {row.region for row in found} == {region}


def test_live_and_bundled_prices_count_in_the_same_units() -> None:
    products = [
        *nat_products("us-east-1", ""),
        *vpc_products("us-east-1", "USE1-"),
        *transfer_products("us-east-1", ""),
    ]
    live = {row.item: row.unit for row in parse_products(products, "us-east-1", TODAY)}
    assert live == {row.item: row.unit for row in bundled_prices("us-east-1") if row.item in live}


def test_live_price_names_usage_type_and_day_so_that_it_can_be_looked_up() -> None:
    text = flat("EUC1-NatGateway-Hours", "0.052", service="AmazonEC2", unit="Hrs")
    assert parse_products([text], "eu-central-1", TODAY) == (
        Price(
            region="eu-central-1",
            item=Item.NAT_HOUR,
            usd=Decimal("0.052"),
            unit="hour",
            source="AWS Price List API: AmazonEC2 EUC1-NatGateway-Hours, effective 2026-10-01",
            as_of=TODAY,
            from_quantity=Decimal(0),
        ),
    )


@pytest.mark.parametrize(
    "usage_type",
    [
        "EUC1-EUW2-VpcEndpoint-Bytes",
        "EUC1VpcEndpoint-Bytes",
        "EUC1-VpcEndpoint-Bytes-Extra",
        "EUC1-vpcendpoint-bytes",
        "Bytes",
        "EUC1-",
        "",
    ],
)
def test_name_that_only_contains_ours_is_not_ours(usage_type: str) -> None:
    assert amounts(flat(usage_type, "0.01")) == []


@pytest.mark.parametrize("order", [(0, 1, 2), (2, 1, 0), (1, 2, 0)])
def test_tiers_come_in_any_order(order: tuple[int, ...]) -> None:
    text = product("EUC1-VpcEndpoint-Bytes", *(TIERED[number] for number in order))
    found = parse_products([text], "eu-central-1", TODAY)
    assert [(str(row.from_quantity), str(row.usd)) for row in found] == [
        ("0", "0.01"),
        ("1048576", "0.006"),
        ("5242880", "0.004"),
    ]


@pytest.mark.parametrize(
    "steps",
    [
        TIERED[1:],
        TIERED[:2],
        (TIERED[0], TIERED[2]),
        (("0", "1048576", "0.0000000000"), *TIERED[1:]),
        (("0", "1048576", "abc"), *TIERED[1:]),
        (),
    ],
    ids=["no first", "no last", "a hole", "one free", "one unreadable", "none"],
)
def test_tiers_that_are_not_whole_make_the_item_unknown(steps: tuple[Step, ...]) -> None:
    """What is left would price the missing quantities with another tier's rate."""
    assert amounts(product("EUC1-VpcEndpoint-Bytes", *steps)) == []


@pytest.mark.parametrize(
    "text",
    [
        flat("EUC1-VpcEndpoint-Bytes", "0.0000000000"),
        flat("EUC1-VpcEndpoint-Bytes", "-0.01"),
        flat("EUC1-VpcEndpoint-Bytes", "NaN"),
        flat("EUC1-VpcEndpoint-Bytes", "Infinity"),
        flat("EUC1-VpcEndpoint-Bytes", ""),
        flat("EUC1-VpcEndpoint-Bytes", "0.07", currency="CNY"),
        flat("EUC1-VpcEndpoint-Bytes", "0.01", unit="Requests"),
        flat("EUC1-VpcEndpoint-Hours", "0.01", unit="GB"),
        flat("EUC1-VpcEndpoint-Bytes", "0.01", terms="Reserved"),
        flat("EUC1-VpcEndpoint-Bytes", "0.01", location_type="AWS Local Zone"),
        flat("EUC1-VpcEndpoint-Bytes", "0.01", region="eu-west-1"),
        flat("EUC1-VpcEndpoint-Bytes", "0.01", effective="soon"),
        flat("EUC1-TransitGateway-Bytes", "0.02", operation="TransitGatewayVPN"),
        flat("EUC1-VpcEndpoint-Bytes", "0.01")[:-1],
        '{"serviceCode": "AmazonVPC"}',
        "[]",
        "null",
        "",
    ],
)
def test_row_that_is_not_wholly_understood_is_left_out_and_spoils_no_other(text: str) -> None:
    good = flat("EUC1-NatGateway-Bytes", "0.052", service="AmazonEC2")
    assert amounts(text, good) == [(Item.NAT_GB, "0.052")]


REGIONAL = "EUC1-DataTransfer-Regional-Bytes"


@pytest.mark.parametrize(
    "fields",
    [
        {"region": "eu-west-1", "to_region": "eu-central-1"},
        {"to_region": "eu-west-1"},
        {"region": "eu-west-1"},
        {"location_type": "AWS Local Zone", "to_location_type": "AWS Region"},
        {"to_location_type": "AWS Local Zone"},
        {"transfer_type": "IntraRegion-xAZ-Out"},
        {"transfer_type": "IntraRegion-VPCpeering-In"},
        {"operation": "VPCPeering-Out"},
        {"unit": "Hrs"},
        {"currency": "CNY"},
    ],
)
def test_transfer_counts_only_within_the_region_that_is_asked_and_between_its_zones(fields: Fields) -> None:
    row: Fields = {"service": "AWSDataTransfer"}
    assert amounts(flat(REGIONAL, "0.01", **row)) == [(Item.INTER_AZ_GB, "0.01")]
    assert amounts(flat(REGIONAL, "0.01", **(row | fields))) == []


def test_row_of_transfer_with_a_location_in_place_of_two_ends_is_not_understood() -> None:
    assert amounts(flat(REGIONAL, "0.01", service="AmazonEC2")) == []
    assert amounts(flat("EUC1-NatGateway-Bytes", "0.01", service="AWSDataTransfer")) == []


def test_transfer_in_two_rows_is_known_if_they_agree_and_keeps_its_tiers() -> None:
    """One region's list has held rows under another region's prefix too."""
    row: Fields = {"service": "AWSDataTransfer"}
    same = flat(REGIONAL, "0.01", **row), flat("APS4-DataTransfer-Regional-Bytes", "0.0100000000", **row)
    assert amounts(*same) == [(Item.INTER_AZ_GB, "0.01")]
    assert amounts(*same, flat(REGIONAL, "0.02", **row)) == []
    tiered = product(REGIONAL, *TIERED, **row)
    assert [usd for _, usd in amounts(tiered)] == ["0.01", "0.006", "0.004"]


def test_term_that_came_into_force_last_wins() -> None:
    old = flat("EUC1-NatGateway-Bytes", "0.053", effective="2025-01-01T00:00:00Z")
    new = flat("EUC1-NatGateway-Bytes", "0.052", effective="2026-10-01T00:00:00Z")
    between = flat("EUC1-NatGateway-Bytes", "0.051", effective="2026-09-01T00:00:00Z")
    assert amounts(old, new, between) == [(Item.NAT_GB, "0.052")]


def test_price_that_is_only_announced_does_not_count_yet() -> None:
    now = flat("EUC1-NatGateway-Bytes", "0.052")
    soon = flat("EUC1-NatGateway-Bytes", "0.061", effective="2026-11-21T00:00:00Z")
    assert amounts(now, soon, as_of="2026-11-20") == [(Item.NAT_GB, "0.052")]
    assert amounts(now, soon, as_of="2026-11-21") == [(Item.NAT_GB, "0.061")]


def test_two_prices_of_one_day_that_disagree_make_the_item_unknown() -> None:
    same = flat("EUC1-NatGateway-Bytes", "0.052"), flat("EUC1-NatGateway-Bytes", "0.0520000000")
    assert amounts(*same) == [(Item.NAT_GB, "0.052")]
    assert amounts(*same, flat("EUC1-NatGateway-Bytes", "0.053")) == []


def test_empty_answer_is_no_price() -> None:
    """A filter that is wrong gives an empty list, not an error."""
    assert amounts() == []
