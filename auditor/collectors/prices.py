"""Prices: today's from AWS's Price List Query API, else those of the snapshot that ships with the auditor.

A price that is nowhere, or cannot be read without guessing, is missing from the answer: unknown, never 0.
Each says where it is from and of which day. What the price list holds and where it misleads: docs/prices.md.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from decimal import Decimal
from functools import cache
from importlib.resources import files
from itertools import pairwise
from typing import Annotated, Any, Literal, Protocol

from pydantic import AwareDatetime, BaseModel, Field, ValidationError

from auditor.aws.operations import GET_PRODUCTS, Operation
from auditor.model.money import ZERO, Item, Price

Amount = Annotated[Decimal, Field(gt=0, allow_inf_nan=False)]
Quantity = Annotated[Decimal, Field(ge=0, allow_inf_nan=False)]
Tiers = tuple[tuple[Decimal, Decimal], ...]
"""(from this quantity, USD), lowest first, without a hole."""

_HOURS = frozenset({"hrs", "hour", "hours"})
_GIGABYTES = frozenset({"gb", "gigabytes"})


class PriceListCalls(Protocol):
    """Calls of the Price List API in a region that `price_list_region` chose."""

    async def items(self, operation: Operation, **params: object) -> list[Any]:
        """All pages' items."""


@dataclass(frozen=True, slots=True)
class _Usage:
    """What a usage type stands for; `units` are the price list's names of `unit`."""

    item: Item
    unit: str
    units: frozenset[str]
    operation: str | None = None


_USAGES = {
    "NatGateway-Hours": _Usage(Item.NAT_HOUR, "hour", _HOURS),
    "NatGateway-Bytes": _Usage(Item.NAT_GB, "GB", _GIGABYTES),
    "RegionalNatGateway-Hours": _Usage(Item.REGIONAL_NAT_HOUR, "AZ-hour", _HOURS),
    "RegionalNatGateway-Bytes": _Usage(Item.REGIONAL_NAT_GB, "GB", _GIGABYTES),
    "VpcEndpoint-Hours": _Usage(Item.INTERFACE_ENDPOINT_HOUR, "AZ-hour", _HOURS),
    "VpcEndpoint-Bytes": _Usage(Item.INTERFACE_ENDPOINT_GB, "GB", _GIGABYTES),
    "VpcEndpoint-GWLBE-Hours": _Usage(Item.GATEWAY_LOAD_BALANCER_ENDPOINT_HOUR, "AZ-hour", _HOURS),
    "VpcEndpoint-GWLBE-Bytes": _Usage(Item.GATEWAY_LOAD_BALANCER_ENDPOINT_GB, "GB", _GIGABYTES),
    # VPN, Direct Connect and peering attachments share the usage type; only the operation tells them apart.
    "TransitGateway-Bytes": _Usage(Item.TRANSIT_GATEWAY_GB, "GB", _GIGABYTES, "TransitGatewayVPC"),
    "PublicIPv4:InUseAddress": _Usage(Item.PUBLIC_IPV4_HOUR, "hour", _HOURS),
}
"""VPC user guide, "Understand codes for Amazon VPC in billing and usage reports"; price files of 2026-09."""

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


class _Dollars(BaseModel):
    """A price in another currency has no USD: the row is refused rather than converted."""

    usd: Amount = Field(alias="USD")


class _Dimension(BaseModel):
    unit: str
    begin: Quantity = Field(alias="beginRange")
    end: Annotated[Decimal, Field(gt=0, allow_inf_nan=True)] = Field(alias="endRange")
    price: _Dollars = Field(alias="pricePerUnit")


class _Term(BaseModel):
    effective: AwareDatetime = Field(alias="effectiveDate")
    dimensions: dict[str, _Dimension] = Field(alias="priceDimensions", min_length=1)


class _Terms(BaseModel):
    on_demand: dict[str, _Term] = Field(alias="OnDemand")


class _Attributes(BaseModel):
    usage_type: str = Field(alias="usagetype")
    region: str = Field(alias="regionCode")
    location_type: Literal["AWS Region"] = Field(alias="locationType")
    operation: str = ""


