"""Evidence that was taken apart by account is the same again when it is joined, in whatever order."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from auditor.model.evidence import Call, Evidence, Gap, Scope, Source, Window
from auditor.model.joining import joined
from auditor.model.money import Item, Price, Prices

NOW = datetime(2026, 11, 29, tzinfo=UTC)
EMPTY = Evidence(1, NOW, Window(NOW - timedelta(days=30), NOW))
ACCOUNTS = ("111111111111", "222222222222", "333333333333")
REGIONS = ("eu-central-1", "us-east-1")


def price(region: str, item: Item, usd: str = "0.045", start: int = 0) -> Price:
    return Price(region, item, Decimal(usd), "GB", "price list", "2026-11-29", Decimal(start))


PRICES = tuple(price(region, item) for region in REGIONS for item in (Item.INTER_AZ_GB, Item.NAT_GB, Item.NAT_HOUR))


def part(account: str) -> Evidence:
    """An account with a gap, in both regions, which asked about its regions twice."""
    return replace(
        EMPTY,
        scopes=tuple(Scope(account, region, calls=(Call("ec2:DescribeVpcs", 1),)) for region in REGIONS),
        prices=Prices(tuple(row for row in PRICES if row.region == REGIONS[1] or account == ACCOUNTS[0])),
        gaps=(Gap(account, "", Source.REGIONS, "ec2:DescribeRegions", "denied"),),
        calls=(Call("ec2:DescribeRegions", 2, 1),),
    )


REST = replace(EMPTY, notes=("one", "two"), calls=(Call("sts:AssumeRole", 3),))


@given(st.permutations([REST, *map(part, ACCOUNTS)]))
def test_the_order_of_the_pieces_does_not_matter(pieces: list[Evidence]) -> None:
    assert joined(pieces) == replace(
        EMPTY,
        scopes=tuple(scope for account in ACCOUNTS for scope in part(account).scopes),
        prices=Prices(PRICES),
        gaps=tuple(gap for account in ACCOUNTS for gap in part(account).gaps),
        notes=("one", "two"),
        calls=(Call("ec2:DescribeRegions", 6, 3), Call("sts:AssumeRole", 3)),
    )


def test_a_piece_by_itself_stays_as_it_is_and_pieces_can_be_joined_in_steps() -> None:
    assert joined([part(ACCOUNTS[0])]) == part(ACCOUNTS[0])
    pieces = [REST, *map(part, ACCOUNTS)]
    assert joined([joined(pieces[:2]), joined(pieces[2:])]) == joined(pieces)


def test_two_prices_of_one_item_do_not_become_tiers() -> None:
    """Two shards asked on two days, and AWS has changed the price in between."""
    old = replace(price(REGIONS[0], Item.NAT_GB, "0.050"), as_of="2026-11-28")
    pieces = [replace(EMPTY, prices=Prices((row,))) for row in (price(REGIONS[0], Item.NAT_GB), old)]
    for order in (pieces, pieces[::-1]):
        assert [row.usd for row in joined(order).prices.rows] == [Decimal("0.045")]


def test_tiers_of_a_price_stay_apart() -> None:
    tiers = tuple(price(REGIONS[0], Item.INTERFACE_ENDPOINT_GB, "0.01", start) for start in (0, 1_048_576, 5_242_880))
    assert joined([replace(EMPTY, prices=Prices(tiers))] * 2).prices == Prices(tiers)
