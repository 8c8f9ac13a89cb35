"""Bytes of a NAT gateway day by day, up and down; a day that nobody measured is a hole, not a zero."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from typing import TYPE_CHECKING

from auditor.model.money import gigabytes
from auditor.report.filters import day, gb
from auditor.report.pictures.axis import upright
from auditor.report.pictures.drawing import Label, Picture, Rect, Shape
from auditor.report.pictures.scale import Scale

if TYPE_CHECKING:
    from auditor.model.audit import Audit, NatGatewayCost
    from auditor.model.evidence import Series

_WIDTH, _HEIGHT = 340, 132
_LEFT, _TOP, _BOTTOM = 44, 8, 110
_GAP = 1.5
_DIRECTIONS = (("BytesInFromSource", "nat", "up"), ("BytesInFromDestination", "nat-soft", "down"))
"""The two metrics that count each byte once (VPC guide, NAT gateway metrics)."""

LEGEND = (("nat", "up, from clients"), ("nat-soft", "down, to clients"), ("open", "not measured"))
MOST = 12


def day_pictures(audit: Audit) -> list[tuple[NatGatewayCost, Picture]]:
    """The dearest NAT gateways that carried anything on a day of the window, with their pictures."""
    found: list[tuple[NatGatewayCost, Picture]] = []
    series = {(one.resource_id, one.metric): one for one in audit.series}
    for nat in audit.nat_gateways:
        counts = [_by_day(series.get((nat.id, metric))) for metric, _, _ in _DIRECTIONS]
        picture = _picture(_days(audit), counts)
        if picture is not None:
            found.append((nat, picture))
        if len(found) == MOST:
            break
    return found


def _by_day(series: Series | None) -> dict[date, int]:
    return dict(zip(series.days, series.values, strict=True)) if series else {}


def _days(audit: Audit) -> list[date]:
    first, last = audit.window.start.date(), (audit.window.end - timedelta(microseconds=1)).date()
    return [first + timedelta(days=number) for number in range((last - first).days + 1)]


def _picture(days: list[date], counts: list[dict[date, int]]) -> Picture | None:
    whole = {one: sum(known.get(one, 0) for known in counts) for one in days if any(one in known for known in counts)}
    highest = max(whole.values(), default=0)
    if highest == 0:
        return None
    up = Scale(float(gigabytes(highest)), _TOP - _BOTTOM, _BOTTOM)
    shapes = (*upright(up, _LEFT, _WIDTH), *_bars(days, counts, up), *_ends(days))
    at = max(whole, key=lambda one: whole[one])
    says = f"{gb(sum(whole.values()))} on {len(whole)} of {len(days)} days, most on {day(at)}: {gb(highest)}"
    return Picture("days", "Bytes day by day", says, _WIDTH, _HEIGHT, shapes)


def _bars(days: list[date], counts: list[dict[date, int]], up: Scale) -> Iterator[Shape]:
    step = (_WIDTH - _LEFT) / len(days)
    for number, one in enumerate(days):
        x, wide = _LEFT + number * step + _GAP / 2, max(step - _GAP, 0.8)
        known = [
            (by_day[one], paint, way)
            for by_day, (_, paint, way) in zip(counts, _DIRECTIONS, strict=True)
            if one in by_day
        ]
        if not known:
            yield Rect(x, _TOP, wide, _BOTTOM - _TOP, "open", f"{day(one)}: not measured")
        at = float(_BOTTOM)
        for count, paint, way in known:
            height = max(-up.size(gigabytes(count)), 0.6)
            at -= height
            yield Rect(x, at, wide, height, paint, f"{day(one)}, {way}: {gb(count)}")


def _ends(days: list[date]) -> Iterator[Shape]:
    yield Label(_LEFT, _HEIGHT - 6, day(days[0]), "muted", size=10.5)
    if len(days) > 1:
        yield Label(_WIDTH, _HEIGHT - 6, day(days[-1]), "muted", "end", size=10.5)
