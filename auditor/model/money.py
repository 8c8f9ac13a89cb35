"""Prices, lines and bills: every dollar is `quantity × price`, kept exactly.

Arithmetic runs in a decimal context that raises on any rounding, so a figure that is shown is exact until
the one template filter that rounds it. A price that is not known is `None` and makes the line's cost `None`.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from decimal import Clamped, Context, Decimal, DivisionByZero, Inexact, InvalidOperation, Overflow
from enum import StrEnum
from functools import cached_property, reduce

BYTES_PER_GB = 2**30
"""The price list's GB: its endpoint tiers break at 1,048,576 and 5,242,880 GB, which are 1 and 5 PiB."""

MONTH_HOURS = 730
"""AWS's own month: 8,760 hours / 12."""

EXACT = Context(prec=150, Emax=10**6, traps=[Inexact, InvalidOperation, DivisionByZero, Overflow, Clamped])
"""Bytes / 2^30 need 30 places after the point, prices 10; 150 digits hold any product and sum of them."""

ZERO = Decimal(0)

Key = tuple[str, str, str, Decimal | None, bool]
"""What makes two lines the same line: resource, label, unit, price, and whether the quantity is known."""


class Item(StrEnum):
    """What a price is for. Zonal and regional NAT gateways are priced apart though the rates are equal."""

    NAT_HOUR = "nat-gateway-hour"
    NAT_GB = "nat-gateway-gb"
    REGIONAL_NAT_HOUR = "regional-nat-gateway-az-hour"
    REGIONAL_NAT_GB = "regional-nat-gateway-gb"
    INTERFACE_ENDPOINT_HOUR = "interface-endpoint-az-hour"
    INTERFACE_ENDPOINT_GB = "interface-endpoint-gb"
    GATEWAY_LOAD_BALANCER_ENDPOINT_HOUR = "gateway-load-balancer-endpoint-az-hour"
    GATEWAY_LOAD_BALANCER_ENDPOINT_GB = "gateway-load-balancer-endpoint-gb"
    TRANSIT_GATEWAY_GB = "transit-gateway-gb"
    PUBLIC_IPV4_HOUR = "public-ipv4-hour"
    INTER_AZ_GB = "inter-az-gb"
    METRIC_REQUEST = "cloudwatch-metric-request"
    LOG_DELIVERY_GB = "log-delivery-gb"
    PARQUET_CONVERSION_GB = "parquet-conversion-gb"
    LOGS_INSIGHTS_GB = "logs-insights-gb"
    ATHENA_TB = "athena-tb"
    COST_EXPLORER_REQUEST = "cost-explorer-request"


@dataclass(frozen=True, slots=True)
class Price:
    """USD per `unit` for quantities above `from_quantity` (0 unless the item is tiered)."""

    region: str
    item: Item
    usd: Decimal
    unit: str
    source: str
    as_of: str
    from_quantity: Decimal = ZERO


@dataclass(frozen=True)
class Prices:
    """All prices of an audit; `tiers` of an item that has none is empty: unknown, never 0."""

    rows: tuple[Price, ...] = ()

    def tiers(self, region: str, item: Item) -> tuple[Price, ...]:
        """The item's prices in that region, lowest tier first."""
        return self._tiers.get((region, item), ())

    @cached_property
    def _tiers(self) -> dict[tuple[str, Item], tuple[Price, ...]]:
        found: dict[tuple[str, Item], tuple[Price, ...]] = {}
        for row in sorted(self.rows, key=lambda row: row.from_quantity):
            key = (row.region, row.item)
            found[key] = (*found.get(key, ()), row)
        return found


