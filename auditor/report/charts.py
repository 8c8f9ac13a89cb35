"""Charts as shapes; the templates draw them as SVG inside the page."""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from auditor.model.audit import Audit
    from auditor.model.evidence import Series

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

    @property
    def shape(self) -> str:
        """All bars as the one path of an SVG: a tenth of the elements, of which a large page has many thousands."""
        return "".join(f"M{bar.x} {HEIGHT}v-{bar.height}h{WIDTH}v{bar.height}z" for bar in self.bars)


@dataclass(frozen=True, slots=True)
class Daily:
    """Bytes of both directions for each day of a window, by NAT gateway."""

    first: date
    last: date
    series: dict[str, list[Series]]

    def get(self, id_of: str) -> Bars | None:
        """Those of one; `None` where no day was measured."""
        days: Counter[date] = Counter()
        for series in self.series.get(id_of, ()):
            days.update(dict(zip(series.days, series.values, strict=True)))
        return _bars(days, self.first, self.last)


def daily(audit: Audit) -> Daily:
    """The days of an audit's window; bars are made when they are asked for, since paper shows a few only."""
    found: defaultdict[str, list[Series]] = defaultdict(list)
    for series in audit.series:
        if series.metric in METRICS:
            found[series.resource_id].append(series)
    return Daily(audit.window.start.date(), (audit.window.end - timedelta(microseconds=1)).date(), found)


def _bars(days: Counter[date], first: date, last: date) -> Bars | None:
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
    return HEIGHT * count // top or 1
