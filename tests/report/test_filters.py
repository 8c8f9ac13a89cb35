"""How figures are shown: rounded once, halves away from zero, and never as a zero that is none."""

from __future__ import annotations

import sys
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal

import pytest

from auditor.model.evidence import Window
from auditor.report import filters
from auditor.report.text import REPLACEMENT, clean

GIB = 2**30


@pytest.mark.parametrize(
    ("amount", "shown"),
    [
        ("1234.567", "$1,234.57"),
        ("0.005", "< $0.01"),
        ("0.0000000001", "< $0.01"),
        ("0.01", "$0.01"),
        ("0.015", "$0.02"),
        ("0.025", "$0.03"),
        ("999.995", "$1,000.00"),
        ("0", "$0.00"),
        ("-3.2", "−$3.20"),
        ("-0.001", "> −$0.01"),
        ("-1234567.895", "−$1,234,567.90"),
        ("1E+6", "$1,000,000.00"),
        ("123456789012345678901234567890.125", "$123,456,789,012,345,678,901,234,567,890.13"),
    ],
)
def test_usd(amount: str, shown: str) -> None:
    assert filters.usd(Decimal(amount)) == shown


@pytest.mark.parametrize(
    ("amount", "shown"),
    [
        ("0.052", "$0.052"),
        ("0.0000002", "$0.0000002"),
        ("5", "$5.00"),
        ("0.5", "$0.50"),
        ("1E+3", "$1,000.00"),
        ("0.0450000000", "$0.045"),
    ],
)
def test_a_price_keeps_all_its_digits(amount: str, shown: str) -> None:
    assert filters.price(Decimal(amount)) == shown


@pytest.mark.parametrize(
    ("amount", "shown"),
    [
        ("730", "730"),
        ("730.000", "730"),
        ("4152.885", "4,152.89"),
        ("4152.9", "4,152.90"),
        ("0.004", "< 0.01"),
        ("0", "0"),
        ("1E+6", "1,000,000"),
    ],
)
def test_a_quantity_has_two_places_unless_it_is_whole(amount: str, shown: str) -> None:
    assert filters.quantity(Decimal(amount)) == shown


@pytest.mark.parametrize(
    ("count", "shown"),
    [
        (4096 * GIB, "4,096 GB"),
        (0, "0 GB"),
        (1, "< 0.01 GB"),
        (GIB + GIB // 2, "1.50 GB"),
        (100 * GIB + GIB // 2, "101 GB"),
        (5 * 2**50, "5,242,880 GB"),
    ],
)
def test_bytes_are_shown_as_the_price_lists_gb(count: int, shown: str) -> None:
    assert filters.gb(count) == shown


@pytest.mark.parametrize(
    ("share", "shown"), [("0.9832", "98.3%"), ("0", "0.0%"), ("1.0125", "101.3%"), ("1", "100.0%")]
)
def test_percent(share: str, shown: str) -> None:
    assert filters.percent(Decimal(share)) == shown


@pytest.mark.parametrize("show", [filters.usd, filters.price, filters.quantity, filters.gb, filters.percent])
def test_what_is_unknown_says_so(show: Callable[[None], str]) -> None:
    """Never `$0.00`, never `None`."""
    assert show(None) == "unknown"


def test_times_are_shown_in_utc() -> None:
    there = datetime(2026, 11, 20, 1, 30, tzinfo=timezone(timedelta(hours=2)))
    assert filters.moment(there) == "2026-11-19 23:30 UTC"
    assert filters.day(there) == "2026-11-19"
    assert filters.day(date(2026, 11, 20)) == "2026-11-20"


def test_a_window_names_its_last_day() -> None:
    """`end` is excluded, which nobody reads out of `to`."""
    start = datetime(2026, 10, 21, tzinfo=UTC)
    assert filters.period(Window(start, datetime(2026, 11, 20, tzinfo=UTC))) == "2026-10-21 to 2026-11-19 (30 days)"
    assert filters.period(Window(start, datetime(2026, 10, 22, tzinfo=UTC))) == "2026-10-21 to 2026-10-21 (1 day)"


def test_a_character_that_steers_is_replaced_alone_and_in_company() -> None:
    """Control characters but tab and newline, overrides of direction, surrogates, and two that are none."""
    everything = "".join(map(chr, range(sys.maxunicode + 1)))
    unsafe = [one for one, shown in zip(everything, clean(everything), strict=True) if one != shown]
    assert len(unsafe) == (0x20 - 2) + (0xA0 - 0x7F) + 5 + 4 + 2_048 + 2
    assert {clean(one) for one in unsafe} == {REPLACEMENT}
