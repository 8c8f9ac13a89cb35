"""The main figures run by run: what NAT gateways and endpoints cost, and what is saved and still to be saved."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from decimal import Decimal
from typing import TYPE_CHECKING, NamedTuple

from auditor.model.money import ZERO, total
from auditor.report.filters import day, usd
from auditor.report.pictures.axis import upright
from auditor.report.pictures.drawing import Label, Path, Picture, Rect, Shape
from auditor.report.pictures.scale import Scale

if TYPE_CHECKING:
    from auditor.model.audit import Audit
    from auditor.model.history import Point

_WIDTH, _HEIGHT = 340, 132
_LEFT, _TOP, _BOTTOM = 44, 12, 110
_GAP, _WIDEST = 2, 28
_OVER = 4
"""Pixels from a bar to the mark that says "at least"."""

RUNS = 26
"""Half a year of weekly runs."""

_COSTS = (("nat_monthly_cost", "NAT gateways", "nat"), ("endpoint_monthly_cost", "VPC endpoints", "endpoint"))
_SAVINGS = (("saving_realised", "Saved so far", "saved"), ("saving_open", "Still to save", "to-save"))


class _Run(NamedTuple):
    """A run with its place from the left, pixels."""

    point: Point
    x: float
    width: float


def trend_pictures(audit: Audit) -> tuple[Picture, ...]:
    """Costs, then savings; none before there are two runs."""
    points = audit.since_last.trend[-RUNS:] if audit.since_last else ()
    if len(points) < 2:  # noqa: PLR2004 -- one run is no trend
        return ()
    costs = _picture("Cost a month, run by run", _COSTS, points, has_bounds=True)
    return costs, _picture("Saving a month, run by run", _SAVINGS, points, has_bounds=False)


def _picture(
    title: str, parts: Sequence[tuple[str, str, str]], points: Sequence[Point], *, has_bounds: bool
) -> Picture:
    heights = [total(_known(getattr(point, field)) for field, _, _ in parts) for point in points]
    up = Scale(float(max(*heights, Decimal(1))), _TOP - _BOTTOM, _BOTTOM)
    bounds = [one for one in _runs(points) if has_bounds and not one.point.is_complete]
    shapes = (
        *upright(up, _LEFT, _WIDTH, "$"),
        *(shape for one in _runs(points) for shape in _bar(one, parts, up, is_bound=one in bounds)),
        *_ends(points),
    )
    legend = tuple((paint, words) for _, words, paint in parts)
    mark = (("maybe", "at least: not all could be read"),) if bounds else ()
    said = tuple(_said(words, [getattr(point, field) for point in points]) for field, words, _ in parts)
    says = f"{len(points)} runs. {'; '.join(said)}"
    return Picture("trend", title, says, _WIDTH, _HEIGHT, shapes, notes=(f"{'; '.join(said)}.",), legend=legend + mark)


def _runs(points: Sequence[Point]) -> Iterator[_Run]:
    step = (_WIDTH - _LEFT) / len(points)
    wide = min(step - _GAP, _WIDEST)
    for number, point in enumerate(points):
        yield _Run(point, _LEFT + number * step + (step - wide) / 2, wide)


def _bar(run: _Run, parts: Sequence[tuple[str, str, str]], up: Scale, *, is_bound: bool) -> Iterator[Shape]:
    """What is not known, or less than nothing, has no height; what is nothing can still be seen."""
    at = float(_BOTTOM)
    for field, words, paint in parts:
        amount = getattr(run.point, field)
        if amount is None:
            continue
        height = max(-up.size(_known(amount)), 0.6)
        at -= height
        least = "at least " if is_bound else ""
        yield Rect(run.x, at, run.width, height, paint, f"{day(run.point.at)}, {words}: {least}{usd(amount)}")
    if is_bound:
        yield Path(f"M{run.x:g} {at - _OVER:g}h{run.width:g}", "maybe")


def _known(amount: Decimal | None) -> Decimal:
    return max(amount or ZERO, ZERO)


def _said(words: str, amounts: Sequence[Decimal | None]) -> str:
    first, last = amounts[0], amounts[-1]
    if first == last:
        return f"{words} {usd(last)}" if last is not None else f"{words}: not known yet"
    return f"{words} {usd(first)} → {usd(last)}" if last is not None else f"{words} {usd(first)}, then not known yet"


def _ends(points: Sequence[Point]) -> Iterator[Shape]:
    yield Label(_LEFT, _HEIGHT - 6, day(points[0].at), "muted", size=10.5)
    yield Label(_WIDTH, _HEIGHT - 6, day(points[-1].at), "muted", "end", size=10.5)
