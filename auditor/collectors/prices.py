"""Prices: today's from AWS's Price List Query API, else those of the snapshot that ships with the auditor.

A price that is nowhere, or cannot be read without guessing, is missing from the answer: unknown, never 0.
Each says where it is from and of which day. What the price list holds and where it misleads: docs/prices.md.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Iterator
from decimal import Decimal
from functools import cache
from importlib.resources import files
from typing import Any, Protocol

from pydantic import BaseModel

from auditor.aws.failures import AwsFailureError
from auditor.aws.operations import GET_PRODUCTS, Operation
from auditor.collectors.price_list import Amount, Quantity, parse_products
from auditor.model.money import ZERO, Item, Price


class PriceListCalls(Protocol):
    """Calls of the Price List API in a region that `price_list_region` chose."""

    async def items(self, operation: Operation, **params: object) -> list[Any]:
        """All pages' items."""


_API_REGIONS = {"ap": "ap-south-1"} | dict.fromkeys(("af", "eu", "il", "me"), "eu-central-1")
"""The API has three regions in partition aws (botocore 1.43); us-east-1 is asked for all the rest."""


class _Block(BaseModel):
    """One source's figures of one item in `auditor/data/prices.json`."""

    item: Item
    unit: str
    source: str
    as_of: str
    usd: dict[str, Amount | dict[Quantity, Amount] | None]


class _Snapshot(BaseModel):
    prices: list[_Block]


def bundled_prices(region: str) -> tuple[Price, ...]:
    """What the snapshot knows of a region; empty for a region that it does not know, like those in China."""
    return _snapshot().get(region, ())


def price_list_region(region: str, partition: str) -> str | None:
    """Where to ask for a region's prices; `None` where no list in USD is in reach (China's is in CNY)."""
    if partition not in ("aws", "aws-us-gov"):
        return None
    return _API_REGIONS.get(region.partition("-")[0], "us-east-1")


async def fetch_prices(
    calls: PriceListCalls, region: str, as_of: str, without_transfer: Callable[[str], None]
) -> tuple[Price, ...]:
    """Today's prices of a region, in three paged GetProducts calls; raises what `calls` raises.

    Except for the call for transfer between zones: where that fails, this one price is not among the answer, and
    `without_transfer` is told the reason.
    """
    answers = await asyncio.gather(
        _products(calls, "AmazonEC2", regionCode=region, productFamily="NAT Gateway"),
        _products(calls, "AmazonVPC", regionCode=region),
        _transfer_products(calls, region, without_transfer),
    )
    return parse_products((text for answer in answers for text in answer), region, as_of)


def choose_prices(live: Iterable[Price], bundled: Iterable[Price]) -> tuple[Price, ...]:
    """Item by item the live price with all its tiers, else the bundled one."""
    asked = tuple(live)
    known = {(row.region, row.item) for row in asked}
    return asked + tuple(row for row in bundled if (row.region, row.item) not in known)


@cache
def _snapshot() -> dict[str, tuple[Price, ...]]:
    text = (files("auditor") / "data" / "prices.json").read_text(encoding="utf-8")
    by_region: dict[str, tuple[Price, ...]] = {}
    for block in _Snapshot.model_validate_json(text).prices:
        for region, usd in block.usd.items():
            by_region[region] = by_region.get(region, ()) + tuple(_bundled(block, region, usd))
    return by_region


def _bundled(block: _Block, region: str, usd: Decimal | dict[Decimal, Decimal] | None) -> Iterator[Price]:
    tiers = usd if isinstance(usd, dict) else {} if usd is None else {ZERO: usd}
    for start, amount in tiers.items():
        source = f"bundled snapshot: {block.source}"
        yield Price(region, block.item, amount, block.unit, source, block.as_of, start)


async def _products(calls: PriceListCalls, service: str, **fields: str) -> list[str]:
    filters = [{"Type": "TERM_MATCH", "Field": field, "Value": value} for field, value in fields.items()]
    return await calls.items(GET_PRODUCTS, ServiceCode=service, Filters=filters, FormatVersion="aws_v1")


async def _transfer_products(calls: PriceListCalls, region: str, without: Callable[[str], None]) -> list[str]:
    try:
        return await _products(calls, "AWSDataTransfer", fromRegionCode=region, transferType="IntraRegion")
    except AwsFailureError as failure:
        without(failure.reason)
        return []
