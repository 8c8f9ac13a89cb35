"""What a picture is made of: shapes in pixels, `y` downwards, each in a paint that has a name."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal, TypeAlias

from auditor.report.pictures.letters import fitted, width

Anchor: TypeAlias = Literal["start", "middle", "end"]

_SHARES = {"start": 0.0, "middle": 0.5, "end": 1.0}
"""How much of a text stands left of its place."""

_ASCENT, _DESCENT = 0.94, 0.24
"""Em above and below the line on which letters stand, of DejaVu Sans."""


@dataclass(frozen=True, slots=True)
class Box:
    """Left, top, right, bottom."""

    left: float
    top: float
    right: float
    bottom: float

    def meets(self, other: Box) -> bool:
        """Whether both cover a place."""
        across = self.left < other.right and other.left < self.right
        return across and self.top < other.bottom and other.top < self.bottom


@dataclass(frozen=True, slots=True)
class Rect:
    """A bar or a box; `title` is what a pointer that rests on it is told."""

    x: float
    y: float
    width: float
    height: float
    paint: str
    title: str = ""
    radius: float = 0


@dataclass(frozen=True, slots=True)
class Path:
    """Any line or area: `d` as SVG has it."""

    d: str
    paint: str
    title: str = ""


@dataclass(frozen=True, slots=True)
class Dot:
    """A mark around a place."""

    x: float
    y: float
    radius: float
    paint: str
    title: str = ""


@dataclass(frozen=True, slots=True)
class Label:
    """Text on a line; `x` is its start, middle or end."""

    x: float
    y: float
    text: str
    paint: str = "ink"
    anchor: Anchor = "start"
    size: float = 11
    bold: bool = False
    title: str = ""

    @property
    def box(self) -> Box:
        """The place that it takes at the most."""
        long = width(self.text, self.size, bold=self.bold)
        left = self.x - long * _SHARES[self.anchor]
        return Box(left, self.y - self.size * _ASCENT, left + long, self.y + self.size * _DESCENT)


Shape: TypeAlias = Rect | Path | Dot | Label


@dataclass(frozen=True, slots=True)
class Picture:
    """Shapes under a title. `says` tells a reader who does not see it what it shows, `notes` what it leaves out."""

    name: str
    title: str
    says: str
    width: float
    height: float
    shapes: tuple[Shape, ...]
    notes: tuple[str, ...] = ()
    legend: tuple[tuple[str, str], ...] = ()

    @property
    def labels(self) -> Iterator[Label]:
        """All texts in it."""
        return (shape for shape in self.shapes if isinstance(shape, Label))


def label(  # noqa: PLR0913 -- a label, and the room that it has
    x: float,
    y: float,
    text: str,
    room: float,
    *,
    paint: str = "ink",
    anchor: Anchor = "start",
    size: float = 11,
    bold: bool = False,
) -> Label:
    """A label that keeps to its room; one that had to be cut says all of it to a pointer."""
    shown = fitted(text, room, size, bold=bold)
    return Label(x, y, shown, paint, anchor, size, bold, "" if shown == text else text)
