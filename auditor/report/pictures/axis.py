"""The axis on the left of bars that stand: round amounts, each with a line across."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

from auditor.report.pictures.drawing import Label, Path, Shape
from auditor.report.pictures.scale import Scale

_TICKS = 3


def upright(up: Scale, left: float, right: float, sign: str = "") -> Iterator[Shape]:
    """From the pixel on the left to that on the right; the caption says the unit unless the sign does."""
    for tick in up.ticks(_TICKS):
        yield Path(f"M{left:g} {up(tick):g}H{right:g}", "grid" if tick else "axis")
        yield Label(left - 5, up(tick) + 4, sign + short(tick), "muted", "end", size=10.5)


def short(amount: float | Decimal) -> str:
    """An amount on an axis, which is round: `250`, `2.5k`."""
    number = float(amount)
    for factor, letter in ((1e6, "M"), (1e3, "k")):
        if number >= factor:
            return f"{number / factor:.4g}{letter}"
    return f"{number:.3g}" if number < 1e-3 or number >= 1 else f"{number:.3f}".rstrip("0").rstrip(".") or "0"  # noqa: PLR2004
