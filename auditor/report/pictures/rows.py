"""Bars that lie one under the other, each under its name and its amount: they fit a phone as they are."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal

from auditor.report.pictures.drawing import Path, Rect, Shape, label
from auditor.report.pictures.letters import width
from auditor.report.pictures.scale import Scale

WIDTH = 340
"""Pixels: a column of a desktop page, and all of a phone."""

PITCH, _BAR_TOP, _BAR_HEIGHT, _BASELINE = 38, 16, 14, 11
_SIZE, _BETWEEN = 11.5, 10


@dataclass(frozen=True, slots=True)
class Segment:
    """The part of a bar between two amounts."""

    start: Decimal
    end: Decimal
    paint: str
    title: str


@dataclass(frozen=True, slots=True)
class Row:
    """A bar with its name and, in words, its amount."""

    name: str
    amount: str
    segments: tuple[Segment, ...]
    bold: bool = False


def stacked(parts: Iterable[tuple[Decimal, str, str]]) -> Iterator[Segment]:
    """Segments one after the other from zero, of (amount, paint, title); what is nothing has none."""
    at = Decimal(0)
    for amount, paint, title in parts:
        if amount > 0:
            yield Segment(at, at + amount, paint, title)
            at += amount


def rows_drawn(rows: Sequence[Row]) -> tuple[tuple[Shape, ...], float]:
    """The rows on one scale, and their height."""
    top = max((segment.end for row in rows for segment in row.segments), default=Decimal(0))
    scale = Scale(float(top), WIDTH)
    shapes = (shape for number, row in enumerate(rows) for shape in _row(row, number * PITCH, scale))
    return tuple(shapes), len(rows) * PITCH - (PITCH - _BAR_TOP - _BAR_HEIGHT) + 2


def _row(row: Row, y: float, scale: Scale) -> Iterator[Shape]:
    taken = width(row.amount, _SIZE, bold=row.bold) + _BETWEEN
    yield label(0, y + _BASELINE, row.name, WIDTH - taken, size=_SIZE, bold=row.bold)
    yield label(WIDTH, y + _BASELINE, row.amount, WIDTH, size=_SIZE, bold=row.bold, anchor="end")
    middle = y + _BAR_TOP + _BAR_HEIGHT / 2
    yield Path(f"M0 {middle:g}H{WIDTH}", "grid")
    for one in row.segments:
        start, end = scale(max(one.start, Decimal(0))), scale(max(one.end, Decimal(0)))
        yield Rect(start, y + _BAR_TOP, max(end - start, 1), _BAR_HEIGHT, one.paint, one.title)
