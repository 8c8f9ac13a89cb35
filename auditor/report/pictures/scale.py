"""From amounts to pixels, and round numbers for an axis. Floats are good enough here: nothing is shown from them."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal

_STEPS = (1, 2, 2.5, 5, 10)


@dataclass(frozen=True, slots=True)
class Scale:
    """`top` amounts are `length` pixels from `start`."""

    top: float
    length: float
    start: float = 0

    def __call__(self, amount: Decimal | float) -> float:
        """The pixel at which the amount is; of a scale without a top, its start."""
        return self.start + (self.length * float(amount) / self.top if self.top > 0 else 0)

    def size(self, amount: Decimal | float) -> float:
        """How many pixels the amount takes."""
        return self(amount) - self.start

    def ticks(self, most: int) -> Iterator[float]:
        """Round amounts from zero up, no more than `most` above it."""
        if self.top <= 0:
            return
        step = _step(self.top / most)
        yield from (step * number for number in range(math.floor(self.top / step + 1e-9) + 1))


def _step(least: float) -> float:
    power = 10.0 ** math.floor(math.log10(least))
    return next(power * step for step in _STEPS if power * step >= least * (1 - 1e-9))
