"""How figures are shown: the only place where anything is rounded.

Halves are rounded away from zero, as on an invoice. `None` is shown as "unknown", never as 0, and what is not
zero never looks like zero.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal, localcontext
from typing import TYPE_CHECKING

from auditor.model.money import gigabytes

if TYPE_CHECKING:
    from collections.abc import Callable

    from auditor.model.evidence import Window

UNKNOWN = "unknown"
MINUS = "\N{MINUS SIGN}"
CENT = Decimal("0.01")
PERMILLE = Decimal("0.001")
WHOLE = Decimal(1)
WHOLE_GB_FROM = 100


def usd(amount: Decimal | None) -> str:
    """USD to the cent: `$1,234.57`, `−$3.20`; less than a cent is `< $0.01`."""
    if amount is None:
        return UNKNOWN
    size = amount.copy_abs()  # abs() would round to the context's 28 digits
    if 0 < size < CENT:
        return "< $0.01" if amount > 0 else f"> {MINUS}$0.01"
    sign = MINUS if amount < 0 else ""
    return f"{sign}${_rounded(size, CENT):,f}"


def price(amount: Decimal | None) -> str:
    """A price with all its digits, at least two after the point: `$0.052`, `$5.00`."""
    if amount is None:
        return UNKNOWN
    whole, _, fraction = f"{amount:,f}".partition(".")
    return f"${whole}.{fraction.rstrip('0').ljust(2, '0')}"


def quantity(count: Decimal | int | None) -> str:
    """A quantity to two places, none where it is whole: `730`, `4,152.89`."""
    if count is None:
        return UNKNOWN
    amount = Decimal(count)
    if 0 < amount < CENT:
        return "< 0.01"
    places = WHOLE if amount == _rounded(amount, WHOLE) else CENT
    return f"{_rounded(amount, places):,f}"


def gb(count: int | None) -> str:
    """Bytes as GB (2^30): `4,096 GB`, `12.50 GB`; two places below 100 GB."""
    if count is None:
        return UNKNOWN
    amount = gigabytes(count)
    if 0 < amount < CENT:
        return "< 0.01 GB"
    return f"{_rounded(amount, CENT if 0 < amount < WHOLE_GB_FROM else WHOLE):,f} GB"


def percent(share: Decimal | None) -> str:
    """A share of one as per cent to one place: `98.3%`."""
    return UNKNOWN if share is None else f"{_rounded(share, PERMILLE):,.1%}"


def day(when: date) -> str:
    """`2026-11-20`; a time of day is dropped, in UTC."""
    return (when.astimezone(UTC) if isinstance(when, datetime) else when).strftime("%Y-%m-%d")


def moment(when: datetime) -> str:
    """`2026-11-20 15:20 UTC`."""
    return when.astimezone(UTC).strftime("%Y-%m-%d %H:%M UTC")


def period(window: Window) -> str:
    """`2026-10-21 to 2026-11-19 (30 days)`: the last day is the last one observed."""
    last = window.end - timedelta(microseconds=1)
    days = max(1, (window.end - window.start).days)
    return f"{day(window.start)} to {day(last)} ({days} {'day' if days == 1 else 'days'})"


def cents(amount: Decimal) -> Decimal:
    """The amount to the cent."""
    return _rounded(amount, CENT)


def _rounded(amount: Decimal, places: Decimal) -> Decimal:
    with localcontext() as context:
        context.prec = 200  # more than any exact amount has, so that nothing but the places is cut
        return amount.quantize(places, ROUND_HALF_UP)


FILTERS: dict[str, Callable[..., str]] = {
    "usd": usd,
    "price": price,
    "quantity": quantity,
    "gb": gb,
    "percent": percent,
    "day": day,
    "moment": moment,
    "period": period,
}
