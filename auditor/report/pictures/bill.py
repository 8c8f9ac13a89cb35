"""What a month costs today, where the plan makes it fall, and what is left; what is not measured stands apart."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from typing import TYPE_CHECKING

from auditor.model.money import ZERO, subtract, total
from auditor.model.parts import Part, by_part
from auditor.report.filters import MINUS, usd
from auditor.report.pictures.drawing import Picture
from auditor.report.pictures.rows import WIDTH, Row, Segment, rows_drawn, stacked

if TYPE_CHECKING:
    from auditor.model.audit import Audit
    from auditor.report.view import Figure, View

_PARTS = {
    Part.NAT_HOURS: ("NAT gateway hours", "nat-soft"),
    Part.NAT_BYTES: ("NAT data processed", "nat"),
    Part.NAT_ADDRESSES: ("Public IPv4 addresses", "nat-rest"),
    Part.INTER_AZ: ("Transfer between zones", "nat-rest"),
    Part.ENDPOINT_HOURS: ("Endpoint hours", "endpoint"),
    Part.ENDPOINT_BYTES: ("Endpoint data processed", "endpoint-soft"),
}
_SMALL = 33
"""What is a smaller part of today's bill than one in so many is drawn together with others."""


def bill_picture(view: View) -> Picture | None:
    """`None` where nothing that stands there is known to cost anything."""
    audit = view.audit
    standing = (*(nat.lines for nat in audit.nat_gateways), *(endpoint.lines for endpoint in audit.endpoints))
    today = by_part(line for lines in standing for line in lines)
    if not any(today.values()):
        return None
    changes = _changes(audit)
    rows = (_today(view, today), *(_after(view, changes) if audit.plan else ()))
    shapes, height = rows_drawn(rows)
    return Picture(
        name="bill",
        title="The bill before and after the plan" if audit.plan else "The bill",
        says=", ".join(f"{row.name} {row.amount}" for row in rows),
        width=WIDTH,
        height=height,
        shapes=shapes,
        legend=tuple(dict.fromkeys((_PARTS[part][1], _legend(part)) for part, usd in today.items() if usd)),
    )


def _legend(part: Part) -> str:
    return "Addresses, transfer" if part in {Part.NAT_ADDRESSES, Part.INTER_AZ} else _PARTS[part][0]


def _changes(audit: Audit) -> dict[Part, Decimal]:
    """What the steps' savings add up to by part of this bill, the largest fall first."""
    found: dict[Part, list[Decimal]] = {}
    for one in (one for step in audit.plan for one in step.parts if one.part in _PARTS):
        found.setdefault(one.part, []).append(one.usd)
    sums = {part: total(amounts) for part, amounts in found.items()}
    return {part: sums[part] for part in sorted(sums, key=lambda part: (-sums[part], part)) if sums[part]}


def _shown(changes: dict[Part, Decimal], most: Decimal) -> Iterator[tuple[str, Decimal]]:
    """The changes that can be seen beside `most`, then the sum of the others, falls apart from rises."""
    large = {part for part, usd in changes.items() if usd.copy_abs() * _SMALL >= most}
    yield from ((_PARTS[part][0], changes[part]) for part in changes if part in large)
    for is_fall in (True, False):
        rest = [part for part, usd in changes.items() if part not in large and (usd > 0) is is_fall]
        if rest:
            name = _PARTS[rest[0]][0] if len(rest) == 1 else f"{len(rest)} smaller parts"
            yield name, total(changes[part] for part in rest)


def _today(view: View, today: dict[Part, Decimal]) -> Row:
    parts = ((cost, _PARTS[part][1], f"{_PARTS[part][0]}: {usd(cost)}") for part, cost in today.items())
    at_least = view.nat_cost.at_least or view.endpoint_cost.at_least
    whole = total((view.audit.totals.nat_monthly_cost, view.audit.totals.endpoint_monthly_cost))
    return Row("Today", ("at least " if at_least else "") + usd(whole), tuple(stacked(parts)), bold=True)


def _after(view: View, changes: dict[Part, Decimal]) -> Iterator[Row]:
    totals = view.audit.totals
    at = total((totals.nat_monthly_cost, totals.endpoint_monthly_cost))
    for name, fall in _shown(changes, at):
        rest, said = subtract(at, fall), _signed(fall)
        paint = "saved" if fall > 0 else "spent"
        yield Row(name, said, (Segment(min(at, rest), max(at, rest), paint, f"{name}: {said} a month"),))
        at = rest
    yield Row("After the plan", _figure(view.after_plan), tuple(stacked([(at, "total", "After the plan")])), bold=True)
    more = totals.saving_unmeasured_high
    if more > ZERO:
        segment = Segment(subtract(at, more), at, "maybe", f"Not measured: up to {usd(more)} a month less")
        yield Row("Not measured", f"up to {MINUS}{usd(more)}", (segment,))


def _signed(fall: Decimal) -> str:
    """A fall as what it adds to the bill; what is less than a cent has its sign in its words."""
    amount = usd(fall.copy_negate())
    return f"+{amount}" if fall < 0 and amount.startswith("$") else amount


def _figure(figure: Figure) -> str:
    return ("at least " if figure.at_least else "") + usd(figure.usd)
