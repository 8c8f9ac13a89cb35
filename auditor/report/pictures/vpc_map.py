"""A VPC as a map: which subnet uses which route table, and where that leads, today and after the plan.

Both maps have everything at the same place, so that what differs is seen: what goes is dashed, what comes is bold.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from itertools import islice
from typing import TYPE_CHECKING, TypeAlias

from auditor.model.money import total
from auditor.report.pictures.drawing import Path, Picture, Rect, Shape, label
from auditor.report.pictures.letters import width
from auditor.report.pictures.territory import Edge, Spot, Territory, territory_of

if TYPE_CHECKING:
    from decimal import Decimal

    from auditor.model.audit import Audit
    from auditor.model.layout import VpcMap

_WIDTH = 400
_COLUMNS = ((0, 128), (150, 112), (284, 116))
"""Pixels from the left, and width, of subnets, of route tables and of what they lead to."""
_TOP, _BOX, _PITCH = 22, 32, 39
_SIZE, _SMALL, _PAD = 10.5, 9.5, 6
_HEADINGS = ("Subnets", "Route tables", "Leads to")

_NAMED = 8
"""How many of the things that differ are named to a reader who does not see the map."""

Places: TypeAlias = dict[str, tuple[int, float]]
"""Column and pixels from the top, by the ids of spots."""

MOST = 24
"""Maps that a report holds."""

LEGEND = (("box-gone", "goes"), ("box-new", "comes"))


@dataclass(frozen=True, slots=True)
class MapPair:
    """A VPC with its maps; one where the plan changes nothing that a map shows."""

    vpc: VpcMap
    before: Picture
    after: Picture | None


def map_pairs(audit: Audit) -> list[MapPair]:
    """The VPCs in which the plan saves most, then those that it changes, then all others with findings."""
    vpc_of = {finding.id: finding.vpc_id for finding in audit.findings}
    saved: dict[str | None, list[Decimal]] = defaultdict(list)
    for step in audit.plan:
        saved[vpc_of.get(step.finding_id)].append(step.saving)
    ranked = sorted(audit.vpcs, key=lambda vpc: (-total(saved[vpc.id]), vpc.before == vpc.after, vpc.name, vpc.id))
    return list(islice(filter(None, map(map_pair, ranked)), MOST))


def map_pair(vpc: VpcMap) -> MapPair | None:
    """`None` where the VPC has no subnet and nothing that costs: there is nothing to draw."""
    if not (vpc.before.subnets or vpc.before.nat_gateways or vpc.before.endpoints):
        return None
    before, after = territory_of(vpc, vpc.before), territory_of(vpc, vpc.after)
    if vpc.before == vpc.after:
        return MapPair(vpc, _picture(vpc, (before, before), "Today; the plan changes nothing here", "gone"), None)
    today = _picture(vpc, (before, after), "Today", "gone")
    return MapPair(vpc, today, _picture(vpc, (after, before), "After the plan", "new"))


def _picture(vpc: VpcMap, territories: tuple[Territory, Territory], title: str, change: str) -> Picture:
    """The first of the territories; `change` is what stands in it and not in the other one: gone or new."""
    mine, other = territories
    places = {spot.id: (column, _TOP + row * _PITCH) for column, rows in enumerate(mine.columns) for spot, row in rows}
    differs = mine.shown - other.shown
    shapes = (
        *_headings(),
        *_edges(mine, places, other.edges, change),
        *(
            shape
            for spot in sorted(mine.shown, key=lambda spot: places[spot.id])
            for shape in _box(vpc, spot, places[spot.id], change if spot in differs else "")
        ),
    )
    height = max((y for _, y in places.values()), default=0) + _PITCH
    return Picture("map", title, _says(mine, differs, change), _WIDTH, height, shapes)


def _headings() -> Iterator[Shape]:
    for (x, wide), words in zip(_COLUMNS, _HEADINGS, strict=True):
        yield label(x, 11, words, wide, paint="muted", size=_SIZE, bold=True)


def _says(mine: Territory, differs: Iterable[Spot], change: str) -> str:
    counts = [sum(spot in mine.shown for spot, _ in rows) for rows in mine.columns]
    changed = sorted(f"{spot.name} ({spot.detail})" for spot in differs)
    said = f"; {'goes' if change == 'gone' else 'comes'}: {', '.join(changed[:_NAMED])}" if changed else ""
    return f"Subnets: {counts[0]}, route tables: {counts[1]}, what they lead to: {counts[2]}{said}"


def _edges(mine: Territory, places: Places, others: frozenset[Edge], change: str) -> Iterator[Shape]:
    """What differs is drawn last, over all others."""
    for edge in sorted(mine.edges, key=lambda edge: (edge not in others, places[edge.source], places[edge.target])):
        (left, y0), (right, y1) = places[edge.source], places[edge.target]
        x0, x1 = _COLUMNS[left][0] + _COLUMNS[left][1], _COLUMNS[right][0]
        middle, y0, y1 = (x0 + x1) / 2, y0 + _BOX / 2, y1 + _BOX / 2
        paint = "route" if edge in others else f"route-{change}"
        yield Path(f"M{x0:g} {y0:g}C{middle:g} {y0:g} {middle:g} {y1:g} {x1:g} {y1:g}", paint)


def _box(vpc: VpcMap, spot: Spot, place: tuple[int, float], change: str) -> Iterator[Shape]:
    (x, wide), y = _COLUMNS[place[0]], place[1]
    yield Rect(x + 1, y, wide - 2, _BOX, f"box-{change}" if change else "box", spot.told, radius=4)
    room = wide - 2 * _PAD
    sign = {"gone": "− ", "new": "+ ", "": ""}[change]
    name = _short(sign + spot.name, vpc.name, room, is_bold=bool(change))
    lines = (
        label(x + _PAD, y + 13, name, room, size=_SIZE, bold=bool(change)),
        label(x + _PAD, y + 26, spot.detail, room, paint="muted", size=_SMALL),
    )
    yield from (replace(line, title="") for line in lines)  # the box says all of it


def _short(name: str, vpc_name: str, room: float, *, is_bold: bool) -> str:
    """A name that has no room, without the VPC's own name, which stands above the map."""
    if not vpc_name or width(name, _SIZE, bold=is_bold) <= room:
        return name
    return name.replace(f"{vpc_name}-", "…", 1)
