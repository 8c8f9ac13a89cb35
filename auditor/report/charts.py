"""Charts as shapes; the templates draw them as SVG inside the page."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from auditor.model.audit import Audit

STEP, WIDTH, HEIGHT = 4, 3, 24
"""Pixels: from one day to the next, of a day's bar, of the highest bar."""

METRICS = frozenset({"BytesInFromSource", "BytesInFromDestination"})
"""The two that count each byte through a NAT gateway once (VPC guide, NAT gateway metrics)."""


@dataclass(frozen=True, slots=True)
class Bar:
    """A day with its bytes; a day without a datapoint has no bar."""

    x: int
    height: int
    day: date
    bytes: int


@dataclass(frozen=True, slots=True)
class Bars:
    """A NAT gateway's bytes day by day."""

    width: int
    bars: tuple[Bar, ...]


def daily(audit: Audit, nat_id: str) -> Bars | None:
    """Bytes of both directions for each day of the window, or `None` where no day was measured."""
    days: Counter[date] = Counter()
    for series in audit.series:
        if series.resource_id == nat_id and series.metric in METRICS:
            days.update(dict(zip(series.days, series.values, strict=True)))
    first, last = audit.window.start.date(), (audit.window.end - timedelta(microseconds=1)).date()
    seen = {day: count for day, count in days.items() if first <= day <= last}
    if not seen:
        return None
    top = max(*seen.values(), 1)
    bars = tuple(Bar((day - first).days * STEP, _height(seen[day], top), day, seen[day]) for day in sorted(seen))
    return Bars(((last - first).days + 1) * STEP, bars)


def share(part: int, whole: int) -> Decimal:
    """`part` of `whole` as a share of one; of nothing, nothing."""
    return Decimal(part) / Decimal(whole) if whole else Decimal(0)


def _height(count: int, top: int) -> int:
    """Whole pixels, one at the least: a day that was measured can be seen, though nothing flowed."""
    return max(1, HEIGHT * count // top)
