"""Two bills side by side, in the shape in which `auditor what-if --format json` prints it."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from auditor.model.traffic import Level


@dataclass(frozen=True, slots=True)
class Amount:
    """`usd` is the quantity times the line's price; `None` where one of them is unknown."""

    quantity: Decimal | None
    usd: Decimal | None


@dataclass(frozen=True, slots=True)
class ChangedLine:
    """One line of the two bills: `None` where a bill does not have it. `difference` is after less before."""

    region: str
    resource: str
    label: str
    unit: str
    price: Decimal | None
    before: Amount | None
    after: Amount | None
    difference: Decimal | None


@dataclass(frozen=True, slots=True)
class Sums:
    """USD a month of all that is known of the two bills, and how many lines are missing from each.

    `saving` is `before − after`; `None` where something is added whose cost is unknown.
    """

    before: Decimal
    after: Decimal
    saving: Decimal | None
    unknown_before: int
    unknown_after: int


@dataclass(frozen=True, slots=True)
class Comparison:
    """Two bills a reading of the traffic. `expected` is `None` where nothing tells where the bytes go that move.

    `lines` are those of `expected`, or of `high` where that is not known.
    """

    changes: tuple[str, ...]
    regions: tuple[str, ...]
    evidence: Level
    lines: tuple[ChangedLine, ...]
    low: Sums
    expected: Sums | None
    high: Sums
    cuts_off: bool
    unpriced: tuple[str, ...]
    warnings: tuple[str, ...]

    @property
    def shown(self) -> Sums:
        """The sums to which the lines belong."""
        return self.expected or self.high