@dataclass(frozen=True, slots=True)
class Line:
    """One line of a bill: `usd = quantity × price` a month; `None` where the factor is unknown."""

    resource: str
    label: str
    quantity: Decimal | None
    unit: str
    price: Decimal | None
    usd: Decimal | None
    source: str | None
    as_of: str | None

    @classmethod
    def of(cls, resource: str, label: str, quantity: Decimal | None, price: Price) -> Line:
        """A line at a known price; the quantity may be unknown (no metrics)."""
        usd = None if quantity is None else EXACT.multiply(quantity, price.usd)
        return cls(resource, label, quantity, price.unit, price.usd, usd, price.source, price.as_of)

    @classmethod
    def unpriced(cls, resource: str, label: str, quantity: Decimal | None, unit: str) -> Line:
        """A line whose price nobody told us: its cost is unknown."""
        return cls(resource, label, quantity, unit, None, None, None, None)

    def with_quantity(self, quantity: Decimal) -> Line:
        """The same line for another quantity."""
        usd = None if self.price is None else EXACT.multiply(quantity, self.price)
        return replace(self, quantity=quantity, usd=usd)


@dataclass(frozen=True, slots=True)
class Bill:
    """The lines of a month."""

    lines: tuple[Line, ...] = ()

    @property
    def known_usd(self) -> Decimal:
        """The sum of the lines whose cost is known."""
        return total(line.usd for line in self.lines if line.usd is not None)

    @property
    def usd(self) -> Decimal | None:
        """The sum, or `None` if one line's cost is unknown."""
        return None if any(line.usd is None for line in self.lines) else self.known_usd

    def by_resource(self) -> dict[str, Bill]:
        """The lines of each resource that has any, in their order."""
        found: dict[str, list[Line]] = {}
        for line in self.lines:
            found.setdefault(line.resource, []).append(line)
        return {resource: Bill(tuple(lines)) for resource, lines in found.items()}


@dataclass(frozen=True, slots=True)
class Difference:
    """What a change takes off a bill and what it adds; lines that stay equal are in neither."""

    avoided: tuple[Line, ...] = ()
    added: tuple[Line, ...] = ()

    @property
    def usd(self) -> Decimal | None:
        """The saving, `before − after`.

        `None` if something is added whose cost is unknown. An unknown cost that is avoided is left out: the saving
        is then larger than this by it, and `unpriced` says so.
        """
        added = Bill(self.added).usd
        return None if added is None else subtract(Bill(self.avoided).known_usd, added)

    @property
    def unpriced(self) -> tuple[str, ...]:
        """Labels of the lines whose cost is unknown."""
        return tuple(sorted({line.label for line in (*self.avoided, *self.added) if line.usd is None}))


def gigabytes(count: int) -> Decimal:
    """Bytes as the price list's GB, exactly; the only place where bytes become GB."""
    return EXACT.divide(Decimal(count), Decimal(BYTES_PER_GB))


def total(amounts: Iterable[Decimal]) -> Decimal:
    """The exact sum."""
    return reduce(EXACT.add, amounts, ZERO)


def subtract(left: Decimal, right: Decimal) -> Decimal:
    """`left − right`, exactly."""
    return EXACT.subtract(left, right)


def difference(before: Bill, after: Bill) -> Difference:
    """Line by line what `after` no longer has and what it has more, compared by resource, label and price."""
    old, new = by_key(before), by_key(after)
    avoided: list[Line] = []
    added: list[Line] = []
    for key in dict.fromkeys((*old, *new)):
        change = _change(old.get(key), new.get(key))
        if change is not None:
            (avoided if change[0] else added).append(change[1])
    return Difference(tuple(avoided), tuple(added))


def by_key(bill: Bill) -> dict[Key, Line]:
    """The lines of a bill, those that are the same line as one."""
    merged: dict[Key, Line] = {}
    for line in bill.lines:
        key = (line.resource, line.label, line.unit, line.price, line.quantity is None)
        merged[key] = _merge(merged[key], line) if key in merged else line
    return merged


def _merge(one: Line, other: Line) -> Line:
    if one.quantity is None or other.quantity is None:
        return replace(one, quantity=None, usd=None)
    return one.with_quantity(EXACT.add(one.quantity, other.quantity))


def _change(old: Line | None, new: Line | None) -> tuple[bool, Line] | None:
    """(`True`, what is avoided) or (`False`, what is added) or `None` where nothing changes."""
    if old is None or new is None:
        return (True, old) if old else (False, new) if new else None
    if old.quantity is None or new.quantity is None or old.quantity == new.quantity:
        return None
    change = subtract(old.quantity, new.quantity)
    return (change > 0, old.with_quantity(change.copy_abs()))