class _Product(BaseModel):
    attributes: _Attributes


class _Listed(BaseModel):
    """One item of GetProducts' `PriceList`, format aws_v1: as much of it as a price needs."""

    service: str = Field(alias="serviceCode")
    product: _Product
    terms: _Terms


@dataclass(frozen=True, slots=True)
class _Offer:
    """One term that was in force: what it says, since when, and the usage type that it was read from."""

    usage: _Usage
    tiers: Tiers
    effective: str
    source: str


def bundled_prices(region: str) -> tuple[Price, ...]:
    """What the snapshot knows of a region; empty for a region that it does not know, like those in China."""
    return _snapshot().get(region, ())


def price_list_region(region: str, partition: str) -> str | None:
    """Where to ask for a region's prices; `None` where no list in USD is in reach (China's is in CNY)."""
    if partition not in ("aws", "aws-us-gov"):
        return None
    return _API_REGIONS.get(region.partition("-")[0], "us-east-1")


async def fetch_prices(calls: PriceListCalls, region: str, as_of: str) -> tuple[Price, ...]:
    """Today's prices of a region, in two paged GetProducts calls; raises what `calls` raises."""
    answers = await asyncio.gather(
        _products(calls, "AmazonEC2", regionCode=region, productFamily="NAT Gateway"),
        _products(calls, "AmazonVPC", regionCode=region),
    )
    return parse_products((text for answer in answers for text in answer), region, as_of)


def parse_products(price_list: Iterable[str], region: str, as_of: str) -> tuple[Price, ...]:
    """GetProducts' items (JSON texts) as prices, read on the day `as_of` (YYYY-MM-DD), by item and tier.

    The term that came into force last wins. Where two of the same day disagree, the item is unknown.
    """
    by_item: dict[Item, list[_Offer]] = {}
    for text in price_list:
        for offer in _offers(text, region, as_of):
            by_item.setdefault(offer.usage.item, []).append(offer)
    found = [_newest(by_item[item]) for item in Item if item in by_item]
    return tuple(price for offer in found if offer for price in _prices(offer, region, as_of))


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


def _offers(text: str, region: str, as_of: str) -> Iterator[_Offer]:
    """The terms in force of a product that we price; none if it is of elsewhere or not wholly understood."""
    try:
        listed = _Listed.model_validate_json(text)
    except ValidationError:
        return
    attributes = listed.product.attributes
    usage = _usage(attributes.usage_type)
    if usage is None or attributes.region != region or usage.operation not in (None, attributes.operation):
        return
    for term in listed.terms.on_demand.values():
        effective = term.effective.date().isoformat()
        tiers = _tiers(term, usage)
        if tiers and effective <= as_of:
            source = f"AWS Price List API: {listed.service} {attributes.usage_type}, effective {effective}"
            yield _Offer(usage, tiers, effective, source)


def _usage(usage_type: str) -> _Usage | None:
    """By the exact name, with or without one prefix: the names hold hyphens, and prefixes follow no rule."""
    return _USAGES.get(usage_type) or _USAGES.get(usage_type.partition("-")[2])


def _tiers(term: _Term, usage: _Usage) -> Tiers | None:
    """The steps in order; `None` if they do not reach from 0 to infinity or are sold in another unit."""
    steps = sorted(term.dimensions.values(), key=lambda step: step.begin)
    whole = steps[0].begin == 0 and steps[-1].end.is_infinite()
    if not whole or any(low.end != high.begin for low, high in pairwise(steps)):
        return None
    if any(step.unit.lower() not in usage.units for step in steps):
        return None
    return tuple((step.begin, step.price.usd) for step in steps)


def _newest(offers: list[_Offer]) -> _Offer | None:
    last = max(offer.effective for offer in offers)
    newest = [offer for offer in offers if offer.effective == last]
    return newest[0] if len({offer.tiers for offer in newest}) == 1 else None


def _prices(offer: _Offer, region: str, as_of: str) -> Iterator[Price]:
    for start, usd in offer.tiers:
        yield Price(region, offer.usage.item, usd, offer.usage.unit, offer.source, as_of, start)
