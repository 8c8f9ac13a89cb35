"""Charts as shapes; the templates draw them as SVG inside the page."""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from auditor.model.audit import Audit
    from auditor.model.evidence import Series
    from auditor.model.history import Point

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


RUN_STEP, RUN_WIDTH = 8, 6
"""Pixels: from one run to the next, and of its bar."""

RUNS = 26
"""Half a year of weekly runs."""

FIGURES = (
    ("nat_monthly_cost", "NAT gateways"),
    ("endpoint_monthly_cost", "VPC endpoints"),
    ("saving_open", "Still to save"),
    ("saving_realised", "Saved so far"),
)


@dataclass(frozen=True, slots=True)
class RunBar:
    """A run with one of its figures, USD a month; a lower bound unless it is complete."""

    x: int
    height: int
    at: datetime
    usd: Decimal
    is_complete: bool


@dataclass(frozen=True, slots=True)
class TrendRow:
    """A figure run by run, with what it was first and last; `None` where that is not known."""

    name: str
    bars: tuple[RunBar, ...]
    first: Decimal | None
    last: Decimal | None


@dataclass(frozen=True, slots=True)
class Trend:
    """The rows of the chart, which are of one width."""

    width: int
    rows: tuple[TrendRow, ...]


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


def trend(audit: Audit) -> Trend | None:
    """The main figures run by run, all to one scale; `None` before there are two runs."""
    points = audit.since_last.trend[-RUNS:] if audit.since_last else ()
    if len(points) < 2:  # noqa: PLR2004 -- one run is no trend
        return None
    rows = [(name, [(point, getattr(point, field)) for point in points]) for field, name in FIGURES]
    top = max((amount for _, row in rows for _, amount in row if amount is not None), default=Decimal(0))
    return Trend(len(points) * RUN_STEP, tuple(_trend_row(name, row, top) for name, row in rows))


def _trend_row(name: str, row: list[tuple[Point, Decimal | None]], top: Decimal) -> TrendRow:
    """What is not known has no bar; what is known has one of a pixel at the least."""
    bars = tuple(
        RunBar(n * RUN_STEP, _usd_height(amount, top), point.at, amount, point.is_complete)
        for n, (point, amount) in enumerate(row)
        if amount is not None
    )
    return TrendRow(name, bars, row[0][1], row[-1][1])


def _usd_height(amount: Decimal, top: Decimal) -> int:
    return max(1, int(HEIGHT * amount / top)) if top > 0 else 1


def share(part: int, whole: int) -> Decimal:
    """`part` of `whole` as a share of one; of nothing, nothing."""
    return Decimal(part) / Decimal(whole) if whole else Decimal(0)


def _height(count: int, top: int) -> int:
    """Whole pixels, one at the least: a day that was measured can be seen, though nothing flowed."""
    return HEIGHT * count // top or 1
