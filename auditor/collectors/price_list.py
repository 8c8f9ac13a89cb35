"""What AWS's price list says: GetProducts' items, format aws_v1, as prices.

A row that is not wholly understood is left out and spoils no other. Where the list misleads: docs/prices.md.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from decimal import Decimal
from itertools import pairwise
from typing import Annotated

from pydantic import AwareDatetime, BaseModel, Field, ValidationError

from auditor.model.money import Item, Price

Amount = Annotated[Decimal, Field(gt=0, allow_inf_nan=False)]
Quantity = Annotated[Decimal, Field(ge=0, allow_inf_nan=False)]
Tiers = tuple[tuple[Decimal, Decimal], ...]
"""(from this quantity, USD), lowest first, without a hole."""

_HOURS = frozenset({"hrs", "hour", "hours"})
_GIGABYTES = frozenset({"gb", "gigabytes"})


def _in_region(region: str) -> dict[str, str]:
    return {"regionCode": region, "locationType": "AWS Region"}


def _of_vpc_attachment(region: str) -> dict[str, str]:
    """VPN, Direct Connect and peering attachments share the usage type; only the operation tells them apart."""
    return _in_region(region) | {"operation": "TransitGatewayVPC"}


def _between_zones(region: str) -> dict[str, str]:
    """Transfer has two ends in place of a location; that of VPC peering has transfer types of its own."""
    ends = {f"{end}RegionCode": region for end in ("from", "to")}
    types = {f"{end}LocationType": "AWS Region" for end in ("from", "to")}
    return ends | types | {"transferType": "IntraRegion", "operation": ""}


@dataclass(frozen=True, slots=True)
class _Usage:
    """What a usage type stands for: `units` are the price list's names of `unit`, `attributes` must all be so."""

    item: Item
    unit: str
    units: frozenset[str]
    attributes: Callable[[str], dict[str, str]] = _in_region


_USAGES = {
    "NatGateway-Hours": _Usage(Item.NAT_HOUR, "hour", _HOURS),
    "NatGateway-Bytes": _Usage(Item.NAT_GB, "GB", _GIGABYTES),
    "RegionalNatGateway-Hours": _Usage(Item.REGIONAL_NAT_HOUR, "AZ-hour", _HOURS),
    "RegionalNatGateway-Bytes": _Usage(Item.REGIONAL_NAT_GB, "GB", _GIGABYTES),
    "VpcEndpoint-Hours": _Usage(Item.INTERFACE_ENDPOINT_HOUR, "AZ-hour", _HOURS),
    "VpcEndpoint-Bytes": _Usage(Item.INTERFACE_ENDPOINT_GB, "GB", _GIGABYTES),
    "VpcEndpoint-GWLBE-Hours": _Usage(Item.GATEWAY_LOAD_BALANCER_ENDPOINT_HOUR, "AZ-hour", _HOURS),
    "VpcEndpoint-GWLBE-Bytes": _Usage(Item.GATEWAY_LOAD_BALANCER_ENDPOINT_GB, "GB", _GIGABYTES),
    "TransitGateway-Bytes": _Usage(Item.TRANSIT_GATEWAY_GB, "GB", _GIGABYTES, _of_vpc_attachment),
    "PublicIPv4:InUseAddress": _Usage(Item.PUBLIC_IPV4_HOUR, "hour", _HOURS),
    "DataTransfer-Regional-Bytes": _Usage(Item.INTER_AZ_GB, "GB", _GIGABYTES, _between_zones),
}
"""VPC user guide, "Understand codes for Amazon VPC in billing and usage reports"; Data Exports user guide,
"Understanding data transfer charges"; price files of 2026-09."""

_PRICED = re.compile("|".join(re.escape(name) for name in _USAGES))
"""A region lists hundreds of products of which ten are ours: only these are worth parsing."""


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


class _Product(BaseModel):
    attributes: dict[str, str]


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


def _offers(text: str, region: str, as_of: str) -> Iterator[_Offer]:
    """The terms in force of a product that we price; none if it is of elsewhere or not wholly understood."""
    if not _PRICED.search(text):
        return
    try:
        listed = _Listed.model_validate_json(text)
    except ValidationError:
        return
    attributes = listed.product.attributes
    usage_type = attributes.get("usagetype", "")
    usage = _usage(usage_type)
    if usage is None or not usage.attributes(region).items() <= attributes.items():
        return
    for term in listed.terms.on_demand.values():
        effective = term.effective.date().isoformat()
        tiers = _tiers(term, usage)
        if tiers and effective <= as_of:
            source = f"AWS Price List API: {listed.service} {usage_type}, effective {effective}"
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
