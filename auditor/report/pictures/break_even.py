"""What an interface endpoint costs by the GB that it carries, against a NAT gateway, and where it stands today."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from itertools import islice
from typing import TYPE_CHECKING

from auditor.model.money import ZERO, total
from auditor.model.resources import GATEWAY_SERVICES
from auditor.report.filters import quantity, usd
from auditor.report.pictures.axis import short, upright
from auditor.report.pictures.drawing import Dot, Label, Path, Picture, Shape, label
from auditor.report.pictures.scale import Scale

if TYPE_CHECKING:
    from auditor.model.audit import Audit, EndpointCost

_WIDTH, _HEIGHT = 340, 206
_LEFT, _TOP, _BOTTOM = 44, 48, 182
_SIZE = 11.5

LEGEND = (("line-endpoint", "the endpoint"), ("line-nat", "the way without it"), ("mark", "today"))
MOST = 12


@dataclass(frozen=True, slots=True)
class Costs:
    """USD a month that stand, USD a GB here and on the other way, and what is carried today at which cost."""

    standing: float
    gigabyte: float
    other: float
    carried: Decimal
    today: Decimal
    from_gb: Decimal | None
    is_free_elsewhere: bool


def break_even_pictures(audit: Audit) -> list[tuple[EndpointCost, Picture]]:
    """The dearest interface endpoints whose bytes and prices are known."""
    known = ((one, costs) for one in audit.endpoints if (costs := costs_of(one)))
    return [(one, _picture(costs)) for one, costs in islice(known, MOST)]


def costs_of(endpoint: EndpointCost) -> Costs | None:
    """What its lines say; `None` where one that it needs is missing or unknown."""
    hours = [line for line in endpoint.lines if line.unit.endswith("hour")]
    data = [line for line in endpoint.lines if line.unit == "GB"]
    price = data[0].price if data else None
    if endpoint.monthly_cost is None or endpoint.nat_gb_price is None or price is None or not hours:
        return None
    is_free = endpoint.service in GATEWAY_SERVICES
    return Costs(
        standing=float(total(line.usd or ZERO for line in hours)),
        gigabyte=float(price),
        other=0 if is_free else float(endpoint.nat_gb_price),
        carried=total(line.quantity or ZERO for line in data),
        today=endpoint.monthly_cost,
        from_gb=None if is_free else endpoint.break_even_gb,
        is_free_elsewhere=is_free,
    )


def verdict(costs: Costs) -> str:
    """When it pays, and whether it does."""
    if costs.is_free_elsewhere:
        return "A gateway endpoint carries the same for nothing."
    if costs.from_gb is None:
        return "A NAT gateway that is there costs less by the GB."
    pays = "it does" if costs.carried >= costs.from_gb else "it does not"
    return f"Pays from {quantity(costs.from_gb)} GB a month: {pays}."


def _picture(costs: Costs) -> Picture:
    today = f"Today {quantity(costs.carried)} GB: {usd(costs.today)} a month"
    top_gb = max(float(costs.carried) * 1.2, float(costs.from_gb or 0) * 1.7, 1.0)
    top_usd = max(costs.standing + costs.gigabyte * top_gb, costs.other * top_gb, float(costs.today))
    across, up = Scale(top_gb, _WIDTH - _LEFT - 8, _LEFT), Scale(top_usd * 1.03, _TOP - _BOTTOM, _BOTTOM)
    shapes = (
        label(0, 12, today, _WIDTH, size=_SIZE, bold=True),
        label(0, 30, verdict(costs), _WIDTH, size=_SIZE),
        *_axes(across, up),
        *_lines(costs, across, up),
    )
    return Picture("break-even", "Cost by the GB a month", f"{today}. {verdict(costs)}", _WIDTH, _HEIGHT, shapes)


def _axes(across: Scale, up: Scale) -> Iterator[Shape]:
    yield from upright(up, _LEFT, _WIDTH, "$")
    for tick in across.ticks(4):
        yield Path(f"M{across(tick):g} {_BOTTOM}v4", "axis")
        last = across(tick) > _WIDTH - 30
        yield Label(
            _WIDTH if last else across(tick),
            _BOTTOM + 16,
            short(tick),
            "muted",
            "end" if last else "middle",
            size=10.5,
        )


def _lines(costs: Costs, across: Scale, up: Scale) -> Iterator[Shape]:
    if costs.from_gb is not None:
        yield Path(f"M{across(costs.from_gb):g} {_TOP}V{_BOTTOM}", "maybe", f"Break-even: {quantity(costs.from_gb)} GB")
    for paint, start, price in (("line-nat", 0.0, costs.other), ("line-endpoint", costs.standing, costs.gigabyte)):
        end = start + price * across.top
        yield Path(f"M{across(0):g} {up(start):g}L{across(across.top):g} {up(end):g}", paint)
    yield Dot(across(costs.carried), up(costs.today), 5, "mark", f"{quantity(costs.carried)} GB: {usd(costs.today)}")
