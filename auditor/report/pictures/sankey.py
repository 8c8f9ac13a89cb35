"""NAT bytes from clients over NAT gateways to services, as wide as they are dear, coloured by what could carry them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from operator import attrgetter
from typing import TYPE_CHECKING, TypeAlias

from auditor.model.money import total
from auditor.report.filters import usd
from auditor.report.pictures.drawing import Anchor, Label, Path, Picture, Rect, Shape, label
from auditor.report.pictures.letters import fitted, width
from auditor.report.pictures.scale import Scale
from auditor.report.pictures.streams import KINDS, UNKNOWN, Node, Stream, Streams, streams_of

if TYPE_CHECKING:
    from auditor.model.audit import Audit

_LIMITS = (14, 12, 14)
_WIDTH, _ROOM, _NODE = 760, 190, 11
_COLUMNS = (_ROOM + 8, (_WIDTH - _NODE) / 2, _WIDTH - _ROOM - 8 - _NODE)
"""Pixels from the left to the nodes of each column."""
_HIGH, _TOP = 380, 26
_SLOT, _GAP = 31, 7
_SIZE, _LINE = 11.5, 14
_MIDDLE, _BETWEEN = 128, 6
"""Pixels for the name of a node in the middle, and between it and its cost."""
_OVER = 16
"""Pixels above a node in the middle, for its name."""

LEGEND = (
    ("gateway", "a gateway endpoint could carry it, free"),
    ("interface", "an interface endpoint could carry it"),
    ("other", "NAT gateway only, or a service without a name"),
    ("open", "not attributed: no flow log tells"),
)
_WORDS = {
    "gateway": "for a gateway endpoint",
    "interface": "for an interface endpoint",
    "other": "NAT only",
    "open": "not attributed",
}
_ANCHORS: tuple[Anchor, Anchor, Anchor] = ("start", "middle", "end")

Sum: TypeAlias = tuple[Node, float, str]
"""A node with its USD a month, as a number and in words."""


@dataclass(frozen=True, slots=True)
class Placed:
    """A node with its place in a column and its height."""

    node: Node
    y: float
    height: float
    usd: str


def sankey_picture(audit: Audit) -> Picture | None:
    """`None` where no bytes with a price went through a NAT gateway."""
    streams = streams_of(audit, _LIMITS)
    if not streams.usd:
        return None
    scale = Scale(float(streams.usd), _HIGH)
    nats = _column(_sums(streams.out, "source"), scale, over=_OVER)
    clients = _column(_near(_sums(streams.into, "source"), streams.into, "source", nats), scale)
    services = _column(_near(_sums(streams.out, "target"), streams.out, "target", nats), scale)
    columns, height = _levelled((clients, nats, services))
    shapes = (
        *_ribbons(streams.into, columns[0], columns[1], scale, 0),
        *_ribbons(streams.out, columns[1], columns[2], scale, 1),
        *(shape for number, column in enumerate(columns) for shape in _nodes(column, number)),
        *_headings(),
    )
    return Picture(
        "sankey", "NAT data processed, by cost a month", _says(streams), _WIDTH, height, shapes, legend=LEGEND
    )


def _says(streams: Streams) -> str:
    parts = (f"{usd(streams.of_kind(kind))} {_WORDS[kind]}" for kind in KINDS if streams.of_kind(kind))
    return f"{usd(streams.usd)} a month: {', '.join(parts)}"


def _headings() -> Iterator[Shape]:
    places = ((_ROOM, "Subnet"), (_WIDTH / 2, "NAT gateway"), (_WIDTH - _ROOM, "Service"))
    for (x, words), anchor in zip(places, reversed(_ANCHORS), strict=True):
        yield label(x, 11, words, _ROOM, paint="muted", anchor=anchor, size=_SIZE, bold=True)


def _sums(streams: Iterable[Stream], end: str) -> list[Sum]:
    """The nodes at one end with their USD as a number and in words, the largest first."""
    amounts = defaultdict(list)
    for one in streams:
        amounts[attrgetter(end)(one)].append(one.usd)
    sums = {node: total(found) for node, found in amounts.items()}
    ranked = sorted(sums, key=lambda node: (-sums[node], node.id))
    return [(node, float(sums[node]), usd(sums[node])) for node in ranked]


def _near(rows: list[Sum], streams: Sequence[Stream], end: str, nats: Sequence[Placed]) -> list[Sum]:
    """In the order of the NAT gateways at the other end, so that few streams cross; what nobody knows comes last."""
    places = {one.node: one.y + one.height / 2 for one in nats}
    pull: dict[Node, float] = defaultdict(float)
    kinds: dict[Node, int] = {}
    for one in streams:
        node, nat = (one.source, one.target) if end == "source" else (one.target, one.source)
        pull[node] += float(one.usd) * places[nat]
        kinds[node] = KINDS.index(one.kind) if end == "target" else 0
    return sorted(rows, key=lambda row: (row[0].id == UNKNOWN, kinds[row[0]], pull[row[0]] / row[1], row[0].id))


def _column(rows: Iterable[Sum], scale: Scale, over: float = 0) -> list[Placed]:
    """Nodes one under the other, each with room for its label."""
    y, placed = float(_TOP), []
    for node, amount, words in rows:
        height = max(scale.size(amount), 1.0)
        slot = height + over if over else max(height, _SLOT)
        placed.append(Placed(node, y + (over or (slot - height) / 2), height, words))
        y += slot + _GAP
    return placed


def _levelled(columns: Sequence[list[Placed]]) -> tuple[list[list[Placed]], float]:
    """The columns with their middles on one level, and the height of all."""
    bottoms = [max(column[-1].y + column[-1].height, column[-1].y + _SLOT) for column in columns]
    height = max(bottoms)
    shifts = [(height - bottom) / 2 for bottom in bottoms]
    moved = [
        [Placed(one.node, one.y + shift, one.height, one.usd) for one in column]
        for column, shift in zip(columns, shifts, strict=True)
    ]
    return moved, height + 4


def _ribbons(
    streams: Sequence[Stream], sources: Sequence[Placed], targets: Sequence[Placed], scale: Scale, number: int
) -> Iterator[Shape]:
    """From the right of the one to the left of the other, stacked at both in the order of the far end."""
    left = {one.node: one.y for one in sources}
    right = {one.node: one.y for one in targets}
    ends = {**{("s", node): y for node, y in left.items()}, **{("t", node): y for node, y in right.items()}}
    starts, stops = _stacked(streams, scale, left, right)
    x0, x1 = _COLUMNS[number] + _NODE, _COLUMNS[number + 1]
    middle = (x0 + x1) / 2
    for one in sorted(streams, key=lambda one: (-KINDS.index(one.kind), ends["s", one.source])):
        high, y0, y1 = max(scale.size(one.usd), 0.6), starts[one], stops[one]
        d = (
            f"M{x0:g} {y0:.1f}C{middle:g} {y0:.1f} {middle:g} {y1:.1f} {x1:g} {y1:.1f}v{high:.2f}"
            f"C{middle:g} {y1 + high:.1f} {middle:g} {y0 + high:.1f} {x0:g} {y0 + high:.1f}Z"
        )
        yield Path(d, f"flow-{one.kind}", f"{one.source.name} → {one.target.name}: {usd(one.usd)}, {_WORDS[one.kind]}")


def _stacked(
    streams: Sequence[Stream], scale: Scale, left: dict[Node, float], right: dict[Node, float]
) -> tuple[dict[Stream, float], dict[Stream, float]]:
    """Where each stream leaves its source and meets its target."""
    starts, stops = {}, {}
    leaving, meeting = dict(left), dict(right)
    for one in sorted(streams, key=lambda one: (right[one.target], KINDS.index(one.kind))):
        starts[one] = leaving[one.source]
        leaving[one.source] += scale.size(one.usd)
    for one in sorted(streams, key=lambda one: (left[one.source], KINDS.index(one.kind))):
        stops[one] = meeting[one.target]
        meeting[one.target] += scale.size(one.usd)
    return starts, stops


def _nodes(column: Sequence[Placed], number: int) -> Iterator[Shape]:
    x = _COLUMNS[number]
    for one in column:
        told = " · ".join(part for part in (one.node.name, one.node.detail, one.usd) if part)
        yield Rect(x, one.y, _NODE, one.height, "ink", told)
        yield from _over(one) if number == 1 else _beside(one, number)


def _over(one: Placed) -> Iterator[Shape]:
    """Name and cost above the node, on a ground of their own: streams pass there."""
    name = fitted(one.node.name, _MIDDLE, _SIZE)
    wide = (width(name, _SIZE), width(one.usd, _SIZE))
    x, y = _WIDTH / 2 - (sum(wide) + _BETWEEN) / 2, one.y - 4
    cost = Label(x + wide[0] + _BETWEEN, y, one.usd, "muted", size=_SIZE)
    yield Rect(x - 3, cost.box.top, sum(wide) + _BETWEEN + 6, _OVER - 2, "ground", radius=3)
    yield label(x, y, one.node.name, _MIDDLE, size=_SIZE)
    yield cost


def _beside(one: Placed, number: int) -> Iterator[Shape]:
    x, anchor = (_ROOM, _ANCHORS[2]) if number == 0 else (_WIDTH - _ROOM, _ANCHORS[0])
    middle = one.y + one.height / 2
    yield label(x, middle - 3, one.node.name, _ROOM, size=_SIZE, anchor=anchor)
    start = f"{one.usd} · " if one.node.detail else one.usd
    second = start + fitted(one.node.detail, _ROOM - width(start, _SIZE), _SIZE)
    yield Label(x, middle - 3 + _LINE, second, "muted", anchor, _SIZE)
