"""From how many GB a month an interface endpoint costs less than the way that the bytes take without it."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import ROUND_CEILING, Decimal

from auditor.model.money import EXACT, MONTH_HOURS, Item, total
from auditor.whatif.bill import charges
from auditor.whatif.routing import Path
from auditor.whatif.saving import Situation

_TENTH = Decimal("0.1")


def break_even(situation: Situation, region: str, ways: Iterable[Path], zones: int) -> Decimal | None:
    """GB a month, rounded up, at the lowest tiers and for the dearest of the ways; `None` where none is known to pay.

    It is for words only: what a change saves is the difference of two bills.
    """
    tiers = (situation.prices.tiers(region, i) for i in (Item.INTERFACE_ENDPOINT_HOUR, Item.INTERFACE_ENDPOINT_GB))
    hour, gigabyte = (found[0].usd if found else None for found in tiers)
    rates = [rate for way in ways if (rate := _rate(situation, way)) is not None]
    if hour is None or gigabyte is None or not rates or max(rates) <= gigabyte:
        return None
    standing = EXACT.multiply(Decimal(MONTH_HOURS * zones), hour)
    return (standing / EXACT.subtract(max(rates), gigabyte)).quantize(_TENTH, ROUND_CEILING)


def _rate(situation: Situation, way: Path) -> Decimal | None:
    """USD a GB of a way as far as its prices are known; `None` where none of them is."""
    times = charges(situation.network, way)
    known = {usage: found[0].usd for usage in times if (found := situation.prices.tiers(usage.region, usage.item))}
    return total(EXACT.multiply(Decimal(times[usage]), usd) for usage, usd in known.items()) if known else None
