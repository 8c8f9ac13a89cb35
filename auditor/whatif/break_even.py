"""From how many GB a month an interface endpoint costs less than the way that the bytes take without it."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import ROUND_CEILING, Decimal

from auditor.model.money import EXACT, MONTH_HOURS, Item, Prices, total
from auditor.model.network import Network
from auditor.model.resources import Endpoint
from auditor.whatif.bill import charges
from auditor.whatif.routing import Path
from auditor.whatif.saving import Situation

_TENTH = Decimal("0.1")


def break_even(situation: Situation, region: str, ways: Iterable[Path], zones: int) -> Decimal | None:
    """GB a month, rounded up, at the lowest tiers and for the dearest of the ways; `None` where none is known to pay.

    It is for words only: what a change saves is the difference of two bills.
    """
    found = (rate_of(situation.network, situation.prices, way) for way in ways)
    rates = [rate for rate in found if rate is not None]
    return _crossing(situation.prices, region, zones, max(rates)) if rates else None


def break_even_at(prices: Prices, endpoint: Endpoint, rate: Decimal) -> Decimal | None:
    """The same of an endpoint that stands there, against a way of that many USD a GB."""
    return _crossing(prices, endpoint.region, len(endpoint.subnet_ids), rate)


def _crossing(prices: Prices, region: str, zones: int, rate: Decimal) -> Decimal | None:
    items = (Item.INTERFACE_ENDPOINT_HOUR, Item.INTERFACE_ENDPOINT_GB)
    hour, gigabyte = (lowest(prices, region, item) for item in items)
    if hour is None or gigabyte is None or rate <= gigabyte:
        return None
    standing = EXACT.multiply(Decimal(MONTH_HOURS * zones), hour)
    return (standing / EXACT.subtract(rate, gigabyte)).quantize(_TENTH, ROUND_CEILING)


def lowest(prices: Prices, region: str, item: Item) -> Decimal | None:
    """USD a unit at the lowest tier, if it is known."""
    tiers = prices.tiers(region, item)
    return tiers[0].usd if tiers else None


def rate_of(network: Network, prices: Prices, way: Path) -> Decimal | None:
    """USD a GB of a way as far as its prices are known; `None` where none of them is."""
    times = charges(network, way)
    known = {usage: found[0].usd for usage in times if (found := prices.tiers(usage.region, usage.item))}
    return total(EXACT.multiply(Decimal(times[usage]), usd) for usage, usd in known.items()) if known else None
