"""Bytes day by day: what was measured is to be seen, and what was not leaves a hole."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal

from auditor.model.evidence import Series, Window
from auditor.report.charts import daily, share
from tests.report.example import audit_with

WEEK = Window(datetime(2026, 11, 1, tzinfo=UTC), datetime(2026, 11, 8, tzinfo=UTC))


def days(*numbers: int) -> tuple[date, ...]:
    return tuple(date(2026, 11, number) for number in numbers)


def test_both_directions_add_up_and_a_day_without_a_datapoint_has_no_bar() -> None:
    series = (
        Series("nat-1", "BytesInFromSource", days(1, 2, 7), (100, 0, 50)),
        Series("nat-1", "BytesInFromDestination", days(1, 2), (140, 0)),
        Series("nat-1", "BytesOutToSource", days(1), (140,)),
        Series("nat-2", "BytesInFromSource", days(3), (1_000,)),
    )
    chart = daily(audit_with(window=WEEK, series=series)).get("nat-1")
    assert chart is not None
    assert chart.width == 28  # seven days of four pixels
    shown = [(bar.day.day, bar.x, bar.bytes, bar.height) for bar in chart.bars]
    # 240 bytes are 24 pixels; 50 are 5; a measured day without bytes is still a pixel high.
    assert shown == [(1, 0, 240, 24), (2, 4, 0, 1), (7, 24, 50, 5)]


def test_days_outside_the_window_are_left_out() -> None:
    series = (Series("nat-1", "BytesInFromSource", days(8, 9), (1, 1)),)
    assert daily(audit_with(window=WEEK, series=series)).get("nat-1") is None


def test_a_gateway_without_a_datapoint_has_no_chart() -> None:
    assert daily(audit_with(window=WEEK, series=())).get("nat-1") is None


def test_a_share_of_nothing_is_nothing() -> None:
    assert share(1, 4) == Decimal("0.25")
    assert share(0, 0) == 0
